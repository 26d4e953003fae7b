/**
 * All that answers over connections, on one thread with an event loop: TCP, TLS and HTTPS listeners over one image, one
 * set of limits and one count of who is connected. `stream-worker-entry` runs it on a thread of its own; where there is
 * none, the main thread does.
 */

import { once } from "node:events";
import { createServer, isIPv6, type Server, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import {
  type Answer,
  type CounterWriter,
  countAnsweredElsewhere,
  type OpenImage,
  TRANSPORT,
} from "../answer/answer.ts";
import type { ClientAddress } from "../answer/client-address.ts";
import { isInNetworks } from "../answer/client-network.ts";
import type { ClientNetwork } from "../answer/settings.ts";
import { AcceptedConnection, type Reception } from "./accepted-connection.ts";
import { type Answering, createTimedAnswering } from "./answering.ts";
import { type Connection, Connections, TIME_CHECK_EVERY_MS } from "./connections.ts";
import { createFaultReporter, formatListener, type ServerFault } from "./handle.ts";
import { HttpsConnection } from "./https-connection.ts";
import { createStreamSlot, LENGTH_OCTETS, MessageConnection } from "./message-connection.ts";
import type { StreamCounts, StreamTransport } from "./stream-counts.ts";
import { LISTEN_BACKLOG, type LimitName, type StreamLimits } from "./stream-limits.ts";
import { TlsAcceptor } from "./tls-acceptor.ts";
import type { TlsIdentity } from "./tls-identity.ts";
import { type TransferHandler, type TransferMessages, tellFirst } from "./transfer-handler.ts";

/** What clients may ask to speak over TLS (RFC 7858 §3.1 by its registered name, RFC 9113 §3.2). */
const PROTOCOLS: Readonly<Record<"tls" | "https", readonly string[]>> = {
  tls: ["dot"],
  https: ["h2", "http/1.1"],
};

/** Plain data, cloned to the thread. */
export interface StreamSettings {
  readonly limits: StreamLimits;
  /** Where DNS over HTTPS is found: `/dns-query`. */
  readonly httpsPath: string;
  /** Load balancers whose PROXY headers are believed, and asked for. */
  readonly proxyNetworks: readonly ClientNetwork[];
}

export interface StreamServiceParts {
  readonly answer: Answer;
  /** Asked for every query. */
  readonly currentImage: () => OpenImage;
  readonly counters: CounterWriter;
  /** How long a connection may be idle, at this moment. */
  readonly idleMs: () => number;
  readonly counts: StreamCounts;
  readonly settings: StreamSettings;
  /** Needed where TLS or HTTPS is listened for. */
  readonly identity: TlsIdentity | undefined;
  readonly transfers?: TransferHandler | undefined;
  readonly onFault: (fault: ServerFault) => void;
}

/** What a listener is made of: an address, or a socket that listens already and is the service's from then on. */
export type ListenAt = { readonly address: string; readonly port: number } | { readonly fd: number };

export interface Listener {
  readonly address: string;
  readonly port: number;
  /** Takes no new connections; resolves when the last of its own has closed. */
  close(): Promise<void>;
}

type Report = ReturnType<typeof createFaultReporter>;

export class StreamService {
  readonly #parts: StreamServiceParts;
  readonly #connections: Connections;
  readonly #slot = createStreamSlot();
  readonly #servers = new Set<Server>();
  readonly #clock: NodeJS.Timeout;
  readonly #acceptors = new Set<TlsAcceptor>();
  #identity: TlsIdentity | undefined;

  constructor(parts: StreamServiceParts) {
    this.#parts = parts;
    parts.counts.forgetOpen();
    this.#connections = new Connections(parts.settings.limits, parts.counts);
    this.#identity = parts.identity;
    this.#clock = setInterval(() => this.#connections.closeExpired(performance.now()), TIME_CHECK_EVERY_MS);
    this.#clock.unref();
  }

  /** Connections that come from now on are shown this one. */
  renew(identity: TlsIdentity): void {
    this.#identity = identity;
    for (const acceptor of this.#acceptors) acceptor.renew(identity);
  }

  /** Rejects with the system's error where the address cannot be bound. */
  async listen(transport: StreamTransport, at: ListenAt): Promise<Listener> {
    // Half-open: a client that has said all it wants is still answered (RFC 7766 §6.2.4).
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    if ("fd" in at) server.listen({ fd: at.fd, backlog: LISTEN_BACKLOG });
    else {
      const ipv6Only = isIPv6(at.address);
      server.listen({ host: at.address, port: at.port, ipv6Only, backlog: LISTEN_BACKLOG });
    }
    await once(server, "listening");
    this.#servers.add(server);
    const bound = server.address();
    if (bound === null || typeof bound === "string") throw new Error("A listening TCP server has no address");
    const report = createFaultReporter(
      formatListener(transport, bound.address, bound.port),
      this.#parts.onFault,
    );
    server.on("error", (error) => report("socket", error));
    const reception = this.#createReception(transport, report);
    server.on("connection", (socket) => this.#accept(socket, transport, reception));
    const { address, port } = bound;
    return { address, port, close: () => this.#close(server) };
  }

  /** Takes no new connections, answers what has arrived, and is gone after `deadlineMs` at the latest. */
  async stop(deadlineMs: number): Promise<void> {
    const closed = [...this.#servers].map((server) => this.#close(server));
    // What has arrived already is read in the turns of the event loop that follow.
    await setImmediate();
    await setImmediate();
    this.#connections.finishAll();
    const deadline = setTimeout(() => this.#connections.destroyAll(), deadlineMs);
    await Promise.all(closed);
    // Sockets say that they are closed after their server has.
    while (this.#connections.size > 0) await setImmediate();
    clearTimeout(deadline);
    clearInterval(this.#clock);
  }

  async #close(server: Server): Promise<void> {
    if (!this.#servers.delete(server)) return;
    const closed = once(server, "close");
    server.close();
    await closed;
  }

  #accept(socket: Socket, transport: StreamTransport, reception: Reception): void {
    const peer = socket.remoteAddress;
    if (peer === undefined || socket.remotePort === 0) {
      socket.destroy();
      return;
    }
    const connection = new AcceptedConnection(socket, transport, performance.now(), reception);
    this.#connections.enter(connection);
    socket.once("close", () => this.#connections.leave(connection));
    connection.receive(peer);
  }

  #createReception(transport: StreamTransport, report: Report): Reception {
    const { settings, counts } = this.#parts;
    const answering = createTimedAnswering(this.#parts, TRANSPORT[transport], report);
    return {
      handshakeMs: settings.limits.handshakeMs,
      isTrustedProxy: (peer) => isInNetworks(settings.proxyNetworks, peer),
      tls: transport === "tcp" ? undefined : this.#createAcceptor(transport),
      identify: (connection, client) => this.#connections.identify(connection, networkKey(client)),
      countFault: (fault) => counts.countFault(transport, fault),
      serveMessages: (connection, socket) => this.#serveMessages(connection, socket, answering, report),
      serveHttps: (connection, socket) =>
        new HttpsConnection(socket, performance.now(), {
          ...this.#usesOf(connection),
          path: settings.httpsPath,
          answer: (query) => this.#answerOne(query, answering, connection.client),
          countStatus: (status) => counts.countStatus(status),
          countFault: () => counts.countFault(transport, "http"),
        }),
    };
  }

  #createAcceptor(transport: "tls" | "https"): TlsAcceptor {
    if (this.#identity === undefined) throw new Error("TLS is listened for without a certificate");
    const failed = (): void => this.#parts.counts.countFault(transport, "handshake");
    const acceptor = new TlsAcceptor(this.#identity, PROTOCOLS[transport], failed);
    this.#acceptors.add(acceptor);
    return acceptor;
  }

  #serveMessages(
    connection: AcceptedConnection,
    socket: Socket,
    answering: Answering,
    report: Report,
  ): MessageConnection {
    const { counts } = this.#parts;
    const { client, transport } = connection;
    return new MessageConnection(socket, performance.now(), {
      ...this.#usesOf(connection),
      slot: this.#slot,
      answer: (length) => answering(this.#slot, LENGTH_OCTETS, length, client),
      transfer: (query) => this.#transfer(query, connection),
      countFault: () => counts.countFault(transport, "message"),
      report: (error) => report("answer", error),
    });
  }

  #transfer(query: Uint8Array, { client, transport }: AcceptedConnection): TransferMessages | undefined {
    const { transfers, counters, currentImage } = this.#parts;
    const messages = transfers?.({ query, client: client.octets.slice(0, client.length) });
    if (messages === undefined) return undefined;
    return tellFirst(messages, (first) => {
      countAnsweredElsewhere(query, first, TRANSPORT[transport], counters, currentImage());
    });
  }

  /** What every kind of connection is told and tells. */
  #usesOf(connection: Connection) {
    const { settings, counts, idleMs } = this.#parts;
    return {
      limits: settings.limits,
      idleMs,
      used: () => this.#connections.moveToEnd(connection),
      countLimit: (limit: LimitName) => counts.countLimit(connection.transport, limit),
    };
  }

  #answerOne(query: Uint8Array, answering: Answering, client: ClientAddress): Buffer | undefined {
    this.#slot.set(query, LENGTH_OCTETS);
    const answered = answering(this.#slot, LENGTH_OCTETS, query.length, client);
    if (answered === 0) return undefined;
    return Buffer.from(this.#slot.subarray(LENGTH_OCTETS, LENGTH_OCTETS + answered));
  }
}

/** Whose connections count together: an IPv4 address, or an IPv6 /64. */
function networkKey({ octets, length }: ClientAddress): string {
  return octets.subarray(0, length === 4 ? 4 : 8).join(".");
}
