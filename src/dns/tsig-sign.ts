/** Makes the TSIG of a request, of its answer, and of each message where the answer has several (RFC 8945 §5.1, §5.3). */

import {
  signedMac,
  signedVariables,
  TSIG_ERROR,
  type Tsig,
  timeOctets,
  timers,
  tsigOctets,
  writeTsig,
} from "./tsig.ts";
import { algorithmName, type KeyedHash, TSIG_ALGORITHMS, type TsigKey } from "./tsig-key.ts";
import type { TsigVerdict } from "./tsig-verify.ts";

/** RFC 8945 §10: how far two clocks may be apart. */
const FUDGE_SECONDS = 300;
const NO_OCTETS = new Uint8Array(0);

export interface SignedRequest {
  /** To stand behind the request (`appendTsig`). */
  readonly record: Uint8Array;
  /** The answer is signed over it. */
  readonly mac: Uint8Array;
}

export function signRequest(
  message: Uint8Array,
  key: TsigKey,
  hash: KeyedHash,
  nowSeconds: number,
): SignedRequest {
  const unsigned = tsigOf(message, key, { timeSigned: nowSeconds, fudgeSeconds: FUDGE_SECONDS });
  const mac = hash(key.algorithm, key.secret, [message, ...signedVariables(unsigned)]);
  return { record: writeTsig({ ...unsigned, mac }), mac };
}

/** A request that was signed, rightly or not: what its answer is to be signed with. */
export type SignedVerdict = Extract<TsigVerdict, { kind: "valid" | "refused" }>;

/** Signs the messages of one answer, in their order. */
export class ResponseSigner {
  readonly #verdict: SignedVerdict;
  readonly #hash: KeyedHash;
  /** Of the message before: of the request first of all. */
  #priorMac: Uint8Array;
  #isFirst = true;

  constructor(verdict: SignedVerdict, hash: KeyedHash) {
    this.#verdict = verdict;
    this.#hash = hash;
    this.#priorMac = verdict.tsig.mac;
  }

  /** How long the record of each message is. */
  get recordOctets(): number {
    const { key, tsig } = this.#verdict;
    const macOctets = key === undefined ? 0 : TSIG_ALGORITHMS[key.algorithm].macOctets;
    return tsigOctets(tsig.keyName, tsig.algorithm, macOctets, otherOf(this.#verdict, 0).length);
  }

  /** The record for a message that stands there whole, its TSIG not yet counted. */
  sign(message: Uint8Array, nowSeconds: number): Uint8Array {
    const { key, tsig } = this.#verdict;
    const error = this.#verdict.kind === "refused" ? this.#verdict.error : 0;
    // The client has to find its own time there, or it could not verify an answer that says how wrong its clock is (RFC 8945 §5.2.3).
    const keepsTime = key === undefined || error === TSIG_ERROR.BADTIME;
    const unsigned: Tsig = {
      keyName: tsig.keyName,
      algorithm: key === undefined ? tsig.algorithm : algorithmName(key),
      timeSigned: keepsTime ? tsig.timeSigned : nowSeconds,
      fudgeSeconds: tsig.fudgeSeconds,
      mac: NO_OCTETS,
      originalId: ((message[0] ?? 0) << 8) | (message[1] ?? 0),
      error,
      other: otherOf(this.#verdict, nowSeconds),
    };
    if (key === undefined) return writeTsig(unsigned);
    const mac = this.#hash(key.algorithm, key.secret, [
      ...signedMac(this.#priorMac),
      message,
      ...(this.#isFirst ? signedVariables(unsigned) : [timers(unsigned)]),
    ]);
    this.#priorMac = mac;
    this.#isFirst = false;
    return writeTsig({ ...unsigned, mac });
  }
}

/** RFC 8945 §5.2.3: our time, for one whose clock is wrong. */
function otherOf(verdict: SignedVerdict, nowSeconds: number): Uint8Array {
  const isLate = verdict.kind === "refused" && verdict.error === TSIG_ERROR.BADTIME;
  return isLate ? timeOctets(nowSeconds) : NO_OCTETS;
}

function tsigOf(message: Uint8Array, key: TsigKey, times: Pick<Tsig, "timeSigned" | "fudgeSeconds">): Tsig {
  return {
    keyName: key.name,
    algorithm: algorithmName(key),
    ...times,
    mac: NO_OCTETS,
    originalId: ((message[0] ?? 0) << 8) | (message[1] ?? 0),
    error: 0,
    other: NO_OCTETS,
  };
}
