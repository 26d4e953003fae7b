/**
 * How much of the address space two geo databases put in different places: what a new edition of a database changes, before
 * anybody is answered by it. Both are gone through side by side, interval by interval.
 *
 * IPv4 is counted in addresses. IPv6 is counted in networks of 64 bits, what lies within one of them aside: nobody is given
 * less (RFC 6177).
 */

import { FAMILY, type GeoDatabase, HEADER } from "./database.ts";

/** What one database puts at the one place and the other one at the other; numbers of places, 0 where nobody knows. */
export interface PlaceFlow {
  readonly before: number;
  readonly after: number;
  readonly size: number;
}

export interface PlaceFlows {
  /** Each pair of places once, those that are the same in number too. */
  readonly flows: readonly PlaceFlow[];
  /** What either of them knows a place of. */
  readonly knownSize: number;
}

interface Intervals {
  readonly count: number;
  /** The first of an interval, as a number; the end of all addresses for the one behind the last. */
  readonly startOf: (interval: number) => number;
  readonly placeOf: (interval: number) => number;
}

const WORD = 2 ** 32;

export function placeFlows(before: GeoDatabase, after: GeoDatabase, family: "ipv4" | "ipv6"): PlaceFlows {
  const one = intervalsOf(before, family);
  const other = intervalsOf(after, family);
  const sizes = new Map<string, { before: number; after: number; size: number }>();
  let knownSize = 0;
  let at = 0;
  for (let left = 0, right = 0; left < one.count && right < other.count; ) {
    const [leftEnd, rightEnd] = [one.startOf(left + 1), other.startOf(right + 1)];
    const end = Math.min(leftEnd, rightEnd);
    const places = { before: one.placeOf(left), after: other.placeOf(right) };
    const size = Math.max(0, end - at);
    if (places.before !== 0 || places.after !== 0) knownSize += size;
    const key = `${places.before} ${places.after}`;
    const flow = sizes.get(key) ?? { ...places, size: 0 };
    flow.size += size;
    sizes.set(key, flow);
    if (leftEnd === end) left += 1;
    if (rightEnd === end) right += 1;
    at = end;
  }
  return { flows: [...sizes.values()], knownSize };
}

function intervalsOf({ words }: GeoDatabase, family: "ipv4" | "ipv6"): Intervals {
  const header = family === "ipv4" ? HEADER.ipv4 : HEADER.ipv6;
  const count = words[header + FAMILY.count] ?? 0;
  const starts = words[header + FAMILY.starts] ?? 0;
  const places = words[header + FAMILY.places] ?? 0;
  const wordAt = (at: number): number => (words[at] ?? 0) >>> 0;
  return {
    count,
    startOf(interval) {
      if (family === "ipv4") return interval === count ? WORD : wordAt(starts + interval);
      if (interval === count) return WORD * WORD;
      return wordAt(starts + interval * 4) * WORD + wordAt(starts + interval * 4 + 1);
    },
    placeOf: (interval) => words[places + interval] ?? 0,
  };
}
