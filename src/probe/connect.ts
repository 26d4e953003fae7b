/**
 * The first half of every probe over TCP: a connection to the target, and with TLS a handshake whose certificate has
 * been judged before one octet of the request is sent. An address is connected to as it is; only host names are
 * resolved, by the system. `probeOver` goes through both halves.
 *
 * A certificate that has expired fails the probe. One that is about to, by the monitor's `cert-expiry`, is told beside
 * whatever else the probe finds, and changes nothing in it.
 *
 * Certificates are verified here and not by `rejectUnauthorized`, which tells neither the date nor the names; and every
 * handshake is a full one, because a resumed session shows no certificate.
 */

import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Monitor } from "../health/monitor.ts";
import type { CertificateSeen, Verdict } from "../health/verdict.ts";
import { leaveCertificateWhole, peerCertificate } from "./peer-certificate.ts";
import { fails, type Outcome, type ProbeTarget, verdictOf } from "./probe.ts";
import { codeOf, isoDay, reasonOfAbort, reasonOfCertificate, reasonOfError } from "./reasons.ts";
import { tlsContext } from "./tls-context.ts";

export type Connection<S extends Socket = Socket> =
  | {
      readonly ok: true;
      readonly socket: S;
      readonly certificate?: CertificateSeen | undefined;
      /** What is wrong on this side, and fails nothing. */
      readonly warning?: string | undefined;
    }
  | { readonly ok: false; readonly reason: string; readonly certificate?: CertificateSeen | undefined };

/** Connects, holds the conversation that the kind consists of, and lets the connection go. */
export async function probeOver<S extends Socket>(
  connection: Promise<Connection<S>>,
  converse: (socket: S) => Promise<Outcome> | Outcome,
): Promise<Verdict> {
  const startedMs = performance.now();
  const connected = await connection;
  if (!connected.ok) {
    return verdictOf(connected, startedMs);
  }
  const { socket, certificate, warning } = connected;
  try {
    return verdictOf(withWarnings(await converse(socket), certificate, warning), startedMs);
  } finally {
    socket.destroy();
  }
}

function withWarnings(
  { ok, reason }: Outcome,
  certificate: CertificateSeen | undefined,
  warning: string | undefined,
): Outcome {
  const expiry =
    certificate?.expiresSoon === true ? `; TLS certificate expires ${isoDay(certificate.expiresAtMs)}` : "";
  return { ok, reason: reason + expiry + (warning === undefined ? "" : `; ${warning}`), certificate };
}

/** The socket is the caller's to destroy. It has an error listener already, so that no late error is uncaught. */
export async function connectPlain(target: ProbeTarget, signal: AbortSignal): Promise<Connection> {
  if (signal.aborted) {
    return fails(reasonOfAbort("connect", signal, target.monitor.timeoutMs));
  }
  const socket = connectTcp({ host: target.host, port: target.port, noDelay: true });
  return await settled(socket, "connect", "connect", target, signal);
}

/** `protocols` is what is offered by ALPN (RFC 7301), and then one of them must be agreed on. */
export async function connectSecure(
  target: ProbeTarget,
  signal: AbortSignal,
  protocols: readonly string[] = [],
): Promise<Connection<TLSSocket>> {
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
    ALPNProtocols: [...protocols],
    rejectUnauthorized: false,
    // Judged below, against `host`.
    checkServerIdentity: () => undefined,
  });
  leaveCertificateWhole(socket);
  const connection = await settled(socket, "secureConnect", "TLS handshake", target, signal);
  if (!connection.ok) {
    return connection;
  }
  const judgement = judgeCertificate(socket, monitor, Date.now());
  const agreed = protocols.length === 0 || socket.alpnProtocol !== false;
  const fault = judgement.fault ?? (agreed ? undefined : `does not speak ${protocols.join(" or ")} over TLS`);
  if (fault === undefined) {
    return { ok: true, socket, certificate: judgement.certificate, warning: context.warning };
  }
  socket.destroy();
  return { ok: false, reason: fault, certificate: judgement.certificate };
}

interface CertificateJudgement {
  readonly fault: string | undefined;
  readonly certificate: CertificateSeen | undefined;
}

function judgeCertificate(socket: TLSSocket, monitor: Monitor, nowMs: number): CertificateJudgement {
  const certificate = peerCertificate(socket);
  if (certificate === undefined) {
    const fault = monitor.verify ? "TLS handshake without a certificate" : undefined;
    return { fault, certificate: undefined };
  }
  const expiresAtMs = Date.parse(certificate.valid_to);
  const { certExpiryMs } = monitor;
  const expiresSoon = certExpiryMs !== undefined && expiresAtMs - nowMs < certExpiryMs;
  const seen = Number.isNaN(expiresAtMs) ? undefined : { expiresAtMs, expiresSoon };
  // An error's code where the chain does not verify, `null` where it does; its type says Error.
  const verdict: unknown = socket.authorizationError;
  const verifyCode = typeof verdict === "string" ? verdict : codeOf(verdict);
  const fault = monitor.verify
    ? reasonOfCertificate(certificate, verifyCode, monitor.host ?? "", nowMs)
    : undefined;
  return { fault, certificate: seen };
}

/** Waits for the event that says it is connected, and destroys the socket where it is not. */
function settled<S extends Socket>(
  socket: S,
  event: "connect" | "secureConnect",
  what: string,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<Connection<S>> {
  return new Promise((resolve) => {
    const settle = (connection: Connection<S>): void => {
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
