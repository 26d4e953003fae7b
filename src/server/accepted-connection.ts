/**
 * A connection from the moment it is accepted to the moment it is served:
 *
 * ```
 *  accepted ──→ from a trusted load balancer? ──no──────────────→ client known ──→ TCP: served
 *                     └──yes──→ PROXY header ──whole and sound──→       └──→ TLS: handshake ──→ served, by its kind
 * ```
 *
 * All of that has to be done within one time limit. What comes after it is `message-connection`'s and
 * `https-connection`'s.
 */

import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { type ClientAddress, createClientAddress, setClientAddress } from "../answer/client-address.ts";
import type { Connection } from "./connections.ts";
import {
  MAX_PROXY_HEADER_OCTETS,
  PROXY_FAULT,
  PROXY_HEAD_OCTETS,
  PROXY_INCOMPLETE,
  readProxyHeader,
} from "./proxy-header.ts";
import type { ConnectionFault, StreamTransport } from "./stream-counts.ts";
import type { LimitName } from "./stream-limits.ts";
import type { TlsAcceptor } from "./tls-acceptor.ts";

/** What a connection is, once it is served. */
export type Served = Pick<Connection, "expired" | "finish">;

/** What an accepted connection asks of its server. */
export interface Reception {
  readonly handshakeMs: number;
  /** Whether this peer has to say whom it speaks for. */
  readonly isTrustedProxy: (peer: ClientAddress) => boolean;
  /** `undefined` where the listener speaks in the clear. */
  readonly tls: TlsAcceptor | undefined;
  /** The client is known; called once. */
  readonly identify: (connection: Connection, client: ClientAddress) => void;
  /** What comes over TCP, and over TLS what `dot` is. */
  readonly serveMessages: (connection: AcceptedConnection, socket: Socket) => Served;
  readonly serveHttps: (connection: AcceptedConnection, socket: TLSSocket) => Served;
  readonly countFault: (fault: ConnectionFault) => void;
}

export class AcceptedConnection implements Connection {
  readonly transport: StreamTransport;
  /** Who asks; behind a load balancer that is trusted, whom that one speaks for. */
  readonly client = createClientAddress();
  readonly #socket: Socket;
  readonly #reception: Reception;
  readonly #acceptedMs: number;
  #secured: TLSSocket | undefined;
  #served: Served | undefined;

  constructor(socket: Socket, transport: StreamTransport, nowMs: number, reception: Reception) {
    this.transport = transport;
    this.#socket = socket;
    this.#acceptedMs = nowMs;
    this.#reception = reception;
    socket.on("error", () => this.destroy());
  }

  /** Takes it from here. `peer` is the other end's address as text. */
  receive(peer: string): void {
    if (!setClientAddress(this.client, peer)) return this.destroy();
    if (this.#reception.isTrustedProxy(this.client)) this.#readProxyHeader();
    else this.#clientKnown();
  }

  expired(nowMs: number): LimitName | undefined {
    if (this.#served !== undefined) return this.#served.expired(nowMs);
    return nowMs - this.#acceptedMs > this.#reception.handshakeMs ? "handshake-timeout" : undefined;
  }

  finish(): void {
    if (this.#served === undefined) this.destroy();
    else this.#served.finish();
  }

  destroy(): void {
    this.#secured?.destroy();
    this.#socket.destroy();
  }

  #readProxyHeader(): void {
    const socket = this.#socket;
    const header = Buffer.alloc(MAX_PROXY_HEADER_OCTETS);
    let have = 0;
    let wanted = PROXY_HEAD_OCTETS;
    const read = (): void => {
      // No octet beyond the header is taken: it belongs to what comes next.
      for (;;) {
        const chunk: unknown = socket.read(Math.min(wanted - have, Math.max(1, socket.readableLength)));
        if (!(chunk instanceof Buffer)) return;
        have += chunk.copy(header, have);
        const length = readProxyHeader(header, 0, have, "stream", this.client);
        if (length === PROXY_FAULT) return this.#fail("proxy-header");
        if (length !== PROXY_INCOMPLETE) {
          socket.off("readable", read);
          socket.off("end", ended);
          return this.#clientKnown();
        }
        if (have === PROXY_HEAD_OCTETS) wanted += header.readUInt16BE(PROXY_HEAD_OCTETS - 2);
      }
    };
    const ended = (): void => this.#fail("proxy-header");
    socket.on("readable", read);
    socket.on("end", ended);
  }

  #clientKnown(): void {
    const reception = this.#reception;
    reception.identify(this, this.client);
    if (this.#socket.destroyed) return;
    const { tls, serveMessages, serveHttps } = reception;
    if (tls === undefined) {
      this.#served = serveMessages(this, this.#socket);
      return;
    }
    tls.accept(this.#socket, (secured) => {
      this.#secured = secured;
      this.#served = this.transport === "https" ? serveHttps(this, secured) : serveMessages(this, secured);
    });
  }

  #fail(fault: ConnectionFault): void {
    if (!this.#socket.destroyed) this.#reception.countFault(fault);
    this.destroy();
  }
}
