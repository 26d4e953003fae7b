/**
 * The certificate that the node shows to clients over TLS and HTTPS: read from its two files at the start, watched, and
 * read again with every reload. What clients cannot be shown never takes the place of what they can:
 *
 * | the files hold                        | at the start            | later                            |
 * | ------------------------------------- | ----------------------- | -------------------------------- |
 * | a certificate and its key             | taken                   | taken                            |
 * | the same, expired                     | taken, said in the log  | taken where the old one has too  |
 * | anything else, or cannot be read      | no start                | the old one stays                |
 */

import { readFileSync } from "node:fs";
import { judgeIdentity, type TlsIdentity } from "../server/tls-identity.ts";
import type { Log } from "./log.ts";
import { systemReason } from "./system-error.ts";

export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** What the metrics say of it. */
export interface NodeCertificateReading {
  readonly expiresAtMs: number;
  /** When the one that is shown was taken. */
  readonly loadedAtMs: number;
  /** Whether that is what the files hold. */
  readonly loadSuccess: boolean;
}

export interface NodeCertificate {
  /** The files that it is read from. */
  readonly paths: readonly string[];
  readonly identity: () => TlsIdentity;
  readonly read: () => NodeCertificateReading;
  /** Reads the files again; `onRenewed` is told where another certificate is shown from now on. */
  reload(): void;
  /** Replaces who is told. */
  onRenewed(listener: (identity: TlsIdentity) => void): void;
}

export type CertificateResult =
  | { readonly ok: true; readonly certificate: NodeCertificate }
  /** In one line. */
  | { readonly ok: false; readonly message: string };

type Loaded =
  | { readonly ok: true; readonly identity: TlsIdentity; readonly expiresAtMs: number }
  | { readonly ok: false; readonly reason: string };

export function openNodeCertificate(files: CertificateFiles, now: () => number, log: Log): CertificateResult {
  const first = load(files);
  if (!first.ok) return { ok: false, message: `Cannot speak TLS: ${first.reason}` };
  let shown = first;
  let loadedAtMs = now();
  /** Why what the files hold is not shown; told once, for a log in the same folder is a change that is seen here again. */
  let refusal: string | undefined;
  let tell: (identity: TlsIdentity) => void = () => undefined;
  if (first.expiresAtMs <= now()) log.error(lineOf(first.expiresAtMs), "the node's certificate has expired");

  const reload = (): void => {
    const found = load(files);
    const reason = found.ok ? whyWorse(found.expiresAtMs, shown.expiresAtMs, now()) : found.reason;
    const isTold = reason === refusal;
    refusal = reason;
    if (!found.ok || reason !== undefined) {
      if (isTold) return;
      log.error({ event: "certificate", reason }, "the node's new certificate is refused, the old one stays");
      return;
    }
    if (isSame(found.identity, shown.identity)) return;
    shown = found;
    loadedAtMs = now();
    log.info(lineOf(found.expiresAtMs), "the node has a new certificate");
    tell(found.identity);
  };
  return {
    ok: true,
    certificate: {
      paths: [files.certificate, files.key],
      identity: () => shown.identity,
      read: () => ({ expiresAtMs: shown.expiresAtMs, loadedAtMs, loadSuccess: refusal === undefined }),
      reload,
      onRenewed(listener) {
        tell = listener;
      },
    },
  };
}

function load(files: CertificateFiles): Loaded {
  const identity = { certificate: "", key: "" };
  for (const part of ["certificate", "key"] as const) {
    try {
      identity[part] = readFileSync(files[part], "latin1");
    } catch (error) {
      return { ok: false, reason: systemReason(error, files[part]) };
    }
  }
  const judged = judgeIdentity(identity);
  if (!judged.ok) return { ok: false, reason: `${files.certificate}, ${files.key}: ${judged.reason}` };
  return { ok: true, identity, expiresAtMs: judged.expiresAtMs };
}

/** Why a certificate that has expired is not taken: the one that is shown has not. */
function whyWorse(expiresAtMs: number, shownExpiresAtMs: number, nowMs: number): string | undefined {
  if (expiresAtMs > nowMs || shownExpiresAtMs <= nowMs) return undefined;
  return `it has expired at ${new Date(expiresAtMs).toISOString()}`;
}

function isSame(one: TlsIdentity, other: TlsIdentity): boolean {
  return one.certificate === other.certificate && one.key === other.key;
}

function lineOf(expiresAtMs: number): Record<string, unknown> {
  return { event: "certificate", expires: new Date(expiresAtMs).toISOString() };
}
