/**
 * Signed queries of every kind and their signed answers (RFC 8945), on the answer path: beside the way of all others, which
 * costs them a look at one flag. What a signature that does not hold is answered stands in `dns/tsig-verify`.
 *
 * Hashing takes some 5 µs, and objects are made: nobody signs the queries of a resolver.
 */

import type { KeyedHash, TsigKey } from "../dns/tsig-key.ts";
import { ResponseSigner } from "../dns/tsig-sign.ts";
import { type TsigVerdict, verifyRequest } from "../dns/tsig-verify.ts";
import { RCODE } from "../dns/types.ts";
import type { Reply } from "./reply.ts";

const MS_PER_SECOND = 1_000;
const ADDITIONAL_COUNT_AT = 10;

export class Signatures {
  readonly #hash: KeyedHash | undefined;
  readonly #now: () => number;

  /** Without a hash no key is known. `now` in milliseconds since the epoch. */
  constructor(hash: KeyedHash | undefined, now: () => number) {
    this.#hash = hash;
    this.#now = now;
  }

  /** Judges a whole message; it is not looked at after this. */
  judge(message: Uint8Array, keys: readonly TsigKey[]): SignedQuery {
    const known = this.#hash === undefined ? [] : keys;
    const verdict = verifyRequest(message, known, this.#hash ?? noHash, this.#nowSeconds());
    return new SignedQuery(verdict, this.#hash ?? noHash, () => this.#nowSeconds());
  }

  #nowSeconds(): number {
    return Math.floor(this.#now() / MS_PER_SECOND);
  }
}

/** A query with a TSIG. */
class SignedQuery {
  /** What it is answered for its TSIG alone; NOERROR: that holds. */
  readonly rcode: number;
  /** What the TSIG of its answer takes. */
  readonly octets: number;
  readonly #signer: ResponseSigner | undefined;
  readonly #nowSeconds: () => number;

  constructor(verdict: TsigVerdict, hash: KeyedHash, nowSeconds: () => number) {
    const isSigned = verdict.kind === "valid" || verdict.kind === "refused";
    this.#signer = isSigned ? new ResponseSigner(verdict, hash) : undefined;
    this.#nowSeconds = nowSeconds;
    this.octets = this.#signer?.recordOctets ?? 0;
    this.rcode = rcodeOf(verdict);
  }

  /** Appends the TSIG to a reply that is whole, its header too, and has room for it. */
  sign(reply: Reply): void {
    if (this.#signer === undefined) return;
    const { buffer, start, position } = reply;
    const record = this.#signer.sign(buffer.subarray(start, position), this.#nowSeconds());
    buffer.set(record, position);
    reply.position = position + record.length;
    reply.additionalCount++;
    reply.view.setUint16(start + ADDITIONAL_COUNT_AT, reply.additionalCount);
  }
}

export type { SignedQuery };

function rcodeOf({ kind }: TsigVerdict): number {
  if (kind === "valid") return RCODE.NOERROR;
  return kind === "refused" ? RCODE.NOTAUTH : RCODE.FORMERR;
}

function noHash(): Uint8Array {
  throw new Error("a MAC is asked for where there are no keys");
}
