/**
 * Whether a drill may begin: what would be, held against what is. `policy/forcing` says what speaks against the drain by
 * itself; a drill asks for more, since it is for learning and may wait for a better day.
 *
 * | what is found                                                  | kind        | `force` overrules it |
 * | -------------------------------------------------------------- | ----------- | -------------------- |
 * | another drill runs                                             | `busy`      | no                   |
 * | a `$RULE` would be broken                                      | `rule`      | no                   |
 * | somebody has forced one of its very REFs: it would be replaced | `taken`     | no                   |
 * | a condition that is to end it holds now, or would from its start | `condition` | no: leave it out   |
 * | some client of a policy would have nothing that is up          | `emptied`   | yes                  |
 * | a pool would get more than its capacity                        | `capacity`  | yes                  |
 * | a policy is off its first rung                                 | `unhealthy` | yes                  |
 * | an override or a window is in force where its policies answer  | `forced`    | yes                  |
 * | such a window opens before its end                             | `window`    | yes                  |
 * | no policy answers what it takes away                           | `untouched` | yes                  |
 */

import { refMatches } from "../health/ref.ts";
import { observedOf, type Snapshot } from "../health/snapshot.ts";
import { type DrillPlan, describeParts, type PoolShares, partsOf } from "./drill.ts";
import {
  type Baseline,
  type DrillSight,
  describeOverfull,
  describeStanding,
  matchesNothing,
  type PolicyStanding,
  type SeriesReading,
  whyHolds,
} from "./drill-conditions.ts";
import {
  type EvaluatedPolicy,
  evaluated,
  loadsOf,
  overfullPools,
  sharesOfPolicy,
  standingAsServed,
  standingOf,
  touchedBy,
} from "./drill-standing.ts";
import type { Rung } from "./evaluation.ts";
import { objectionsTo, type SafetyRule } from "./forcing.ts";
import type { Definitions, Endpoint } from "./model.ts";
import { reachOf } from "./reach.ts";
import { endpointsOf } from "./resolved.ts";

/** Of the shares, the lines that move most. */
export const SHARES_LIMIT = 50;
/** Of names in one remark. */
const NAMES_LIMIT = 5;

export type DrillObjectionKind =
  | "busy"
  | "rule"
  | "taken"
  | "condition"
  | "emptied"
  | "capacity"
  | "unhealthy"
  | "forced"
  | "window"
  | "untouched";

export interface DrillObjection {
  readonly kind: DrillObjectionKind;
  readonly message: string;
}

const NEVER_OVERRULED: ReadonlySet<DrillObjectionKind> = new Set(["busy", "rule", "taken", "condition"]);

export interface PoolLoad {
  readonly pool: string;
  readonly before: number;
  readonly during: number;
  readonly capacity: number;
}

export interface Preflight {
  readonly objections: readonly DrillObjection[];
  readonly remarks: readonly string[];
  /** How many policies can answer what is taken away. */
  readonly policiesTouched: number;
  /** Of these, the lines that move most. */
  readonly before: readonly PoolShares[];
  /** As it would be. */
  readonly during: readonly PoolShares[];
  /** Pools with a capacity of which some policy says what it demands. */
  readonly loads: readonly PoolLoad[];
  /** The longest that a resolver may keep what it was answered before. */
  readonly ttlSeconds: number;
}

/** What somebody else says of endpoints. */
export interface ForcedByOthers {
  readonly ref: string;
  readonly state: string;
  readonly source: "operator" | "file" | "window";
}

export interface WindowToCome {
  readonly ref: string;
  readonly state: string;
  readonly place: string;
  readonly nextMs: number | undefined;
}

export interface DrillTrial {
  readonly plan: DrillPlan;
  readonly atMs: number;
  readonly isBusy: boolean;
  readonly definitions: Definitions;
  readonly rules: readonly SafetyRule[];
  /** As they are served. */
  readonly policies: readonly EvaluatedPolicy[];
  readonly now: Snapshot;
  /** The same with what the drill forces. */
  readonly during: Snapshot;
  readonly overrides: readonly ForcedByOthers[];
  readonly windows: readonly WindowToCome[];
  readonly seriesOf: (metric: string) => Iterable<SeriesReading>;
}

export interface PreflightResult {
  readonly preflight: Preflight;
  readonly baseline: Baseline;
  /** What it takes away. */
  readonly endpoints: readonly Endpoint[];
  /** The owners of the policies that can answer these. */
  readonly touched: ReadonlySet<string>;
}

