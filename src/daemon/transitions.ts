/**
 * What changed from one publication to the next: endpoints and pools that come and go, forced states, rungs, failing open.
 * Each change is an event; coming down to a last resort is counted as well.
 *
 * What a publication is compared with:
 *
 * | of               | at the first publication of a run            | later                        |
 * | ---------------- | -------------------------------------------- | ---------------------------- |
 * | endpoints        | what the last run knew of them               | the publication before       |
 * | forced states    | nothing is told: they were when they were set | the publication before      |
 * | pools, policies  | up, and on rung 1: only what is not is told  | the publication before       |
 *
 * So a restart tells what changed while the node was off, and does not repeat what stayed.
 */

import type { LastResortReading, PolicyView, ServingState } from "../admin/source.ts";
import { NOT_MONITORED } from "../health/compose.ts";
import { type EndpointHealth, observedOf } from "../health/snapshot.ts";
import type { Observed } from "../health/verdict.ts";
import type { Evaluation } from "../policy/evaluation.ts";
import { isAddressUp, observedOfPool, standingOfPool } from "../policy/group.ts";
import type { Pool } from "../policy/model.ts";
import { isPoolUp } from "../policy/pool.ts";
import { FAMILIES, familiesOf } from "../policy/reach.ts";
import type { Recorder } from "./events.ts";
import type { Publication } from "./serving.ts";

/** By policy and rung; nothing ever goes down, also when a policy leaves the zones. */
export interface LastResorts {
  count(policy: string, rung: number): void;
  read(): Iterable<LastResortReading>;
}

export function createLastResorts(): LastResorts {
  const counts = new Map<string, { policy: string; rung: string; value: number }>();
  return {
    count(policy, rung) {
      const key = `${rung} ${policy}`;
      const known = counts.get(key) ?? { policy, rung: String(rung), value: 0 };
      known.value += 1;
      counts.set(key, known);
    },
    read: () => counts.values(),
  };
}

type Healths = ReadonlyMap<string, EndpointHealth>;

export interface TransitionsParts {
  readonly record: Recorder;
  readonly lastResorts: LastResorts;
  /** The health of endpoints as the last run knew it; asked for once, at the first publication. */
  readonly known: () => Healths;
}

export interface Transitions {
  /** In steps, as ten thousand endpoints are much to look at; one publication after the other. */
  note(publication: Publication): Generator<void, void>;
  /** As of the latest publication that was noted, by pool: up on rung 1 in any family that it has. */
  readonly pools: ReadonlyMap<string, Observed>;
  /** The same of what probes alone say. */
  readonly observedPools: ReadonlyMap<string, Observed>;
}

/** Of endpoints. Those that are as they were cost next to nothing. */
const LOOKED_AT_A_STEP = 250;

export function createTransitions({ record, lastResorts, known }: TransitionsParts): Transitions {
  const pools = new Map<string, Observed>();
  const observedPools = new Map<string, Observed>();

  function* notePools({ before, after }: Publication, touched: ReadonlySet<string>): Generator<void, void> {
    const { definitions, snapshot } = after;
    for (const kept of [pools, observedPools]) {
      for (const name of kept.keys()) if (!definitions.pools.has(name)) kept.delete(name);
    }
    const isSameSet = before?.definitions === definitions;
    for (const pool of definitions.pools.values()) {
      const moves = touched.has(pool.name) || pool.graceMs > 0 || isHeld(pool, before) || isHeld(pool, after);
      if (isSameSet && !moves) continue;
      const from = pools.get(pool.name);
      const to = stateOfPool(pool, after);
      pools.set(pool.name, to);
      observedPools.set(pool.name, observedOfPool(pool, snapshot));
      yield;
      if (to === (from ?? "up")) continue;
      const held = to === "down" && isHeld(pool, after) ? ["held back by failback"] : [];
      const reason = [...reasonsOfPool(pool, snapshot.endpoints), ...held].join("; ");
      record({ kind: "pool", ref: pool.name, from: from ?? null, to, reason });
    }
  }

  return {
    pools,
    observedPools,
    *note(publication) {
      const { before, after } = publication;
      const healths = after.snapshot.endpoints;
      const healthsBefore = before?.snapshot.endpoints ?? known();
      const changed = yield* changesOf(healthsBefore, healths);
      const touched = new Set<string>();
      for (const change of changed) {
        touched.add(change.ref.slice(0, change.ref.indexOf("/")));
        noteObserved(change, record);
        yield;
      }
      if (before !== undefined) {
        for (const change of changed) {
          noteForced(change, record);
          yield;
        }
      }
      yield* notePools(publication, touched);
      const policiesBefore = new Map<string, PolicyView>();
      for (const view of servedPolicies(before)) policiesBefore.set(view.owner, view);
      for (const view of servedPolicies(after)) {
        notePolicy(policiesBefore.get(view.owner), view, record, lastResorts);
        yield;
      }
    },
  };
}

