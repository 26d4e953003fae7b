/**
 * Writes live RRsets (`image/live-rrsets`), record by record, as the decisions of the image say:
 *
 * | the record's choice | is written                                                          |
 * | ------------------- | ------------------------------------------------------------------- |
 * | withheld            | not at all                                                          |
 * | as written          | as it stands in the zone file                                       |
 * | a policy            | with hints of a draw from it; records with one policy share the draw |
 *
 * All records have one TTL (RFC 2181 §5.2): the least of the RRset's and those of the policies. Hints are no answers of a
 * policy's, and are counted for nobody: a client asks for addresses as well.
 */

import { CLASS } from "../dns/types.ts";
import { NODE, RECORD_HEAD_OCTETS, RRSET, ZONE } from "../image/layout.ts";
import { AS_WRITTEN, firstChoice, liveTtlSeconds, WITHHELD } from "../image/live-tables.ts";
import type { OpenImage } from "../image/open-image.ts";
import type { RecordOwner } from "./candidate-records.ts";
import type { ClientAddress } from "./client-address.ts";
import { Hints, MOST_HINT_OCTETS } from "./hints.ts";
import type { PolicyRecords } from "./policy-records.ts";
import type { Query } from "./query.ts";
import { plainAt } from "./record-reading.ts";
import type { Reply } from "./reply.ts";

const MAX_RDATA_OCTETS = 0xffff;
const NO_POLICY = -1;

/** Made once for each answer path. */
export class LiveRecords {
  readonly #policies: PolicyRecords;
  readonly #hints = new Hints();
  /** Whose the hints are that were drawn last. */
  #drawnFrom = NO_POLICY;
  readonly #rdata = new Uint8Array(MAX_RDATA_OCTETS + MOST_HINT_OCTETS);

  constructor(policies: PolicyRecords) {
    this.#policies = policies;
  }

  /** Writes the RRset of a node through the reply's open writer: how many records, 0 and TC where they do not fit. */
  write(
    reply: Reply,
    query: Query,
    client: ClientAddress,
    image: OpenImage,
    node: number,
    rrset: number,
    owner: RecordOwner,
  ): number {
    if (reply.truncated) return 0;
    const { words, octets, view, live } = image;
    const { writer } = reply;
    const number = liveNumber(image, node, rrset);
    const end = firstChoice(live, number + 1);
    const ttlSeconds = this.#ttlSeconds(reply, query, client, image, number);
    const type = (words[rrset] ?? 0) & 0xffff;
    const mark = writer.mark();
    this.#drawnFrom = NO_POLICY;
    let written = 0;
    let at = plainAt(words, rrset);
    for (let place = firstChoice(live, number); place < end; place++) {
      const choice = live[place] ?? AS_WRITTEN;
      let source = octets;
      let from = at + RECORD_HEAD_OCTETS;
      at = from + view.getUint16(at + 10);
      let to = at;
      if (choice === WITHHELD) continue;
      if (choice !== AS_WRITTEN) {
        this.#draw(reply, query, client, image, choice - 1);
        to = this.#hints.writeRdata(octets, from, to, this.#rdata);
        source = this.#rdata;
        from = 0;
      }
      if (!writer.writeRecord(owner.octets, owner.at, type, CLASS.IN, ttlSeconds, source, from, to)) {
        writer.rollback(mark);
        reply.truncated = true;
        return 0;
      }
      written++;
    }
    return written;
  }

  /** The least of the RRset's TTL and those with which this client would be answered by its policies. */
  #ttlSeconds(reply: Reply, query: Query, client: ClientAddress, image: OpenImage, number: number): number {
    const { tables, live } = image;
    let ttlSeconds = liveTtlSeconds(live, number);
    const end = firstChoice(live, number + 1);
    for (let place = firstChoice(live, number); place < end; place++) {
      const choice = live[place] ?? AS_WRITTEN;
      if (choice === WITHHELD || choice === AS_WRITTEN) continue;
      const table = this.#policies.hintTableFor(reply, query, client, image, choice - 1);
      ttlSeconds = Math.min(ttlSeconds, tables.ttlSeconds[table] ?? 0);
    }
    return ttlSeconds;
  }

  #draw(reply: Reply, query: Query, client: ClientAddress, image: OpenImage, policyNumber: number): void {
    if (this.#drawnFrom === policyNumber) return;
    this.#drawnFrom = policyNumber;
    this.#hints.clear();
    this.#policies.drawHints(reply, query, client, image, policyNumber, this.#hints);
  }
}

/** Its number through all zones: within its zone it stands behind its records. */
function liveNumber({ words, zonesAt }: OpenImage, node: number, rrset: number): number {
  const zone = zonesAt + (words[node + NODE.zone] ?? 0) * ZONE.words;
  const ownNumber = words[rrset + (words[rrset + RRSET.words] ?? 0) - 1] ?? 0;
  return (words[zone + ZONE.live] ?? 0) + ownNumber;
}
