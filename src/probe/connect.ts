/**
 * The first half of every probe over TCP: a connection to the target, and with TLS a handshake whose certificate has
 * been judged before one octet of the request is sent. An address is connected to as it is; only host names are
 * resolved, by the system.
 *
 * Certificates are verified here and not by `rejectUnauthorized`, which tells neither the date nor the names; and every
 * handshake is a full one, because a resumed session shows no certificate.
 */

import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Monitor } from "../health/monitor.ts";
import { fails, type ProbeTarget } from "./probe.ts";
import { codeOf, reasonOfAbort, reasonOfCertificate, reasonOfError } from "./reasons.ts";
import { tlsContext } from "./tls-context.ts";

export type Connection =
  | { readonly ok: true; readonly socket: Socket }
  | { readonly ok: false; readonly reason: string };

/** The socket is the caller's to destroy. It has an error listener already, so that no late error is uncaught. */
export async function connectPlain(target: ProbeTarget, signal: AbortSignal): Promise<Connection> {
  if (signal.aborted) {
    return fails(reasonOfAbort("connect", signal, target.monitor.timeoutMs));
  }
  const socket = connectTcp({ host: target.host, port: target.port, noDelay: true });
  return await settled(socket, "connect", "connect", target, signal);
}

export async function connectSecure(target: ProbeTarget, signal: AbortSignal): Promise<Connection> {
  const { monitor } = target;
  const context = await tlsContext(monitor.caFile);
  if (!context.ok) {
    return context;
  }
  const plain = await connectPlain(target, signal);
  if (!plain.ok) {
    return plain;
  }
  const name = monitor.host;
  const socket = connectTls({
    socket: plain.socket,
    secureContext: context.secureContext,
    // SNI carries names only (RFC 6066 §3).
    servername: name !== undefined && isIP(name) === 0 ? name : "",
    rejectUnauthorized: false,
    // Judged below, against `host`.
    checkServerIdentity: () => undefined,
  });
  const connection = await settled(socket, "secureConnect", "TLS handshake", target, signal);
  const reason = connection.ok && monitor.verify ? certificateFault(socket, monitor) : undefined;
  if (reason === undefined) {
    return connection;
  }
  socket.destroy();
  return fails(reason);
}

function certificateFault(socket: TLSSocket, monitor: Monitor): string | undefined {
  // An error's code where the chain does not verify, `null` where it does; its type says Error.
  const verdict: unknown = socket.authorizationError;
  const verifyCode = typeof verdict === "string" ? verdict : codeOf(verdict);
  return reasonOfCertificate(socket.getPeerCertificate(), verifyCode, monitor.host ?? "", Date.now());
}

/** Waits for the event that says it is connected, and destroys the socket where it is not. */
function settled(
  socket: Socket,
  event: "connect" | "secureConnect",
  what: string,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<Connection> {
  return new Promise((resolve) => {
    const settle = (connection: Connection): void => {
      signal.removeEventListener("abort", aborted);
      socket.removeListener("close", closed);
      if (!connection.ok) {
        socket.destroy();
      }
      resolve(connection);
    };
    const aborted = (): void => settle(fails(reasonOfAbort(what, signal, target.monitor.timeoutMs)));
    const closed = (): void => settle(fails(`connection closed within the ${what}`));
    signal.addEventListener("abort", aborted, { once: true });
    socket.once(event, () => settle({ ok: true, socket }));
    socket.once("close", closed);
    socket.on("error", (error) => settle(fails(reasonOfConnectError(error, event))));
  });
}

function reasonOfConnectError(error: unknown, event: "connect" | "secureConnect"): string {
  const code = codeOf(error);
  return event === "secureConnect" && code === "ECONNRESET"
    ? "connection closed within the TLS handshake"
    : reasonOfError(error);
}