export function preflight(trial: DrillTrial): PreflightResult {
  const { plan, definitions, now, during, policies } = trial;
  const parts = partsOf(plan);
  const all = endpointsOf(definitions);
  const endpoints = all.filter(({ pool, name }) => parts.some(({ ref }) => refMatches(ref, pool, name)));
  const hit = new Set(endpoints.map(({ id }) => id));
  const touched = touchedBy(hit, policies, definitions);
  const owners = new Set(touched.map(({ owner }) => owner));
  const foreseen = new Map(touched.map((policy) => [policy.owner, evaluated(policy, definitions, during)]));
  const policiesDuring = policies.map((policy) => foreseen.get(policy.owner) ?? policy);
  const reached = new Set(
    touched.flatMap(({ policy }) => reachOf(policy.expression, definitions).endpoints.map(({ id }) => id)),
  );
  const sights = {
    now: sightOf(trial, policies, now, owners),
    during: sightOf(trial, policiesDuring, during, owners),
  };
  const watched = new Set([...reached].filter((id) => !hit.has(id)));
  const baseline = baselineOf(sights.now, sights.during, watched);
  const shares = sharesOf(touched, foreseen, trial);
  const ttlSeconds = touched.reduce((most, { policy }) => Math.max(most, policy.ttl.maxSeconds), 0);
  return {
    endpoints,
    touched: owners,
    baseline,
    preflight: {
      objections: objections(trial, sights, reached, touched.length),
      remarks: remarks(trial, touched, shares, baseline, ttlSeconds),
      policiesTouched: touched.length,
      ...shares,
      loads: poolLoads(loadsOf(policies), loadsOf(policiesDuring), definitions),
      ttlSeconds,
    },
  };
}

/** What keeps it from beginning, given whether it is forced. */
export function weighing(objections: readonly DrillObjection[], force: boolean): readonly DrillObjection[] {
  return force ? objections.filter(({ kind }) => NEVER_OVERRULED.has(kind)) : objections;
}

/** Of the policies that are not touched, only what is served is looked at. */
export function standingsOf(
  policies: readonly EvaluatedPolicy[],
  definitions: Definitions,
  snapshot: Snapshot,
  touched: ReadonlySet<string>,
): PolicyStanding[] {
  return policies.map((policy) => ({
    owner: policy.owner,
    name: policy.policy.name,
    standing: touched.has(policy.owner)
      ? standingOf(policy, definitions, snapshot)
      : standingAsServed(policy),
  }));
}

function sightOf(
  { definitions, seriesOf }: DrillTrial,
  policies: readonly EvaluatedPolicy[],
  snapshot: Snapshot,
  touched: ReadonlySet<string>,
): DrillSight {
  const overfull = overfullPools(loadsOf(policies), definitions);
  const standings = standingsOf(policies, definitions, snapshot, touched);
  return { definitions, snapshot, policies: standings, overfull, seriesOf, rates: new Map() };
}

function baselineOf(now: DrillSight, during: DrillSight, watched: ReadonlySet<string>): Baseline {
  const rungs = new Map<string, Rung>();
  for (const { owner, standing } of [...now.policies, ...during.policies]) {
    if (standing.rung > (rungs.get(owner) ?? 1)) rungs.set(owner, standing.rung);
  }
  const isDown = (id: string): boolean =>
    observedOf(now.snapshot.endpoints.get(id)?.addresses ?? []) === "down";
  return {
    rungs,
    watched,
    down: new Set([...watched].filter(isDown)),
    overfull: new Set([...now.overfull, ...during.overfull].map(({ pool }) => pool)),
  };
}

