/**
 * What a drill sees while it runs: it looks at the state that is served, at its own overrides, at the counters and at what its
 * conditions name, and says why it has to end. Nothing is decided here (`policy/drill-conditions`).
 *
 * A look costs about two milliseconds with ten thousand endpoints: answers are read of what is drained alone, metrics one by
 * one and only those that are named, and rungs of policies by place only where another image is served.
 */

import type { ServingState } from "../admin/source.ts";
import type { Counters } from "../answer/answer.ts";
import { forcedStatesAt } from "../health/override.ts";
import { refMatches } from "../health/ref.ts";
import type { Forced } from "../health/verdict.ts";
import {
  type DrainFinding,
  type DrillPlan,
  type PoolAnswers,
  type PoolShares,
  partsOf,
} from "../policy/drill.ts";
import {
  type DrillSight,
  type MeterReading,
  noteReading,
  ratePerSecond,
  type SeriesReading,
  sumOf,
  whyHolds,
  whyWorse,
} from "../policy/drill-conditions.ts";
import {
  answersBetween,
  type DrainTrack,
  findingOf,
  newTrack,
  noteAnswers,
} from "../policy/drill-findings.ts";
import { type PreflightResult, standingsOf } from "../policy/drill-preflight.ts";
import { loadsOf, overfullPools, sharesOfPolicy } from "../policy/drill-standing.ts";
import { endpointsOf } from "../policy/resolved.ts";
import { faultOfRef } from "./overrides.ts";
import { servedPolicies } from "./transitions.ts";

export interface DrillSurroundings {
  readonly now: () => number;
  /** `undefined` until something is served. */
  readonly state: () => ServingState | undefined;
  /** Whether an override of that id is in force. */
  readonly holds: (id: string) => boolean;
  readonly answersByPool: Counters["answersByPool"];
  readonly seriesOf: (metric: string) => Iterable<SeriesReading>;
}

export interface DrillWatch {
  /** Why it has to end, in words. */
  look(): string | undefined;
  /** Whether all that it forces is in what is served. */
  isServed(): boolean;
  /** Whether nothing of it is any more. */
  isLifted(): boolean;
  /** It is served now: what was answered until here is known, however short the drill. */
  noteServed(): void;
  /** What the lines of its preflight come to now. */
  shares(): PoolShares[] | null;
  measure(): { readonly answers: PoolAnswers[]; readonly drained: DrainFinding[] };
}

export interface DrillWatchParts extends DrillSurroundings {
  readonly plan: DrillPlan;
  readonly fromMs: number;
  /** Of its overrides, in the order of its parts. */
  readonly ids: readonly string[];
  readonly result: PreflightResult;
}

