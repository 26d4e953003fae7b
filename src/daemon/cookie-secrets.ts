/**
 * The secrets that DNS cookies are made with (RFC 9018 §5). Nodes that answer on one address share a file of them: 32
 * hexadecimal digits a line, `#` begins a comment. The first one signs, all are accepted, so a new one is brought in
 * without a cookie becoming bad: behind the others first; when every node has read it, in front; and when the cookies
 * of the old one have run out, an hour later, that is taken away.
 */

import { SIP_HASH_KEY_OCTETS } from "../answer/sip-hash.ts";
import { readPrivateFile } from "./private-file.ts";

/** Every one is tried with a cookie that is bad. */
const MAX_COOKIE_SECRETS = 4;

export type SecretsResult =
  | { readonly ok: true; readonly secrets: readonly Uint8Array[] }
  | { readonly ok: false; readonly message: string };

export function readCookieSecrets(path: string): SecretsResult {
  const file = readPrivateFile(path, "the secrets of cookies");
  return file.ok ? parseCookieSecrets(path, file.text) : file;
}

/** The first fault alone; no message holds anything of a secret. */
export function parseCookieSecrets(path: string, text: string): SecretsResult {
  const secrets: Uint8Array[] = [];
  const digits = new RegExp(`^[0-9a-fA-F]{${SIP_HASH_KEY_OCTETS * 2}}$`);
  for (const [index, line] of text.split("\n").entries()) {
    const word = line.replace(/#.*$/, "").trim();
    if (word === "") continue;
    if (!digits.test(word)) {
      const message = `${path}:${index + 1}: expected a secret of ${SIP_HASH_KEY_OCTETS * 2} hexadecimal digits`;
      return { ok: false, message };
    }
    secrets.push(Uint8Array.from(Buffer.from(word, "hex")));
  }
  if (secrets.length === 0) return { ok: false, message: `${path}: there is no secret in it` };
  if (secrets.length > MAX_COOKIE_SECRETS) {
    const message = `${path}: there are ${secrets.length} secrets in it, and ${MAX_COOKIE_SECRETS} are the most`;
    return { ok: false, message };
  }
  return { ok: true, secrets };
}
