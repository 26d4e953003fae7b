/**
 * Decisions as tables: what `policy/evaluate` says, laid out in typed arrays from which an answer is drawn without
 * logic and without making an object.
 *
 * ```
 * directory[base(policy) + class × 2 + family] → table      0 = A, 1 = AAAA
 * directory[base(policy) + classes × 2 + class] → table     for hints, where it gives any
 * table  → outcome, rung, TTL, draws [tableDraws(t), tableDraws(t + 1))
 * draw   → the probability up to and with it, how many answers, candidates [drawCandidates(d), drawCandidates(d + 1))
 * candidate → weight, the weight up to and with it, endpoint number within the policy,
 *             rdata octets [candidateOctets(c), candidateOctets(c + 1)): addresses side by side, 4 or 16 octets each, or
 *             the name that a CNAME leads to
 * ```
 *
 * Where every draw of a table has but one answer, its draws and candidates are folded into slots, from which one random
 * number takes a candidate (the alias method, Walker 1977):
 *
 * ```
 * slot → a threshold in 2³², the candidate below it, the candidate from it on (NO_CANDIDATE: NODATA)
 * candidate → records [candidateRecords(c), candidateRecords(c + 1)): octets to be copied behind the question
 * ```
 *
 * Where somebody else than chance has a say, a table has no draws, and its slots lead to other tables. Clients are told
 * apart by their position, a hash of their network:
 *
 * ```
 * sliced  slot → the end of the slice in 2³², the table for the clients in it         (a slow start)
 * sticky  slot → a key, a table, its part [slotParts]: the client's favourite is taken  (`image/rendezvous`)
 * mixed   slot → as those of draws, with tables for candidates: chance takes one
 * ```
 *
 * A table that such a choice by favourites ends at is sticky itself: it has no slots, and its candidates have keys.
 *
 * A table with a candidate that is answered as CNAME has an outcome of its own, so that all others are drawn from without a
 * look at what their records are; and whether a policy can come to one stands beside the directory, for the types that nothing
 * else answers at its owner.
 *
 * All arrays lie in one SharedArrayBuffer, behind a list of their places. `image/tables-builder` writes them, and takes over from
 * the tables before what still holds (`image/table-exchange`); the answer path draws from them (`image/draws`); property
 * tests hold them against `sharesOf`.
 */

/** In `DecisionTables.outcomes`. */
export const OUTCOME = {
  answer: 0,
  nodata: 1,
  servfail: 2,
  /** An answer in which some candidate is a CNAME. */
  cname: 3,
  sliced: 4,
  sticky: 5,
  mixed: 6,
} as const;

/** In `DecisionTables.drawAnswers`: every candidate is answered. */
export const ALL_ANSWERS = 0xffff;

/** In a slot: nothing is answered. */
export const NO_CANDIDATE = -1;

export interface DecisionTables {
  /** By policy number. */
  readonly directoryBases: Uint32Array;
  readonly directory: Uint32Array;
  /** By policy number: 1 where one of its endpoints is answered as CNAME, and it is no dry run. */
  readonly policyCnames: Uint8Array;
  readonly outcomes: Uint8Array;
  /** By table: the rung of the ladder of last resorts that it is from, 1 to 4. */
  readonly rungs: Uint8Array;
  readonly ttlSeconds: Uint32Array;
  readonly tableDraws: Uint32Array;
  readonly drawProbabilities: Float64Array;
  readonly drawAnswers: Uint16Array;
  /** 1 where two candidates of the draw share an address, which an answer may hold but once (RFC 2181 §5). */
  readonly drawRepeats: Uint8Array;
  readonly drawCandidates: Uint32Array;
  readonly candidateWeights: Float64Array;
  readonly candidateSums: Float64Array;
  readonly candidateEndpoints: Uint32Array;
  readonly candidateOctets: Uint32Array;
  readonly octets: Uint8Array;
  /** 1 where the client's favourites are taken in the place of chance. */
  readonly tableSticky: Uint8Array;
  /** Of `tableSticky` ones only. */
  readonly candidateKeys: Uint32Array;
  readonly slotParts: Float64Array;
  /** The slots of table t are [tableSlots(t), tableSlots(t + 1)); none: it is drawn from by draws. */
  readonly tableSlots: Uint32Array;
  readonly slotThresholds: Uint32Array;
  readonly slotCandidates: Int32Array;
  readonly slotAliases: Int32Array;
  readonly candidateRecords: Uint32Array;
  readonly records: Uint8Array;
  /** The most candidates that one draw has: the room that `drawCandidatesInOrder` needs. */
  readonly mostCandidates: number;
}

