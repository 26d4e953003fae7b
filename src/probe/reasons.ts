/**
 * Faults of the network and of certificates in words an operator reads. They go by error codes, never by an error's
 * text, which no library promises to keep.
 */

import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { spellDuration } from "../health/duration.ts";

const BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EPIPE: "connection closed",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "network unreachable",
  ENETDOWN: "network down",
  ETIMEDOUT: "connect timed out",
  EACCES: "connecting is not permitted on this node",
  EPERM: "connecting is not permitted on this node",
  EADDRNOTAVAIL: "this node has no address or port left to connect from",
  EMFILE: "this node has too many files open",
  ENFILE: "this node has too many files open",
  ENOTFOUND: "host name does not exist",
  EAI_AGAIN: "host name cannot be resolved at present",
  HPE_HEADER_OVERFLOW: "response headers are too large",
  HPE_INVALID_EOF_STATE: "connection closed within the response",
};

/** The `code` that Node puts on errors, if there is one; those of another realm (`node:vm`) are no `Error` of ours. */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

export function reasonOfError(error: unknown): string {
  const code = codeOf(error);
  const known = code === undefined ? undefined : BY_CODE[code];
  if (known !== undefined) {
    return known;
  }
  if (code?.startsWith("HPE_") === true) {
    return `not an HTTP response (${code})`;
  }
  if (code === "EPROTO" || code?.startsWith("ERR_SSL_") === true) {
    return `TLS handshake failed: ${sslReason(error) ?? code}`;
  }
  return code ?? (error instanceof Error ? error.message : "failed for an unknown reason");
}

/** OpenSSL's words, `wrong version number`. */
function sslReason(error: unknown): string | undefined {
  const reason = error instanceof Error && "reason" in error ? error.reason : undefined;
  return typeof reason === "string" ? reason : undefined;
}

/** Why a signal was aborted: «connect timed out after 2 s», or that the probe was stopped. */
export function reasonOfAbort(what: string, signal: AbortSignal, timeoutMs: number): string {
  const cause: unknown = signal.reason;
  const timedOut = cause instanceof Error && cause.name === "TimeoutError";
  return timedOut ? `${what} timed out after ${spellDuration(timeoutMs)}` : `${what} was stopped`;
}

const UNKNOWN_ISSUER = new Set([
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/**
 * Why a certificate is not accepted, or `undefined` where it is. `verifyCode` is OpenSSL's judgement of the chain;
 * the name is checked here, against `host` (RFC 9525), since the probe connects to an address and not to that name.
 */
export function reasonOfCertificate(
  certificate: PeerCertificate,
  verifyCode: string | undefined,
  host: string,
  nowMs: number,
): string | undefined {
  if (verifyCode === undefined) {
    return checkServerIdentity(host, certificate) === undefined
      ? undefined
      : `certificate is for ${namesOf(certificate)}, not '${host}'`;
  }
  if (verifyCode === "CERT_HAS_EXPIRED") {
    return Date.parse(certificate.valid_to) <= nowMs
      ? `TLS certificate expired ${day(certificate.valid_to)}`
      : "an issuer of the TLS certificate has expired";
  }
  if (verifyCode === "CERT_NOT_YET_VALID") {
    return `TLS certificate is not valid before ${day(certificate.valid_from)}`;
  }
  if (verifyCode === "DEPTH_ZERO_SELF_SIGNED_CERT") {
    return "TLS certificate is self-signed";
  }
  if (verifyCode === "SELF_SIGNED_CERT_IN_CHAIN" || UNKNOWN_ISSUER.has(verifyCode)) {
    return "TLS certificate is issued by an authority that is not trusted";
  }
  return `TLS certificate is not accepted (${verifyCode})`;
}

function day(date: string): string {
  const ms = Date.parse(date);
  return Number.isNaN(ms) ? date : isoDay(ms);
}

/** `2026-11-01`, of milliseconds since the epoch. */
export function isoDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

const NAMES_SHOWN_MAX = 3;

/** What a certificate is for: its alternative names, a few of them, else the subject's. */
function namesOf(certificate: PeerCertificate): string {
  const alternatives = (certificate.subjectaltname ?? "")
    .split(", ")
    .map((name) => name.replace(/^(DNS|IP Address):/, ""))
    .filter((name) => name !== "");
  // A certificate without any subject has no `subject.CN`, whatever the type says.
  const common: unknown = certificate.subject?.CN;
  const names = alternatives.length > 0 ? alternatives : typeof common === "string" ? [common] : [];
  if (names.length === 0) {
    return "no name";
  }
  const shown = names.slice(0, NAMES_SHOWN_MAX).map((name) => `'${name}'`);
  return shown.join(", ") + (names.length > NAMES_SHOWN_MAX ? ", …" : "");
}
