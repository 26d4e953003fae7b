/**
 * TLS contexts, one for each file of authorities and one for the system's own: making one takes milliseconds, and all
 * probes of a monitor share it. A file is read again after `CONTEXT_TTL_MS`, so that a renewed one is taken up.
 */

import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContext } from "node:tls";
import { LRUCache } from "lru-cache";
import { fails } from "./probe.ts";
import { codeOf } from "./reasons.ts";

export type TlsContext =
  | { readonly ok: true; readonly secureContext: SecureContext }
  | { readonly ok: false; readonly reason: string };

const CONTEXTS_MAX = 256;
const CONTEXT_TTL_MS = 60_000;
const SYSTEM_AUTHORITIES = "";

const contexts = new LRUCache<string, Promise<TlsContext>>({ max: CONTEXTS_MAX, ttl: CONTEXT_TTL_MS });

/** `caFile` holds PEM certificates that are trusted in place of the system's. */
export function tlsContext(caFile: string | undefined): Promise<TlsContext> {
  const key = caFile ?? SYSTEM_AUTHORITIES;
  const kept = contexts.get(key);
  if (kept !== undefined) {
    return kept;
  }
  const made = makeContext(caFile);
  contexts.set(key, made);
  return made;
}

async function makeContext(caFile: string | undefined): Promise<TlsContext> {
  if (caFile === undefined) {
    return { ok: true, secureContext: createSecureContext() };
  }
  try {
    const ca = await readFile(caFile, "latin1");
    // Node takes a file without any certificate in silence, and then trusts nobody.
    if (!ca.includes("-----BEGIN CERTIFICATE-----")) {
      return fails(`ca file ${caFile} holds no certificate`);
    }
    return { ok: true, secureContext: createSecureContext({ ca }) };
  } catch (error) {
    return fails(`ca file ${caFile} cannot be read (${codeOf(error) ?? "unknown error"})`);
  }
}