const ALIGNMENT_OCTETS = 8;

/** How much of everything there is to be. */
export interface TableSizes {
  readonly policies: number;
  /** Of the directory. */
  readonly entries: number;
  readonly tables: number;
  readonly draws: number;
  readonly candidates: number;
  /** Of rdata. */
  readonly octets: number;
  /** Of records. */
  readonly recordOctets: number;
  readonly slots: number;
  /** Slots of choices by rendezvous. */
  readonly parts: number;
  readonly mostCandidates: number;
}

/** The arrays in the order in which they lie in the bytes: octets of an element, and how many elements. */
function layoutOf(sizes: TableSizes): readonly (readonly [octetsEach: number, length: number])[] {
  const { policies, entries, tables, draws, candidates, octets, recordOctets, slots, parts } = sizes;
  return [
    [4, policies],
    [4, entries],
    [1, policies],
    [1, tables],
    [1, tables],
    [4, tables],
    [4, tables + 1],
    [8, draws],
    [2, draws],
    [1, draws],
    [4, draws + 1],
    [8, candidates],
    [8, candidates],
    [4, candidates],
    [4, candidates + 1],
    [1, octets],
    [4, tables + 1],
    [4, slots],
    [4, slots],
    [4, slots],
    [4, candidates + 1],
    [1, recordOctets],
    [1, tables],
    [4, candidates],
    [8, parts],
  ];
}

/** Bytes for tables, all 0, to be filled: `mostCandidates`, then octet and length of each array, then the arrays. */
export function createTables(sizes: TableSizes): SharedArrayBuffer {
  const layout = layoutOf(sizes);
  let octets = aligned((1 + layout.length * 2) * Uint32Array.BYTES_PER_ELEMENT);
  const head = [sizes.mostCandidates];
  for (const [octetsEach, length] of layout) {
    head.push(octets, length);
    octets = aligned(octets + octetsEach * length);
  }
  const bytes = new SharedArrayBuffer(octets);
  new Uint32Array(bytes).set(head);
  return bytes;
}

function aligned(octets: number): number {
  return Math.ceil(octets / ALIGNMENT_OCTETS) * ALIGNMENT_OCTETS;
}

/** Views of tables in their bytes, on any thread; in the order of `layoutOf`. */
export function openTables(bytes: SharedArrayBuffer): DecisionTables {
  const header = new Uint32Array(bytes);
  let index = 0;
  const next = <T>(View: new (bytes: SharedArrayBuffer, octet: number, length: number) => T): T => {
    const view = new View(bytes, header[1 + index * 2] ?? 0, header[2 + index * 2] ?? 0);
    index++;
    return view;
  };
  return {
    directoryBases: next(Uint32Array),
    directory: next(Uint32Array),
    policyCnames: next(Uint8Array),
    outcomes: next(Uint8Array),
    rungs: next(Uint8Array),
    ttlSeconds: next(Uint32Array),
    tableDraws: next(Uint32Array),
    drawProbabilities: next(Float64Array),
    drawAnswers: next(Uint16Array),
    drawRepeats: next(Uint8Array),
    drawCandidates: next(Uint32Array),
    candidateWeights: next(Float64Array),
    candidateSums: next(Float64Array),
    candidateEndpoints: next(Uint32Array),
    candidateOctets: next(Uint32Array),
    octets: next(Uint8Array),
    tableSlots: next(Uint32Array),
    slotThresholds: next(Uint32Array),
    slotCandidates: next(Int32Array),
    slotAliases: next(Int32Array),
    candidateRecords: next(Uint32Array),
    records: next(Uint8Array),
    tableSticky: next(Uint8Array),
    candidateKeys: next(Uint32Array),
    slotParts: next(Float64Array),
    mostCandidates: header[0] ?? 0,
  };
}

export function tableOf(
  tables: DecisionTables,
  policyNumber: number,
  classNumber: number,
  family: 0 | 1,
): number {
  const base = tables.directoryBases[policyNumber] ?? 0;
  return tables.directory[base + classNumber * 2 + family] ?? 0;
}

/**
 * The table that hints are drawn from, of a policy that has such: its directory goes on behind the entries for A and AAAA
 * with one a class. Its candidates have the addresses of both families (`policy/both-families`).
 */
export function hintTableOf(tables: DecisionTables, policyNumber: number, classNumber: number): number {
  const base = tables.directoryBases[policyNumber] ?? 0;
  const end = tables.directoryBases[policyNumber + 1] ?? tables.directory.length;
  return tables.directory[base + ((end - base) / 3) * 2 + classNumber] ?? 0;
}
