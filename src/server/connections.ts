/**
 * Every connection that is open, over all listeners: who may come in, who has to leave for that, and who has taken too
 * long. Slow and silent clients never shut out new ones: at a limit the connection that has been idle the longest yields
 * (RFC 7766 §6.2.3).
 */

import type { StreamCounts, StreamTransport } from "./stream-counts.ts";
import type { LimitName, StreamLimits } from "./stream-limits.ts";

/** How often time limits are looked at, so that a connection needs no timer of its own. */
export const TIME_CHECK_EVERY_MS = 500;

/** One of them, from the moment it is accepted. */
export interface Connection {
  readonly transport: StreamTransport;
  /** The time limit that it has gone beyond; `undefined`: none. */
  expired(nowMs: number): LimitName | undefined;
  /** Closes it at once, whatever it was at. */
  destroy(): void;
  /** No more queries: what has arrived is answered, then it closes. */
  finish(): void;
}

export class Connections {
  readonly #limits: StreamLimits;
  readonly #counts: StreamCounts;
  /** The one that has been idle the longest first; each with its client, once that is known. */
  readonly #open = new Map<Connection, string | undefined>();
  readonly #countByClient = new Map<string, number>();

  constructor(limits: StreamLimits, counts: StreamCounts) {
    this.#limits = limits;
    this.#counts = counts;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Lets one in; where there are too many, another one has to leave. */
  enter(connection: Connection): void {
    if (this.#open.size >= this.#limits.connections) {
      this.#counts.countLimit(connection.transport, "connections");
      this.#closeLongestIdle(() => true);
    }
    this.#open.set(connection, undefined);
    this.#counts.opened(connection.transport);
  }

  /** Says whose it is; where that client has too many, the one of its own that has been idle the longest has to leave. */
  identify(connection: Connection, client: string): void {
    if (!this.#open.has(connection)) return;
    if (this.#countOf(client) >= this.#limits.connectionsPerClient) {
      this.#counts.countLimit(connection.transport, "connections-per-client");
      this.#closeLongestIdle((other) => other === client);
    }
    this.#open.set(connection, client);
    this.#countByClient.set(client, this.#countOf(client) + 1);
  }

  /** Has closed. Twice is harmless. */
  leave(connection: Connection): void {
    if (!this.#open.has(connection)) return;
    const client = this.#open.get(connection);
    this.#open.delete(connection);
    this.#counts.closed(connection.transport);
    if (client === undefined) return;
    const left = this.#countOf(client) - 1;
    if (left > 0) this.#countByClient.set(client, left);
    else this.#countByClient.delete(client);
  }

  /** Has just been of use. */
  moveToEnd(connection: Connection): void {
    if (!this.#open.has(connection)) return;
    const client = this.#open.get(connection);
    this.#open.delete(connection);
    this.#open.set(connection, client);
  }

  closeExpired(nowMs: number): void {
    for (const connection of this.#open.keys()) {
      const limit = connection.expired(nowMs);
      if (limit === undefined) continue;
      this.#counts.countLimit(connection.transport, limit);
      connection.destroy();
    }
  }

  finishAll(): void {
    for (const connection of this.#open.keys()) connection.finish();
  }

  destroyAll(): void {
    for (const connection of this.#open.keys()) connection.destroy();
  }

  #countOf(client: string): number {
    return this.#countByClient.get(client) ?? 0;
  }

  #closeLongestIdle(mayLeave: (client: string | undefined) => boolean): void {
    for (const [connection, client] of this.#open) {
      if (!mayLeave(client)) continue;
      this.leave(connection);
      connection.destroy();
      return;
    }
  }
}
