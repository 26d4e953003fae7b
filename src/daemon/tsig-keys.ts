/**
 * The keys of transfers, from their file: one a line, `name algorithm secret`, the secret in base 64 as `tsig-keygen` and
 * `keymgr -t` print it; `#` begins a comment. Whoever knows a secret may have the zones, so the file is nobody else's.
 */

import { decodeBase64 } from "../dns/encodings.ts";
import { type Name, nameKey, parseName, ROOT } from "../dns/name.ts";
import { isTsigAlgorithm, TSIG_ALGORITHMS, type TsigKey } from "../dns/tsig-key.ts";
import { type Diagnostic, errorAt } from "../zone/diagnostic.ts";
import { didYouMean } from "../zone/suggest.ts";
import { readPrivateFile } from "./private-file.ts";

/** RFC 8945 §8: a secret that is shorter than its digest weakens it; what is shorter than this is a slip. */
const LEAST_SECRET_OCTETS = 16;

export type KeysResult =
  | { readonly ok: true; readonly keys: readonly TsigKey[] }
  | { readonly ok: false; readonly message: string; readonly diagnostics: readonly Diagnostic[] };

export function readTsigKeys(path: string): KeysResult {
  const file = readPrivateFile(path, "the keys of transfers");
  if (!file.ok) return { ...file, diagnostics: [] };
  const { keys, diagnostics } = parseTsigKeys(path, file.text);
  if (diagnostics.length > 0) {
    const count = `${diagnostics.length} ${diagnostics.length === 1 ? "error" : "errors"}`;
    return { ok: false, message: `${count} in the keys of transfers`, diagnostics };
  }
  if (keys.length === 0) {
    return { ok: false, message: `Cannot use the keys of ${path}: there is none`, diagnostics: [] };
  }
  return { ok: true, keys };
}

/** Every fault at once; no message holds anything of a secret. */
export function parseTsigKeys(
  file: string,
  text: string,
): { readonly keys: readonly TsigKey[]; readonly diagnostics: readonly Diagnostic[] } {
  const keys: TsigKey[] = [];
  const diagnostics: Diagnostic[] = [];
  const seen = new Set<string>();
  text.split("\n").forEach((line, index) => {
    const fail = (column: number, message: string): void => {
      diagnostics.push(errorAt({ file, line: index + 1, column }, "key", message));
    };
    const words = Array.from(line.replace(/(?:^|\s)#.*$/, "").matchAll(/\S+/g));
    if (words.length === 0) return;
    if (words.length !== 3) return fail(1, `expected 'name algorithm secret', found ${words.length} words`);
    const [name = "", algorithm = "", secret = ""] = words.map(([word]) => word);
    const [atName = 1, atAlgorithm = 1, atSecret = 1] = words.map(({ index }) => index + 1);
    const parsed = parseName(name, ROOT);
    if (!parsed.ok) return fail(atName, `'${name}' is no key's name: ${parsed.message}`);
    if (seen.has(nameKey(parsed.name))) return fail(atName, `the key '${name}' is given more than once`);
    seen.add(nameKey(parsed.name));
    const lower = algorithm.toLowerCase().replace(/\.$/, "");
    if (!isTsigAlgorithm(lower)) {
      const known = Object.keys(TSIG_ALGORITHMS);
      const guess = didYouMean(lower, known);
      // What looks like none could be the secret, in the wrong place.
      const what = lower.startsWith("hmac-") ? `'${algorithm}' is none` : "expected one";
      return fail(atAlgorithm, `${what} of the algorithms ${known.join(" ")}${guess}`);
    }
    const octets = decodeBase64(secret);
    if (octets === undefined) return fail(atSecret, "the secret is not base 64");
    if (octets.length < LEAST_SECRET_OCTETS) {
      return fail(
        atSecret,
        `the secret has ${octets.length} octets, and ${LEAST_SECRET_OCTETS} are the least`,
      );
    }
    keys.push({ name: parsed.name, algorithm: lower, secret: octets });
  });
  return { keys, diagnostics };
}

/** The key of that name, as the configuration writes it. */
export function keyNamed(keys: readonly TsigKey[], text: string): TsigKey | undefined {
  const parsed = parseName(text, ROOT);
  return parsed.ok ? keys.find(({ name }) => isSameName(name, parsed.name)) : undefined;
}

function isSameName(one: Name, other: Name): boolean {
  return nameKey(one) === nameKey(other);
}
