/** HMAC by OpenSSL: the hash that TSIG is made and verified with (RFC 8945 §6), for rooms that have no `node:`. */

import { createHmac } from "node:crypto";
import type { KeyedHash } from "../answer/transfer.ts";

const DIGESTS = { "hmac-sha256": "sha256", "hmac-sha512": "sha512" } as const;

export const keyedHash: KeyedHash = (algorithm, secret, parts) => {
  const hmac = createHmac(DIGESTS[algorithm], secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
};
