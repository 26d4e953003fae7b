/**
 * Decisions as tables: what `policy/evaluate` says, laid out in typed arrays from which an answer is drawn without
 * logic and without making an object.
 *
 * ```
 * directory[base(policy) + class × 2 + family] → table      0 = A, 1 = AAAA
 * table  → outcome, rung, TTL, draws [tableDraws(t), tableDraws(t + 1))
 * draw   → the probability up to and with it, how many answers, candidates [drawCandidates(d), drawCandidates(d + 1))
 * candidate → weight, the weight up to and with it, endpoint number within the policy,
 *             rdata octets [candidateOctets(c), candidateOctets(c + 1)): addresses side by side, 4 or 16 octets each
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
 * While a pool is in its slow start, clients are told apart by their position: such a table has no draws, and its slots are
 * slices of the clients, in order:
 *
 * ```
 * slot → the end of the slice in 2³², the table for the clients in it
 * ```
 *
 * All arrays lie in one SharedArrayBuffer, behind a list of their places. `image/decisions` writes them, the answer path
 * draws from them; property tests hold them against `sharesOf`.
 */

/** In `DecisionTables.outcomes`. */
export const OUTCOME = { answer: 0, nodata: 1, servfail: 2, sliced: 3 } as const;

/** In `DecisionTables.drawAnswers`: every candidate is answered. */
export const ALL_ANSWERS = 0xffff;

/** In a slot: nothing is answered. */
export const NO_CANDIDATE = -1;

export interface DecisionTables {
  /** By policy number. */
  readonly directoryBases: Uint32Array;
  readonly directory: Uint32Array;
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

type TableArray = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/** The order of the arrays in the bytes. */
function arraysOf(tables: DecisionTables): readonly TableArray[] {
  return [
    tables.directoryBases,
    tables.directory,
    tables.outcomes,
    tables.rungs,
    tables.ttlSeconds,
    tables.tableDraws,
    tables.drawProbabilities,
    tables.drawAnswers,
    tables.drawRepeats,
    tables.drawCandidates,
    tables.candidateWeights,
    tables.candidateSums,
    tables.candidateEndpoints,
    tables.candidateOctets,
    tables.octets,
    tables.tableSlots,
    tables.slotThresholds,
    tables.slotCandidates,
    tables.slotAliases,
    tables.candidateRecords,
    tables.records,
  ];
}

/** Lays tables out side by side: `mostCandidates`, then octet and length of each array, then the arrays. */
export function packTables(tables: DecisionTables): SharedArrayBuffer {
  const arrays = arraysOf(tables);
  let octets = aligned((1 + arrays.length * 2) * Uint32Array.BYTES_PER_ELEMENT);
  const places = arrays.map((array) => {
    const place = octets;
    octets = aligned(octets + array.byteLength);
    return place;
  });
  const bytes = new SharedArrayBuffer(octets);
  const header = new Uint32Array(bytes);
  const whole = new Uint8Array(bytes);
  header[0] = tables.mostCandidates;
  arrays.forEach((array, index) => {
    const place = places[index] ?? 0;
    header[1 + index * 2] = place;
    header[2 + index * 2] = array.length;
    whole.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), place);
  });
  return bytes;
}

function aligned(octets: number): number {
  return Math.ceil(octets / ALIGNMENT_OCTETS) * ALIGNMENT_OCTETS;
}

/** Views of packed tables, on any thread. */
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
    mostCandidates: header[0] ?? 0,
  };
}

/** A number in [0, 1). */
export type Random = () => number;

export function tableOf(
  tables: DecisionTables,
  policyNumber: number,
  classNumber: number,
  family: 0 | 1,
): number {
  const base = tables.directoryBases[policyNumber] ?? 0;
  return tables.directory[base + classNumber * 2 + family] ?? 0;
}

/** The table for a client at `position`, in 2³², of a table that is sliced. */
export function sliceOf(tables: DecisionTables, table: number, position: number): number {
  const end = (tables.tableSlots[table + 1] ?? 0) - 1;
  let slot = tables.tableSlots[table] ?? 0;
  while (slot < end && position >= (tables.slotThresholds[slot] ?? 0)) slot++;
  return tables.slotCandidates[slot] ?? 0;
}

