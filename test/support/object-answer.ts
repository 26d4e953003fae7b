/**
 * The answer to a plain question as it follows from the zones' objects, record by record: slow, and with nothing prebuilt.
 * What a policy draws is left out, and said beside the message, since it is a matter of chance.
 */

import { MessageWriter } from "../../src/dns/message-writer.ts";
import { type Name, readUncompressedName } from "../../src/dns/name.ts";
import type { RRset } from "../../src/dns/rrset.ts";
import { CLASS, RCODE, TYPE } from "../../src/dns/types.ts";
import type { Image } from "../../src/image/image.ts";
import type { Evaluation } from "../../src/policy/evaluation.ts";
import type { ZonesByApexKey } from "../../src/zone/lookup.ts";
import { type Found, find, NONE } from "./object-find.ts";

const HEADER_OCTETS = 12;

export interface ObjectAnswer {
  readonly octets: Uint8Array;
  /** What the policy comes to whose records follow the answer section. */
  readonly policy: { readonly owner: Name; readonly evaluation: Evaluation } | undefined;
}

/**
 * `query` has one question and nothing else; the client is one of whom nothing is known. `zones` are those of the image,
 * and were not compiled.
 */
export function objectAnswer(
  zones: ZonesByApexKey,
  image: Image,
  query: Uint8Array,
  limit: number,
): ObjectAnswer {
  const qname = readUncompressedName(query, HEADER_OCTETS);
  if (qname === undefined) throw new Error("the query has no name");
  const qtypeAt = HEADER_OCTETS + qname.length;
  const qtype = ((query[qtypeAt] ?? 0) << 8) | (query[qtypeAt + 1] ?? 0);
  return new ObjectReply(query, limit).answer(image, find(zones, image.zones, qname, qtype), qtype);
}

class ObjectReply {
  readonly #buffer = new Uint8Array(65_535);
  readonly #writer = new MessageWriter();
  readonly #mark: number;
  #truncated = false;

  constructor(query: Uint8Array, limit: number) {
    this.#buffer.set(query);
    this.#writer.reset(this.#buffer, 0, limit);
    this.#writer.skip(query.length);
    this.#writer.rememberName(HEADER_OCTETS);
    this.#mark = this.#writer.mark();
  }

  answer(image: Image, found: Found, qtype: number): ObjectAnswer {
    let { rcode, authoritative } = found;
    let answers = this.#required(found.answer);
    let authorities = 0;
    let policy: ObjectAnswer["policy"];
    if (found.policyNumber !== NONE && !this.#truncated) {
      const evaluations = image.decisions.evaluations[found.policyNumber];
      const evaluation = qtype === TYPE.A ? evaluations?.ipv4 : evaluations?.ipv6;
      if (evaluation === undefined || found.policyOwner === undefined) throw new Error("no evaluation");
      if (evaluation.outcome === "servfail") {
        this.#writer.rollback(this.#mark);
        rcode = RCODE.SERVFAIL;
        authoritative = false;
        answers = 0;
      } else if (evaluation.outcome === "nodata" && found.policySoa !== undefined) {
        const ttlSeconds = Math.min(found.policySoa.ttlSeconds, evaluation.ttlSeconds);
        authorities += this.#required([{ ...found.policySoa, ttlSeconds }]);
      } else {
        policy = { owner: found.policyOwner, evaluation };
      }
    }
    authorities += this.#required(found.authority);
    let additionals = this.#required(found.glue);
    for (const rrset of found.additional) if (!this.#truncated) additionals += this.#write(rrset);
    this.#buffer[2] =
      0x80 | ((this.#buffer[2] ?? 0) & 0x01) | (authoritative ? 4 : 0) | (this.#truncated ? 2 : 0);
    this.#buffer[3] = rcode;
    this.#writer.setUint16(6, answers);
    this.#writer.setUint16(8, authorities);
    this.#writer.setUint16(10, additionals);
    return { octets: this.#buffer.slice(0, this.#writer.length), policy };
  }

  #required(rrsets: readonly RRset[]): number {
    let records = 0;
    for (const rrset of rrsets) {
      if (this.#truncated) return records;
      const written = this.#write(rrset);
      if (written === 0) this.#truncated = true;
      records += written;
    }
    return records;
  }

  #write({ owner, type, ttlSeconds, rdatas }: RRset): number {
    const mark = this.#writer.mark();
    for (const rdata of rdatas) {
      if (this.#writer.writeRecord(owner, 0, type, CLASS.IN, ttlSeconds, rdata)) continue;
      this.#writer.rollback(mark);
      return 0;
    }
    return rdatas.length;
  }
}