function objections(
  trial: DrillTrial,
  sights: { readonly now: DrillSight; readonly during: DrillSight },
  reached: ReadonlySet<string>,
  touchedCount: number,
): DrillObjection[] {
  const { plan, definitions, policies, rules } = trial;
  const found: DrillObjection[] = [];
  const say = (kind: DrillObjectionKind, message: string): void => void found.push({ kind, message });
  if (trial.isBusy) say("busy", "another drill is running");
  for (const objection of objectionsTo({ policies, rules, definitions }, trial.now, trial.during)) {
    say(objection.kind, objection.message);
  }
  const refs = new Set(partsOf(plan).map(({ ref }) => ref));
  for (const { ref, state } of trial.overrides.filter(
    ({ source, ref }) => source === "operator" && refs.has(ref),
  )) {
    say("taken", `${ref} is forced ${state} already, and only one override of a REF is in force`);
  }
  for (const condition of plan.abortWhen) {
    const [holds, would] = [whyHolds(condition, sights.now), whyHolds(condition, sights.during)];
    if (holds !== undefined) say("condition", `'${condition.text}' holds already: ${holds}`);
    else if (would !== undefined) say("condition", `'${condition.text}' would hold at once: ${would}`);
  }
  for (const overfull of sights.during.overfull) say("capacity", describeOverfull(overfull));
  for (const policy of sights.now.policies) {
    if (policy.standing.rung > 1) say("unhealthy", describeStanding(policy));
  }
  const reaches = (ref: string): boolean =>
    endpointsOf(definitions).some(({ id, pool, name }) => reached.has(id) && refMatches(ref, pool, name));
  for (const { ref, state, source } of trial.overrides) {
    const what = source === "window" ? "a window" : "an override";
    if (reaches(ref)) say("forced", `${what} has ${ref} forced ${state}, where its policies answer`);
  }
  for (const { ref, state, place, nextMs } of trial.windows) {
    if (nextMs === undefined || nextMs >= trial.atMs + plan.forMs || !reaches(ref)) continue;
    const at = new Date(nextMs).toISOString();
    say("window", `a window (${place}) forces ${ref} ${state} from ${at} on, before its end`);
  }
  if (touchedCount === 0) say("untouched", `no policy answers ${describeParts(plan)}: it would show nothing`);
  return found;
}

function sharesOf(
  touched: readonly EvaluatedPolicy[],
  foreseen: ReadonlyMap<string, EvaluatedPolicy>,
  { definitions, now, during }: DrillTrial,
): Pick<Preflight, "before" | "during"> {
  const rows = touched.flatMap((policy) => {
    const after = sharesOfPolicy(foreseen.get(policy.owner) ?? policy, definitions, during);
    return sharesOfPolicy(policy, definitions, now).flatMap((before, index) => {
      const row = after[index];
      return row === undefined ? [] : [{ before, during: row, moved: movedBetween(before, row) }];
    });
  });
  rows.sort((one, other) => other.moved - one.moved);
  const kept = rows.slice(0, SHARES_LIMIT);
  return { before: kept.map(({ before }) => before), during: kept.map(({ during }) => during) };
}

/** The part of the clients that other pools get. */
function movedBetween(before: PoolShares, after: PoolShares): number {
  return Object.entries(before.shares).reduce(
    (moved, [pool, share]) => moved + Math.max(0, share - (after.shares[pool] ?? 0)),
    0,
  );
}

function poolLoads(
  before: ReadonlyMap<string, number>,
  during: ReadonlyMap<string, number>,
  { pools }: Definitions,
): PoolLoad[] {
  return [...pools.values()].flatMap(({ name: pool, capacity }) => {
    if (capacity === undefined || !(before.has(pool) || during.has(pool))) return [];
    return [{ pool, before: before.get(pool) ?? 0, during: during.get(pool) ?? 0, capacity }];
  });
}

function remarks(
  { plan, seriesOf }: DrillTrial,
  touched: readonly EvaluatedPolicy[],
  { before, during }: Pick<Preflight, "before" | "during">,
  baseline: Baseline,
  ttlSeconds: number,
): string[] {
  const found: string[] = [];
  const silent = touched.filter(({ policy }) => policy.demand === undefined);
  if (silent.length > 0) {
    found.push(`without a demand their load is not judged: ${namesOf(silent.map(({ owner }) => owner))}`);
  }
  if (baseline.down.size > 0) found.push(`already down: ${namesOf([...baseline.down])}`);
  if (plan.forMs <= ttlSeconds * 1000) {
    found.push(`it is no longer than the TTL of ${ttlSeconds} s: some clients will not notice it`);
  }
  const moves = before.some((row, index) => {
    const other = during[index];
    return other !== undefined && movedBetween(row, other) > 0;
  });
  if (touched.length > 0 && !moves) found.push("nobody is sent elsewhere by it");
  for (const condition of plan.abortWhen) {
    if (condition.kind === "metric" && matchesNothing(condition, seriesOf(condition.metric)))
      found.push(`'${condition.text}' matches nothing so far`);
  }
  return found;
}

function namesOf(names: readonly string[]): string {
  const more = names.length - NAMES_LIMIT;
  return names.slice(0, NAMES_LIMIT).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
