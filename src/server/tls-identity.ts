/**
 * Who this node says it is to clients that speak TLS: a certificate with its chain, and its key. The daemon reads them,
 * has them judged here, and hands them on as text; whoever accepts connections makes a context of it.
 */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContextOptions } from "node:tls";

/** In PEM: the certificate first, then what leads to a root. */
export interface TlsIdentity {
  readonly certificate: string;
  readonly key: string;
}

export type IdentityJudgement =
  | { readonly ok: true; readonly expiresAtMs: number }
  /** In words; nothing of the key is in them. */
  | { readonly ok: false; readonly reason: string };

/** Whether clients can be shown it; whether they should be, after it has expired, is not judged here. */
export function judgeIdentity(identity: TlsIdentity): IdentityJudgement {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(identity.certificate);
  } catch {
    return { ok: false, reason: "the certificate is not PEM" };
  }
  try {
    const key = createPrivateKey(identity.key);
    if (!certificate.checkPrivateKey(key)) return { ok: false, reason: "the key is of another certificate" };
  } catch {
    return { ok: false, reason: "the key is not PEM without a passphrase" };
  }
  try {
    createSecureContext(contextOptions(identity));
    return { ok: true, expiresAtMs: Date.parse(certificate.validTo) };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** RFC 7858 §3.2 asks for TLS 1.2 or better, as does RFC 9325 §3.1.1. */
export function contextOptions({ certificate, key }: TlsIdentity): SecureContextOptions {
  return { cert: certificate, key, minVersion: "TLSv1.2" };
}