export function createDrillWatch(parts: DrillWatchParts): DrillWatch {
  const { plan, fromMs, ids, result, now, state } = parts;
  const refs = partsOf(plan);
  const isTaken = remembered((pool, name) => refs.some(({ ref }) => refMatches(ref, pool, name)));
  const answeredAtStart = parts.answersByPool(() => true);
  const drainedAtStart = parts.answersByPool(isTaken);
  let tracks: readonly DrainTrack[] = [...new Set(result.endpoints.map(({ pool }) => pool))].map(newTrack);
  const meters = new Map<string, readonly MeterReading[]>();
  /** Since all that it forces has been served once. */
  let inEffect = false;
  let seen: { readonly state: ServingState; readonly sight: Omit<DrillSight, "rates"> } | undefined;

  const readAnswers = (atMs: number): void => {
    const sums = parts.answersByPool(isTaken);
    const since = (pool: string): number => (sums.get(pool) ?? 0) - (drainedAtStart.get(pool) ?? 0);
    tracks = tracks.map((track) => noteAnswers(track, since(track.pool), atMs));
  };

  const readRates = (atMs: number): Map<string, number> => {
    const rates = new Map<string, number>();
    for (const condition of plan.abortWhen) {
      if (condition.kind !== "metric" || !condition.isRate) continue;
      const value = sumOf(condition, parts.seriesOf(condition.metric));
      const readings = noteReading(meters.get(condition.text) ?? [], { atMs, value });
      meters.set(condition.text, readings);
      const rate = ratePerSecond(readings);
      if (rate !== undefined) rates.set(condition.text, rate);
    }
    return rates;
  };

  const sightOf = (served: ServingState): Omit<DrillSight, "rates"> => {
    if (seen?.state === served) return seen.sight;
    const { definitions, snapshot } = served;
    const policies = servedPolicies(served);
    const sight = {
      definitions,
      snapshot,
      policies: standingsOf(policies, definitions, snapshot, result.touched),
      overfull: overfullPools(loadsOf(policies), definitions),
      seriesOf: parts.seriesOf,
    };
    seen = { state: served, sight };
    return sight;
  };

  /** What it takes away, and whether that is how it is served. */
  const takenOf = ({ definitions, snapshot }: ServingState): { id: string; as: Forced; is: boolean }[] => {
    const lasting = refs.map(({ ref, state }) => ({ ref, state, untilMs: Number.POSITIVE_INFINITY }));
    const forced = forcedStatesAt(lasting, endpointsOf(definitions), 0);
    return Array.from(forced, ([id, as]) => ({ id, as, is: snapshot.endpoints.get(id)?.forced === as }));
  };

  const whyCountermanded = (served: ServingState): string | undefined => {
    const back = inEffect ? takenOf(served).find(({ is }) => !is) : undefined;
    return back && `another override has the last word: ${back.id} is not forced ${back.as} any more`;
  };

  return {
    look() {
      const atMs = now();
      readAnswers(atMs);
      const rates = readRates(atMs);
      const served = state();
      const lost = refs.find((_, index) => !parts.holds(ids[index] ?? ""));
      if (lost !== undefined) return `its override of ${lost.ref} is gone: somebody cleared or replaced it`;
      if (served === undefined) return undefined;
      const faults = refs.map(({ ref }) => faultOfRef(ref, served.definitions));
      const fault = faults.find((each) => each !== undefined);
      if (fault !== undefined) return `the zones have changed: ${fault}`;
      const sight = { ...sightOf(served), rates };
      const worse = whyCountermanded(served) ?? whyWorse(sight, result.baseline);
      if (worse !== undefined) return worse;
      return plan.abortWhen.map((each) => whyHolds(each, sight)).find((why) => why !== undefined);
    },
    isServed() {
      const served = state();
      return served !== undefined && takenOf(served).every(({ is }) => is);
    },
    noteServed() {
      inEffect = true;
      readAnswers(now());
    },
    isLifted() {
      const served = state();
      return served !== undefined && !takenOf(served).some(({ is }) => is);
    },
    shares() {
      const served = state();
      if (served === undefined) return null;
      const lines = result.preflight.before;
      const owners = new Set(lines.map(({ owner }) => owner));
      const now = servedPolicies(served)
        .filter(({ owner }) => owners.has(owner))
        .flatMap((policy) => sharesOfPolicy(policy, served.definitions, served.snapshot));
      return lines.flatMap(
        (line) => now.find(({ owner, client }) => owner === line.owner && client === line.client) ?? [],
      );
    },
    measure() {
      const atMs = now();
      readAnswers(atMs);
      const { ttlSeconds } = result.preflight;
      return {
        answers: answersBetween(
          answeredAtStart,
          parts.answersByPool(() => true),
          atMs - fromMs,
        ),
        drained: tracks.map((track) => findingOf(track, fromMs, ttlSeconds)),
      };
    },
  };
}

/** The same for an endpoint however often it is asked: of each policy that can answer it, every second. */
function remembered(
  judge: (pool: string, endpoint: string) => boolean,
): (pool: string, endpoint: string) => boolean {
  const known = new Map<string, Map<string, boolean>>();
  return (pool, endpoint) => {
    let ofPool = known.get(pool);
    if (ofPool === undefined) known.set(pool, (ofPool = new Map()));
    let is = ofPool.get(endpoint);
    if (is === undefined) ofPool.set(endpoint, (is = judge(pool, endpoint)));
    return is;
  };
}
