/**
 * TLS contexts, one for each file of authorities and one for the system's own: making one takes milliseconds, and all
 * probes of a monitor share it. A file is read again after `REREAD_MS`, so that a renewed one is taken up:
 *
 * | the file, read again | was good before | probes use        | and read it again after |
 * | -------------------- | --------------- | ----------------- | ----------------------- |
 * | good                 | any             | what it holds     | `REREAD_MS`             |
 * | missing, or faulty   | yes             | what it held      | `RETRY_MS`; they say so |
 * | missing, or faulty   | no              | nothing: they fail | `RETRY_MS`             |
 *
 * So a file that is just being exchanged takes no region away.
 */

import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContext } from "node:tls";
import { LRUCache } from "lru-cache";
import { fails } from "./probe.ts";
import { codeOf } from "./reasons.ts";

export type TlsContext =
  | { readonly ok: true; readonly secureContext: SecureContext; readonly warning?: string }
  | { readonly ok: false; readonly reason: string };

/** `caFile` holds PEM certificates that are trusted in place of the system's. Never rejects. */
export type TlsContexts = (caFile: string | undefined) => Promise<TlsContext>;

const CONTEXTS_MAX = 256;
export const REREAD_MS = 60_000;
export const RETRY_MS = 1_000;
const SYSTEM_AUTHORITIES = "";

interface Kept {
  readonly context: Promise<TlsContext>;
  /** Until then nobody looks at the file. */
  freshUntilMs: number;
}

export const tlsContext: TlsContexts = createTlsContexts(() => performance.now());

/** `now` in milliseconds, never going backwards. */
export function createTlsContexts(now: () => number): TlsContexts {
  const contexts = new LRUCache<string, Kept>({ max: CONTEXTS_MAX });
  return (caFile) => {
    const key = caFile ?? SYSTEM_AUTHORITIES;
    const known = contexts.get(key);
    if (known !== undefined && now() < known.freshUntilMs) return known.context;
    const context = orAsBefore(makeContext(caFile), known?.context);
    const kept: Kept = { context, freshUntilMs: now() + REREAD_MS };
    contexts.set(key, kept);
    void lookAgainSoon(kept);
    return context;
  };

  async function lookAgainSoon(kept: Kept): Promise<void> {
    const made = await kept.context;
    if (!made.ok || made.warning !== undefined) kept.freshUntilMs = now() + RETRY_MS;
  }
}

async function orAsBefore(
  making: Promise<TlsContext>,
  before: Promise<TlsContext> | undefined,
): Promise<TlsContext> {
  const [made, last] = [await making, await before];
  if (made.ok || last === undefined || !last.ok) return made;
  return { ...last, warning: `${made.reason}: what it held before is used` };
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
