/** Drawing from decision tables: who chooses, and by what, `image/tables` says. Nothing here makes an object. */

import { arrivalOf } from "./rendezvous.ts";
import type { DecisionTables } from "./tables.ts";

/** A number in [0, 1). */
export type Random = () => number;

/** The table for a client at `position`, in 2³², of a table that is sliced. */
export function sliceOf(tables: DecisionTables, table: number, position: number): number {
  const end = (tables.tableSlots[table + 1] ?? 0) - 1;
  let slot = tables.tableSlots[table] ?? 0;
  while (slot < end && position >= (tables.slotThresholds[slot] ?? 0)) slot++;
  return tables.slotCandidates[slot] ?? 0;
}

/** The table that is the favourite of the client at `position`, of a table that is sticky. */
export function favouriteOf(tables: DecisionTables, table: number, position: number): number {
  const end = tables.tableSlots[table + 1] ?? 0;
  let favourite = 0;
  let earliest = Number.POSITIVE_INFINITY;
  for (let slot = tables.tableSlots[table] ?? 0; slot < end; slot++) {
    const part = tables.slotParts[tables.slotAliases[slot] ?? 0] ?? 0;
    const arrival = arrivalOf(position, tables.slotThresholds[slot] ?? 0, part);
    if (arrival >= earliest) continue;
    earliest = arrival;
    favourite = tables.slotCandidates[slot] ?? 0;
  }
  return favourite;
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

/** Room for drawing several candidates, kept from query to query; there is always room for one. */
export interface DrawRoom {
  /** The candidates in drawn order. */
  order: Uint32Array;
  arrivals: Float64Array;
}

export function createDrawRoom(): DrawRoom {
  return { order: new Uint32Array(1), arrivals: new Float64Array(1) };
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
  const { order, arrivals } = roomFor(tables, room);
  const first = tables.drawCandidates[draw] ?? 0;
  const count = candidateCount(tables, draw);
  for (let index = 0; index < count; index++) {
    order[index] = first + index;
    // 1 − random() is above 0, so the logarithm is finite.
    arrivals[index] = -Math.log(1 - random()) / (tables.candidateWeights[first + index] ?? 1);
  }
  return takeEarliest(tables, draw, room);
}

/** The candidate that is the favourite of the client at `position`; the draw has at least one. */
export function favouriteCandidateOf(tables: DecisionTables, draw: number, position: number): number {
  const first = tables.drawCandidates[draw] ?? 0;
  const end = tables.drawCandidates[draw + 1] ?? 0;
  let favourite = first;
  let earliest = Number.POSITIVE_INFINITY;
  for (let candidate = first; candidate < end; candidate++) {
    const key = tables.candidateKeys[candidate] ?? 0;
    const arrival = arrivalOf(position, key, tables.candidateWeights[candidate] ?? 1);
    if (arrival >= earliest) continue;
    earliest = arrival;
    favourite = candidate;
  }
  return favourite;
}

/** As `drawCandidatesInOrder` for the client at `position`, by its favourites in the place of chance. */
export function favouritesInOrder(
  tables: DecisionTables,
  draw: number,
  position: number,
  room: DrawRoom,
): number {
  const { order, arrivals } = roomFor(tables, room);
  const first = tables.drawCandidates[draw] ?? 0;
  const count = candidateCount(tables, draw);
  for (let index = 0; index < count; index++) {
    const candidate = first + index;
    order[index] = candidate;
    const key = tables.candidateKeys[candidate] ?? 0;
    arrivals[index] = arrivalOf(position, key, tables.candidateWeights[candidate] ?? 1);
  }
  return takeEarliest(tables, draw, room);
}

function roomFor({ mostCandidates }: DecisionTables, room: DrawRoom): DrawRoom {
  if (room.order.length < mostCandidates) {
    room.order = new Uint32Array(mostCandidates);
    room.arrivals = new Float64Array(mostCandidates);
  }
  return room;
}

/** Of all candidates of a draw, which stand in the room with their arrivals: as many as are wanted, the earliest first. */
function takeEarliest(tables: DecisionTables, draw: number, room: DrawRoom): number {
  const { order } = room;
  const count = candidateCount(tables, draw);
  const wanted = Math.min(count, tables.drawAnswers[draw] ?? 1);
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
