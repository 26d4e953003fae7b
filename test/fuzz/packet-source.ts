/**
 * Packets for fuzzing, the same ones for the same seed: valid queries with a few octets changed, cut, doubled or spliced
 * together, and some that are random from end to end.
 */

import { seededRandom } from "../support/answering.ts";
import { join, opt, option, packet, query, question } from "../support/packets.ts";

const NAMES =
  "www big mid alias chain dangling toloop x.wild y.x.wild sub x.sub here.moved fail both near four topolicy aware x.any missing . ent";
const TYPES = ["A", "AAAA", "MX", "SOA", "ANY", "CNAME", "TXT", "NS", "DS", "AXFR", "TYPE65280", "HTTPS"];

function validQueries(): Uint8Array[] {
  const names = NAMES.split(" ").map((name) => (name === "." ? name : `${name}.example.`));
  const options = [
    [],
    [option(3)],
    [option(8, 0, 1, 24, 0, 10, 1, 2)],
    [option(8, 0, 2, 32, 0, 0x20, 1, 0x0d, 0xb8), option(11)],
    [option(10, 1, 2, 3, 4, 5, 6, 7, 8)],
    [option(10, ...new Uint8Array(24).fill(1)), option(12, 0, 0), option(11), option(3)],
  ];
  const queries: Uint8Array[] = [];
  for (const name of names) {
    for (const type of TYPES) {
      queries.push(query(name, type), packet({ question: question(name, type, 3) }));
      for (const each of options) queries.push(query(name, type, opt({ options: each })));
    }
  }
  return queries;
}

export function createPacketSource(seed: number): () => Uint8Array {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const valid = validQueries();
  const pick = (): Uint8Array => Uint8Array.from(valid[below(valid.length)] ?? []);
  const octets = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => below(256));
  const changed = (from: Uint8Array, first: number): Uint8Array => {
    for (let times = 1 + below(3); times > 0; times--) {
      from[first + below(Math.max(1, from.length - first))] = below(256);
    }
    return from;
  };
  const kinds: readonly (() => Uint8Array)[] = [
    pick,
    () => octets(below(64)),
    () => octets(below(1_500)),
    () => changed(pick(), 0),
    () => changed(pick(), 12),
    () => changed(pick(), 2).fill(0, 4, 4).fill(1, 5, 6),
    () => pick().subarray(0, below(60)),
    () => join(pick(), octets(below(20))),
    () => {
      const one = pick();
      const at = below(one.length);
      return join(one.subarray(0, at), pick().subarray(at));
    },
    () => {
      // A header with any counts over random records.
      const header = packet({ flags: below(0x8000), counts: [below(3), below(2), below(2), below(4)] });
      return join(header, pick().subarray(12), octets(below(40)));
    },
    () => {
      const from = pick();
      // EDNS version and flags stand before RDLENGTH.
      from[from.length - 5 + below(3)] = below(4);
      return from;
    },
  ];
  return () => (kinds[below(kinds.length)] ?? pick)();
}
