/**
 * Whether a message was signed with a key of ours, at about this time (RFC 8945 §5.2). What a request is answered, checked
 * in this order:
 *
 * | the TSIG                                          | RCODE   | its ERROR | the answer is signed |
 * | ------------------------------------------------- | ------- | --------- | -------------------- |
 * | cut short, not the last record, or no MAC to have | FORMERR | –         | has no TSIG          |
 * | a key or an algorithm that we do not have         | NOTAUTH | BADKEY    | no, its MAC is empty |
 * | a MAC that is another one                         | NOTAUTH | BADSIG    | no, its MAC is empty |
 * | signed longer ago, or later, than the fudge       | NOTAUTH | BADTIME   | yes                  |
 * | only a part of a MAC                              | NOTAUTH | BADTRUNC  | yes                  |
 * | anything else                                     | –       | –         | yes                  |
 */

import { findTsig, signedMac, signedMessage, signedVariables, TSIG_ERROR, type Tsig } from "./tsig.ts";
import { findTsigKey, type KeyedHash, TSIG_ALGORITHMS, type TsigKey } from "./tsig-key.ts";

export type TsigVerdict =
  | { readonly kind: "unsigned" }
  | { readonly kind: "malformed" }
  | { readonly kind: "valid"; readonly key: TsigKey; readonly tsig: Tsig }
  /** `key` only where the answer is to be signed with it. */
  | {
      readonly kind: "refused";
      readonly error: (typeof TSIG_ERROR)[keyof typeof TSIG_ERROR];
      readonly key: TsigKey | undefined;
      readonly tsig: Tsig;
    };

/** RFC 8945 §5.2.2.1: shorter than that is no MAC, whatever a local policy says. */
const LEAST_MAC_OCTETS = 10;

/** Judges a whole request. */
export function verifyRequest(
  message: Uint8Array,
  keys: readonly TsigKey[],
  hash: KeyedHash,
  nowSeconds: number,
): TsigVerdict {
  return verify(message, keys, hash, nowSeconds, []);
}

/** Judges the answer to a request that had `requestMac`. */
export function verifyResponse(
  message: Uint8Array,
  key: TsigKey,
  requestMac: Uint8Array,
  hash: KeyedHash,
  nowSeconds: number,
): TsigVerdict {
  return verify(message, [key], hash, nowSeconds, signedMac(requestMac));
}

function verify(
  message: Uint8Array,
  keys: readonly TsigKey[],
  hash: KeyedHash,
  nowSeconds: number,
  before: readonly Uint8Array[],
): TsigVerdict {
  const found = findTsig(message);
  if (found.kind === "none") return { kind: "unsigned" };
  if (found.kind === "malformed") return { kind: "malformed" };
  const { at, tsig } = found;
  const key = findTsigKey(keys, tsig.keyName, tsig.algorithm);
  if (key === undefined) return { kind: "refused", error: TSIG_ERROR.BADKEY, key, tsig };
  const { macOctets } = TSIG_ALGORITHMS[key.algorithm];
  const { length } = tsig.mac;
  if (length > macOctets || length < Math.max(LEAST_MAC_OCTETS, macOctets / 2)) return { kind: "malformed" };
  const mac = hash(key.algorithm, key.secret, [
    ...before,
    ...signedMessage(message, at, tsig),
    ...signedVariables(tsig),
  ]);
  if (!beginsAlike(mac, tsig.mac)) {
    return { kind: "refused", error: TSIG_ERROR.BADSIG, key: undefined, tsig };
  }
  if (Math.abs(nowSeconds - tsig.timeSigned) > tsig.fudgeSeconds) {
    return { kind: "refused", error: TSIG_ERROR.BADTIME, key, tsig };
  }
  if (length < macOctets) return { kind: "refused", error: TSIG_ERROR.BADTRUNC, key, tsig };
  return { kind: "valid", key, tsig };
}

/** Looks at every octet whatever the first ones are, so that the time it takes tells nothing. */
function beginsAlike(whole: Uint8Array, part: Uint8Array): boolean {
  let difference = 0;
  for (let index = 0; index < part.length; index++) difference |= (whole[index] ?? 0) ^ (part[index] ?? 0);
  return difference === 0;
}
