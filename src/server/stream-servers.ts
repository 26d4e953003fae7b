/**
 * All that answers over connections, as the daemon sees it, wherever it runs; where that is, is decided once, at the start:
 *
 * - `thread`: on a thread with an event loop of its own (`stream-thread`), so that a main thread that stalls stops no
 *   connection. Its sockets have to be opened outside of any event loop, so this takes Linux and koffi, as workers do;
 * - `main`: on the main thread, anywhere else.
 */

import type { ServerFault } from "./handle.ts";
import { loadLibc } from "./libc.ts";
import type { StreamTransport } from "./stream-counts.ts";
import { StreamService, type StreamServiceParts } from "./stream-service.ts";
import { type StreamProgram, startStreamThread } from "./stream-thread.ts";
import type { TlsIdentity } from "./tls-identity.ts";

export type StreamPlace = "thread" | "main";

/** One address that was bound. */
export interface StreamBinding {
  readonly port: number;
  /** Gives it back; only before `start`. */
  close(): Promise<void>;
}

export interface StreamServers {
  readonly place: StreamPlace;
  /** Why the place that was to be preferred is not used. */
  readonly unavailable: string | undefined;
  /** Port 0 for any free one. Rejects with the system's error. Queries may wait, or be answered, from now on. */
  bind(transport: StreamTransport, address: string, port: number): Promise<StreamBinding>;
  /** Resolves once every address that was bound is answered on. */
  start(): Promise<void>;
  /** The image has changed: no query that comes after this is answered from an earlier one. */
  publish(): void;
  /** How many publications it has yet to take. */
  behind(): number;
  /** Connections over TLS that come from now on are shown this one. */
  renew(identity: TlsIdentity): void;
  /** How often its thread has died and been replaced. */
  restarts(): number;
  /** Answers what has arrived, and is gone after `deadlineMs` at the latest. */
  stop(deadlineMs: number): Promise<void>;
}

export interface StreamServersOptions<Published> {
  readonly program: StreamProgram<Published>;
  /** What answers on the main thread; its counts and settings are a thread's as well. */
  readonly main: StreamServiceParts;
  readonly onFault: (fault: ServerFault) => void;
  /** The first of these that is to be had is taken; both, in this order, where nothing is said. */
  readonly places?: readonly StreamPlace[];
}

const ALL: readonly StreamPlace[] = ["thread", "main"];

/** Rejects where no place that was asked for is to be had. */
export async function createStreamServers<Published>(
  options: StreamServersOptions<Published>,
): Promise<StreamServers> {
  const places = options.places ?? ALL;
  let unavailable: string | undefined;
  if (places.includes("thread")) {
    const thread = await tryThread(options);
    if (typeof thread !== "string") return thread;
    unavailable = thread;
  }
  if (!places.includes("main")) throw new Error(unavailable ?? "no place was asked for");
  return new MainStreams(options.main, unavailable);
}

/** The servers, or why there are none. */
async function tryThread<Published>({
  program,
  main,
  onFault,
}: StreamServersOptions<Published>): Promise<StreamServers | string> {
  const loaded = await loadLibc();
  if (!loaded.ok) return loaded.reason;
  const { counts, settings, identity, transfers } = main;
  try {
    return await startStreamThread({
      libc: loaded.libc,
      program,
      counts,
      settings,
      identity,
      transfers,
      onFault,
    });
  } catch (error) {
    return `the thread cannot start: ${error instanceof Error ? error.message : String(error)}`;
  }
}

class MainStreams implements StreamServers {
  readonly place = "main";
  readonly unavailable: string | undefined;
  readonly #service: StreamService;

  constructor(parts: StreamServiceParts, unavailable: string | undefined) {
    this.#service = new StreamService(parts);
    this.unavailable = unavailable;
  }

  async bind(transport: StreamTransport, address: string, port: number): Promise<StreamBinding> {
    const bound = await this.#service.listen(transport, { address, port });
    return { port: bound.port, close: () => bound.close() };
  }

  async start(): Promise<void> {
    // Node's servers accept from the moment they are bound.
  }

  publish(): void {
    // The image is asked for with every query.
  }

  behind(): number {
    return 0;
  }

  renew(identity: TlsIdentity): void {
    this.#service.renew(identity);
  }

  restarts(): number {
    return 0;
  }

  stop(deadlineMs: number): Promise<void> {
    return this.#service.stop(deadlineMs);
  }
}
