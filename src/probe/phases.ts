/**
 * Phases: when within its interval each target is probed. Three aims, in this order:
 *
 *   1. what stays keeps its phase, whatever comes and goes around it;
 *   2. probes of one host are never in step, also those of several monitors and intervals;
 *   3. probes of one monitor are spread evenly over its interval.
 *
 * The k-th target of a monitor has the phase `base + k × φ` (mod 1): multiples of the golden ratio leave no gap wider
 * than 2.7 times the narrowest, for any number of targets, so nobody has to move when one is added. Of the next few `k`
 * a new target takes the first that keeps away from its host's other probes; what it passes over or leaves behind is
 * offered to the next one.
 */

const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;
/** So many places are weighed for a target before the one farthest from its host's others is taken. */
const CANDIDATES_MAX = 16;

export interface Place {
  readonly monitor: string;
  readonly host: string;
  readonly intervalMs: number;
  /** Which multiple of the golden ratio. */
  readonly index: number;
  /** From 0 up to the interval. */
  readonly offsetMs: number;
}

interface MonitorPlaces {
  readonly base: number;
  nextIndex: number;
  /** Passed over or left behind. */
  readonly spare: number[];
}

export interface Phases {
  take(monitor: string, host: string, intervalMs: number): Place;
  release(place: Place): void;
}

export function createPhases(random: () => number): Phases {
  const monitors = new Map<string, MonitorPlaces>();
  const hosts = new Map<string, Set<Place>>();
  return {
    take(monitor, host, intervalMs) {
      const places = monitors.get(monitor) ?? { base: random(), nextIndex: 0, spare: [] };
      monitors.set(monitor, places);
      const neighbours = hosts.get(host) ?? new Set<Place>();
      hosts.set(host, neighbours);
      const offsetOf = (index: number): number => ((places.base + index * GOLDEN_RATIO) % 1) * intervalMs;
      const index = chooseIndex(places, (index) => clearance(offsetOf(index), intervalMs, neighbours));
      const place = { monitor, host, intervalMs, index, offsetMs: offsetOf(index) };
      neighbours.add(place);
      return place;
    },
    release(place) {
      monitors.get(place.monitor)?.spare.push(place.index);
      const neighbours = hosts.get(place.host);
      neighbours?.delete(place);
      if (neighbours?.size === 0) {
        hosts.delete(place.host);
      }
    },
  };
}

/** The next time of a place that is later than now. */
export function nextDueMs(place: Place, nowMs: number): number {
  const turns = Math.floor((nowMs - place.offsetMs) / place.intervalMs) + 1;
  return place.offsetMs + Math.max(0, turns) * place.intervalMs;
}

/** The first candidate with room enough (`clearanceOf` ≥ 1), else the one with the most. */
function chooseIndex(places: MonitorPlaces, clearanceOf: (index: number) => number): number {
  const candidates = places.spare.splice(0, CANDIDATES_MAX);
  let best: number | undefined;
  let bestClearance = -1;
  for (let tried = 0; tried < CANDIDATES_MAX && bestClearance < 1; tried++) {
    if (tried === candidates.length) {
      candidates.push(places.nextIndex++);
    }
    const index = candidates[tried] ?? places.nextIndex++;
    const room = clearanceOf(index);
    if (room > bestClearance) {
      best = index;
      bestClearance = room;
    }
  }
  const chosen = best ?? places.nextIndex++;
  places.spare.unshift(...candidates.filter((index) => index !== chosen));
  return chosen;
}

/**
 * How far an offset is from the nearest probe of the same host, where 1 is enough: a quarter of an equal share. Two
 * intervals come as close as their offsets are apart modulo the greatest common divisor of both.
 */
function clearance(offsetMs: number, intervalMs: number, neighbours: ReadonlySet<Place>): number {
  let least = 1;
  for (const neighbour of neighbours) {
    const cycleMs = greatestCommonDivisor(Math.round(intervalMs), Math.round(neighbour.intervalMs));
    const apartMs = Math.abs(offsetMs - neighbour.offsetMs) % cycleMs;
    const enoughMs = cycleMs / (4 * (neighbours.size + 1));
    least = Math.min(least, Math.min(apartMs, cycleMs - apartMs) / enoughMs);
  }
  return least;
}

function greatestCommonDivisor(one: number, other: number): number {
  let [larger, smaller] = [one, other];
  while (smaller > 0) {
    [larger, smaller] = [smaller, larger % smaller];
  }
  return Math.max(larger, 1);
}
