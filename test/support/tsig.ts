/** Keys for tests, and messages signed with them. */

import { formatName, nameOf } from "../../src/dns/name.ts";
import { appendTsig } from "../../src/dns/tsig.ts";
import type { TsigKey } from "../../src/dns/tsig-key.ts";
import { type SignedRequest, signRequest } from "../../src/dns/tsig-sign.ts";
import { keyedHash } from "../../src/server/keyed-hash.ts";

export const SHA256_KEY: TsigKey = {
  name: nameOf("transfer.key."),
  algorithm: "hmac-sha256",
  secret: new TextEncoder().encode("a secret of thirty-two octets..."),
};

export const SHA512_KEY: TsigKey = {
  name: nameOf("longer.key."),
  algorithm: "hmac-sha512",
  secret: new TextEncoder().encode("another secret, of as many octets as its digest has, which are sixty"),
};

export const KEYS: readonly TsigKey[] = [SHA256_KEY, SHA512_KEY];

export interface SignedQuery extends Pick<SignedRequest, "mac"> {
  readonly octets: Uint8Array;
}

export function signedQuery(query: Uint8Array, key: TsigKey, nowSeconds: number): SignedQuery {
  const { record, mac } = signRequest(query, key, keyedHash, nowSeconds);
  return { octets: appendTsig(query, record), mac };
}

/** A line of the file that `transfer.keys` names. */
export function keyFileLine({ name, algorithm, secret }: TsigKey): string {
  return `${formatName(name)} ${algorithm} ${Buffer.from(secret).toString("base64")}\n`;
}

/** `NAME:ALGORITHM:SECRET` as dig and kdig take it behind `-y`, the algorithm first. */
export function digKey({ name, algorithm, secret }: TsigKey): string {
  const text = new TextDecoder().decode(name.subarray(1, 1 + (name[0] ?? 0)));
  return `${algorithm}:${text}.key:${Buffer.from(secret).toString("base64")}`;
}