/** Draws one of a table's draws by probability; the table has at least one. */
export function drawOf(tables: DecisionTables, table: number, random: Random): number {
  const first = tables.tableDraws[table] ?? 0;
  const end = tables.tableDraws[table + 1] ?? 0;
  if (end - first === 1) return first;
  return firstAbove(tables.drawProbabilities, first, end, random());
}

export function candidateCount(tables: DecisionTables, draw: number): number {
  return (tables.drawCandidates[draw + 1] ?? 0) - (tables.drawCandidates[draw] ?? 0);
}

/** Draws one candidate by weight; the draw has at least one. */
export function candidateOf(tables: DecisionTables, draw: number, random: Random): number {
  const first = tables.drawCandidates[draw] ?? 0;
  const end = tables.drawCandidates[draw + 1] ?? 0;
  if (end - first === 1) return first;
  return firstAbove(tables.candidateSums, first, end, random() * (tables.candidateSums[end - 1] ?? 0));
}

/** The first index in [first, end) whose bound lies above `value`; the last one where rounding leaves none. */
function firstAbove(bounds: Float64Array, first: number, end: number, value: number): number {
  let low = first;
  let high = end - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((bounds[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Room for drawing several candidates, kept from query to query. */
export interface DrawRoom {
  /** The candidates in drawn order. */
  order: Uint32Array;
  arrivals: Float64Array;
}

export function createDrawRoom(): DrawRoom {
  return { order: new Uint32Array(0), arrivals: new Float64Array(0) };
}

/**
 * Draws as many distinct candidates as the draw asks for, by weight without replacement, into `room.order`, and says
 * how many. Each candidate is given a time of arrival, exponential with its weight as the rate; the order of arrival is
 * that of drawing one after the other (Efraimidis and Spirakis 2006). A heap yields the earliest of n in log n steps.
 */
export function drawCandidatesInOrder(
  tables: DecisionTables,
  draw: number,
  random: Random,
  room: DrawRoom,
): number {
  if (room.order.length < tables.mostCandidates) {
    room.order = new Uint32Array(tables.mostCandidates);
    room.arrivals = new Float64Array(tables.mostCandidates);
  }
  const { order, arrivals } = room;
  const first = tables.drawCandidates[draw] ?? 0;
  const count = candidateCount(tables, draw);
  const wanted = Math.min(count, tables.drawAnswers[draw] ?? 1);
  for (let index = 0; index < count; index++) {
    order[index] = first + index;
    // 1 − random() is above 0, so the logarithm is finite.
    arrivals[index] = -Math.log(1 - random()) / (tables.candidateWeights[first + index] ?? 1);
  }
  for (let parent = (count >>> 1) - 1; parent >= 0; parent--) sink(room, parent, count);
  for (let taken = 0; taken < wanted; taken++) {
    const last = count - 1 - taken;
    swap(room, 0, last);
    sink(room, 0, last);
  }
  // The earliest stand at the end, in reverse.
  order.subarray(count - wanted, count).reverse();
  order.copyWithin(0, count - wanted, count);
  return wanted;
}

/** Lets the entry at `at` sink to its place in a heap of `count`, earliest arrival on top. */
function sink(room: DrawRoom, at: number, count: number): void {
  const { arrivals } = room;
  for (let parent = at; ; ) {
    let earliest = parent * 2 + 1;
    if (earliest >= count) return;
    if (earliest + 1 < count && (arrivals[earliest + 1] ?? 0) < (arrivals[earliest] ?? 0)) earliest++;
    if ((arrivals[parent] ?? 0) <= (arrivals[earliest] ?? 0)) return;
    swap(room, parent, earliest);
    parent = earliest;
  }
}

function swap({ order, arrivals }: DrawRoom, one: number, other: number): void {
  const candidate = order[one] ?? 0;
  const arrival = arrivals[one] ?? 0;
  order[one] = order[other] ?? 0;
  arrivals[one] = arrivals[other] ?? 0;
  order[other] = candidate;
  arrivals[other] = arrival;
}
