/**
 * The TLS of one listener: shakes hands with clients whose connections are open already, because somebody had to read
 * what a load balancer says of them first. What is left to Node's own server is everything but accepting.
 */

import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { contextOptions, type TlsIdentity } from "./tls-identity.ts";

/** Who has shaken hands. */
type Secured = (socket: TLSSocket) => void;

export class TlsAcceptor {
  readonly #server: Server;
  /** Those that are shaking hands, by `keyOf`. */
  readonly #waiting = new Map<string, Secured>();

  /** `protocols` are what a client may ask for; one that asks for nothing speaks the first. */
  constructor(identity: TlsIdentity, protocols: readonly string[], handshakeFailed: () => void) {
    this.#server = createServer({ ...contextOptions(identity), ALPNProtocols: [...protocols] });
    this.#server.on("tlsClientError", (error) => {
      // Who vanishes, or had to leave, has done nothing wrong.
      if (!("code" in error && error.code === "ECONNRESET")) handshakeFailed();
    });
    this.#server.on("secureConnection", (socket) => {
      const key = keyOf(socket);
      const secured = this.#waiting.get(key);
      this.#waiting.delete(key);
      if (secured === undefined) socket.destroy();
      else secured(socket);
    });
  }

  /** Handshakes that begin from now on are made with this one. */
  renew(identity: TlsIdentity): void {
    this.#server.setSecureContext(contextOptions(identity));
  }

  /** Calls back once hands are shaken; where they are not, the socket closes. */
  accept(socket: Socket, secured: Secured): void {
    const key = keyOf(socket);
    this.#waiting.set(key, secured);
    socket.once("close", () => {
      if (this.#waiting.get(key) === secured) this.#waiting.delete(key);
    });
    this.#server.emit("connection", socket);
  }
}

/** No two open connections have both ends in common; a socket and the one that secures it have. */
function keyOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
