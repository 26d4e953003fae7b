/** Keys that two parties share (RFC 8945 §6, §8.1), and the hash that makes MACs with them, which is handed in. */

import { type Name, nameKey, nameOf } from "./name.ts";

/** What is taken of the registry: one that every implementation has to have, and one with longer MACs. */
export const TSIG_ALGORITHMS = {
  "hmac-sha256": { name: nameOf("hmac-sha256."), macOctets: 32 },
  "hmac-sha512": { name: nameOf("hmac-sha512."), macOctets: 64 },
} as const;

export type TsigAlgorithm = keyof typeof TSIG_ALGORITHMS;

export interface TsigKey {
  readonly name: Name;
  readonly algorithm: TsigAlgorithm;
  readonly secret: Uint8Array;
}

/** The whole MAC of the parts, one behind the other. */
export type KeyedHash = (
  algorithm: TsigAlgorithm,
  secret: Uint8Array,
  parts: readonly Uint8Array[],
) => Uint8Array;

export function isTsigAlgorithm(text: string): text is TsigAlgorithm {
  return Object.hasOwn(TSIG_ALGORITHMS, text);
}

export function algorithmName({ algorithm }: TsigKey): Name {
  return TSIG_ALGORITHMS[algorithm].name;
}

/** The key that a record names together with its algorithm; both have to fit (RFC 8945 §5.2.1). */
export function findTsigKey(keys: readonly TsigKey[], name: Name, algorithm: Name): TsigKey | undefined {
  const wanted = nameKey(name);
  const ofAlgorithm = nameKey(algorithm);
  return keys.find((key) => nameKey(key.name) === wanted && nameKey(algorithmName(key)) === ofAlgorithm);
}