/** Without dry runs: what they would do happens to nobody, and is no event. */
export function servedPolicies(state: ServingState | undefined): PolicyView[] {
  return (state?.zones ?? []).flatMap(({ policies }) => policies.filter(({ policy }) => !policy.dryRun));
}

/** An endpoint whose health is another one. */
interface Change {
  readonly ref: string;
  readonly before: EndpointHealth | undefined;
  readonly after: EndpointHealth;
}

function* changesOf(before: Healths, after: Healths): Generator<void, Change[]> {
  const changes: Change[] = [];
  let lookedAt = 0;
  for (const [ref, health] of after) {
    const known = before.get(ref);
    // Health that is the same is the same object (`health-book`).
    if (known !== health) changes.push({ ref, before: known, after: health });
    lookedAt += 1;
    if (lookedAt % LOOKED_AT_A_STEP === 0) yield;
  }
  return changes;
}

function noteObserved({ ref, before, after }: Change, record: Recorder): void {
  const from = before === undefined ? "unknown" : observedOf(before.addresses);
  const to = observedOf(after.addresses);
  // What nobody probes does not come and go.
  const probed = after.addresses.some(({ reason }) => reason !== NOT_MONITORED);
  if (from !== to && probed) record({ kind: "endpoint", ref, from, to, reason: reasonOf(after) });
}

function noteForced({ ref, before, after }: Change, record: Recorder): void {
  const from = before?.forced;
  if (from === after.forced) return;
  const reason = `observed ${observedOf(after.addresses)}: ${reasonOf(after)}`;
  record({ kind: "forced", ref, from: from ?? null, to: after.forced ?? null, reason });
}

function isHeld({ name }: Pool, state: ServingState | undefined): boolean {
  return state?.snapshot.holds?.has(name) ?? false;
}

/** What nobody has probed yet, and could be up, is not down. */
function stateOfPool(pool: Pool, { snapshot }: ServingState): Observed {
  const families = familiesOf(pool.endpoints);
  if (families.some((family) => isPoolUp(pool, snapshot, family))) return "up";
  const isOpen = families.some((family) => standingOfPool(pool, snapshot, family).stands === "unknown");
  return isOpen ? "unknown" : "down";
}

function reasonsOfPool({ endpoints }: Pool, healths: Healths): string[] {
  const out = endpoints.flatMap(({ id, name }) => {
    const health = healths.get(id);
    if (health === undefined) return [`${name}: not yet probed`];
    const { forced, addresses } = health;
    if (addresses.some((address) => isAddressUp(forced, address, 1))) return [];
    return [forced === undefined ? `${name}: ${reasonOf(health)}` : `${name}: forced ${forced}`];
  });
  return [`${endpoints.length - out.length} of ${endpoints.length} endpoints up`, ...out];
}

function notePolicy(
  before: PolicyView | undefined,
  after: PolicyView,
  record: Recorder,
  lastResorts: LastResorts,
): void {
  // Evaluations that are the same are the same object (`image/decisions`).
  if (before?.evaluations === after.evaluations) return;
  const rung = worstRung(after);
  if (rung > (before === undefined ? 1 : worstRung(before))) lastResorts.count(after.policy.name, rung);
  const from = before === undefined ? null : describeRungs(before);
  const to = describeRungs(after);
  if (to === (from ?? "rung 1")) return;
  record({ kind: "policy", ref: after.owner, from, to, reason: MEANING[rung] ?? "" });
}

/** In the worse of the families; that of a family without endpoints is the other one's. */
function worstRung({ evaluations }: PolicyView): number {
  return Math.max(...FAMILIES.map((family) => evaluations[family].rung));
}

const MEANING: Readonly<Record<number, string>> = {
  1: "it answers what is up",
  2: "nothing is up but what is held back or not yet probed",
  3: "nothing passes its probes but what is drained",
  4: "nothing that may be answered passes its probes",
};

function describeRungs({ evaluations }: PolicyView): string {
  const [ipv4, ipv6] = [describeRung(evaluations.ipv4), describeRung(evaluations.ipv6)];
  return ipv4 === ipv6 ? ipv4 : `A ${ipv4}, AAAA ${ipv6}`;
}

function describeRung({ rung, failingOpen, outcome }: Evaluation): string {
  if (rung < 4) return `rung ${rung}`;
  return failingOpen ? "failing open" : `nothing (${outcome})`;
}

/** The reasons of its addresses, each once. */
function reasonOf({ addresses }: EndpointHealth): string {
  return [...new Set(addresses.map(({ reason }) => reason))].join("; ");
}
