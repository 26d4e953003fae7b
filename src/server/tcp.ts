/**
 * Queries over TCP (RFC 1035 §4.2.2, RFC 7766): messages behind two octets of length, any number on a connection,
 * answered in the order in which they come, as soon as each is whole.
 *
 * This file owns the listener: who may connect, who has to leave, and the end of all. `server/tcp-connection` is one
 * client. Slow and silent clients never shut out new ones: at a limit the connection that has been idle the longest
 * yields (RFC 7766 §6.2.3).
 */

import { once } from "node:events";
import { createServer, isIPv6, type Server, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { TRANSPORT } from "../answer/answer.ts";
import { createClientAddress, setClientAddress } from "../answer/client-address.ts";
import { createTimedAnswering } from "./answering.ts";
import { createFaultReporter, formatListener, type ServerHandle, type ServerOptions } from "./handle.ts";
import { createTcpSlot, TcpConnection } from "./tcp-connection.ts";

/** Of one listener. */
export const MAX_CONNECTIONS = 1_000;
/** Of one client address. */
export const MAX_CONNECTIONS_PER_CLIENT = 100;
/** How often time limits are looked at, so that a connection needs no timer of its own. */
export const TIME_CHECK_EVERY_MS = 500;
const LISTEN_BACKLOG = 1_024;

/** Rejects with the system's error where the address cannot be bound. */
export async function startTcp(options: ServerOptions): Promise<ServerHandle> {
  // Half-open: a client that has said all it wants is still answered (RFC 7766 §6.2.4).
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  server.listen({
    host: options.address,
    port: options.port,
    ipv6Only: isIPv6(options.address),
    backlog: LISTEN_BACKLOG,
  });
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("A listening TCP server has no address");
  const { address, port } = bound;
  const report = createFaultReporter(formatListener("tcp", address, port), options.onFault);
  server.on("error", (error) => report("socket", error));
  const connections = new Connections();
  acceptConnections(server, connections, options, report);
  const clock = setInterval(() => connections.closeExpired(performance.now()), TIME_CHECK_EVERY_MS);
  clock.unref();
  return {
    address,
    port,
    stop: async (deadlineMs) => {
      await stopServer(server, connections, deadlineMs);
      clearInterval(clock);
    },
  };
}

function acceptConnections(
  server: Server,
  connections: Connections,
  options: ServerOptions,
  report: ReturnType<typeof createFaultReporter>,
): void {
  const answering = createTimedAnswering(options, TRANSPORT.tcp, report);
  const client = createClientAddress();
  const slot = createTcpSlot();
  server.on("connection", (socket: Socket) => {
    const clientText = socket.remoteAddress;
    if (clientText === undefined || socket.remotePort === 0) {
      socket.destroy();
      return;
    }
    const connection = new TcpConnection(socket, clientText, performance.now(), {
      slot,
      answer: (length) => {
        connections.moveToEnd(connection);
        if (setClientAddress(client, clientText)) return answering(slot, 2, length, client);
        options.counters.countDrop("client-address");
        return 0;
      },
    });
    connections.add(connection);
    socket.once("close", () => connections.remove(connection));
  });
}

/** Those that are open, the one that has been idle the longest first. */
class Connections {
  readonly #open = new Set<TcpConnection>();
  readonly #countByClient = new Map<string, number>();

  [Symbol.iterator](): IterableIterator<TcpConnection> {
    return this.#open.values();
  }

  /** Lets one in; where that exceeds a limit, another one has to leave. */
  add(connection: TcpConnection): void {
    const { client } = connection;
    if (this.#countOf(client) >= MAX_CONNECTIONS_PER_CLIENT) {
      this.#closeLongestIdle((other) => other.client === client);
    } else if (this.#open.size >= MAX_CONNECTIONS) {
      this.#closeLongestIdle(() => true);
    }
    this.#open.add(connection);
    this.#countByClient.set(client, this.#countOf(client) + 1);
  }

  remove(connection: TcpConnection): void {
    if (!this.#open.delete(connection)) return;
    const left = this.#countOf(connection.client) - 1;
    if (left > 0) this.#countByClient.set(connection.client, left);
    else this.#countByClient.delete(connection.client);
  }

  /** Has just been of use. */
  moveToEnd(connection: TcpConnection): void {
    if (this.#open.delete(connection)) this.#open.add(connection);
  }

  closeExpired(nowMs: number): void {
    for (const connection of this.#open) if (connection.isExpired(nowMs)) connection.destroy();
  }

  #countOf(client: string): number {
    return this.#countByClient.get(client) ?? 0;
  }

  #closeLongestIdle(mayLeave: (connection: TcpConnection) => boolean): void {
    for (const connection of this.#open) {
      if (!mayLeave(connection)) continue;
      this.remove(connection);
      connection.destroy();
      return;
    }
  }
}

async function stopServer(server: Server, connections: Connections, deadlineMs: number): Promise<void> {
  const closed = once(server, "close");
  server.close();
  // What has arrived already is read in the turns of the event loop that follow.
  await setImmediate();
  await setImmediate();
  for (const connection of connections) connection.finish();
  const deadline = setTimeout(() => {
    for (const connection of connections) connection.destroy();
  }, deadlineMs);
  await closed;
  clearTimeout(deadline);
}
