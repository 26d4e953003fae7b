/**
 * Drills, live: one at a time, run by the node, whoever asked for it and whether he still listens. `policy/drill` draws the
 * life of one; here the preflight is put together, the overrides are set and lifted, and the verdict is written down.
 *
 *     start:  preflight → on disk as running → overrides (journalled, with the drill's end as theirs) → event
 *     each second: look → go on, or end
 *     end:    overrides lifted → served without them → verdict on disk → event
 *
 * The order is what makes a crash harmless: at the next start whatever is on disk as running is lifted before anything is
 * served, and reported as aborted. The overrides are found again by their ids, which follow from that of the drill.
 */

import { setTimeout as wait } from "node:timers/promises";
import type { DrillOutcomeOf, DrillRefusal, DrillsSource } from "../admin/drill-source.ts";
import type { EventsSource, NodeEvent } from "../admin/events/event.ts";
import type { OverridesSource } from "../admin/override-source.ts";
import { forcedStatesAt, withForcedStates } from "../health/override.ts";
import {
  type DrillHappening,
  type DrillPlan,
  type DrillReport,
  describeParts,
  type PoolShares,
  partsOf,
} from "../policy/drill.ts";
import { remarksOn } from "../policy/drill-findings.ts";
import { type PreflightResult, preflight, weighing } from "../policy/drill-preflight.ts";
import type { SafetyRule } from "../policy/forcing.ts";
import { endpointsOf } from "../policy/resolved.ts";
import { DRILLS_LIMIT, keepDrills, readDrills } from "./drill-file.ts";
import { faultOfPlan } from "./drill-names.ts";
import { createDrillWatch, type DrillSurroundings, type DrillWatch } from "./drill-watch.ts";
import type { Recorder } from "./events.ts";
import { servedPolicies } from "./transitions.ts";

/** How often a drill looks around. */
const LOOK_EVERY_MS = 1_000;
/** How long the end of a drill waits for an image without it. */
const LIFTED_WITHIN_MS = 5_000;
/** Between two tries to lift what could not be written down. */
const RETRY_MS = 1_000;
const EVENTS_LIMIT = 100;

const DRILL_OUTCOMES = ["passed", "aborted", "refused"] as const;
type CountedOutcome = (typeof DRILL_OUTCOMES)[number];

export interface DrillsParts extends DrillSurroundings {
  readonly folder: string;
  readonly newId: () => string;
  readonly rules: () => readonly SafetyRule[];
  /** Takes leave of overrides that have ended. */
  readonly settle: () => void;
  readonly overrides: Pick<OverridesSource, "list" | "windows" | "set" | "clear">;
  readonly events: Pick<EventsSource, "subscribe">;
  readonly record: Recorder;
  /** What could not be written down, or read. */
  readonly onFault: (reason: string) => void;
}

export interface Drills extends Omit<DrillsSource, "scheduled"> {
  /** Lifts what a node was killed over; once the overrides are replayed, and before anything is served. */
  begin(): Promise<void>;
  /** Something else is served now. */
  published(): void;
  /** Ends the one that runs. */
  stop(): Promise<void>;
}

interface Running {
  report: DrillReport;
  readonly ids: readonly string[];
  readonly watch: DrillWatch;
  /** Ends what it was told of. */
  readonly unsubscribe: () => void;
  readonly events: DrillHappening[];
  eventsLeftOut: number;
  during: PoolShares[] | null;
  ending: Promise<DrillReport> | undefined;
}

export function createDrills(parts: DrillsParts): Drills {
  const { now, state, overrides, record } = parts;
  let past: readonly DrillReport[] = [];
  let running: Running | undefined;
  let starting: Promise<DrillOutcomeOf> | undefined;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let noteLifted: () => void = () => undefined;
  const counts = new Map<CountedOutcome, number>(DRILL_OUTCOMES.map((outcome) => [outcome, 0]));

  const count = (outcome: CountedOutcome): void => void counts.set(outcome, (counts.get(outcome) ?? 0) + 1);

  const list = (): readonly DrillReport[] => (running === undefined ? past : [...past, reportOf(running)]);

  /** One write at a time, each of all there is. */
  const keep = (drills: readonly DrillReport[]): Promise<void> => {
    const done = writing.then(() => keepDrills(parts.folder, drills));
    writing = done.catch(() => undefined);
    return done;
  };

  const keepOrTell = async (): Promise<void> => {
    try {
      await keep(list());
    } catch (error) {
      parts.onFault(`cannot write drills down: ${messageOf(error)}`);
    }
  };

  const judge = (plan: DrillPlan): { readonly ok: true; readonly result: PreflightResult } | DrillRefusal => {
    const served = state();
    if (served === undefined || stopped) return refusal("unavailable", "it serves nothing");
    const { definitions, snapshot } = served;
    const unknown = faultOfPlan(plan, definitions, servedPolicies(served));
    if (unknown !== undefined) return refusal("unknown", unknown);
    const others = overrides.list();
    const lasting = partsOf(plan).map(({ ref, state }) => ({
      ref,
      state,
      untilMs: Number.POSITIVE_INFINITY,
    }));
    const forced = forcedStatesAt([...others, ...lasting], endpointsOf(definitions), now());
    const result = preflight({
      plan,
      atMs: now(),
      isBusy: starting !== undefined || running !== undefined,
      definitions,
      rules: parts.rules(),
      policies: servedPolicies(served),
      now: snapshot,
      during: withForcedStates(snapshot, forced),
      overrides: others,
      windows: overrides.windows(),
      seriesOf: parts.seriesOf,
    });
    return { ok: true, result };
  };

  /** A schedule has nobody who reads the answer: whatever keeps its drill from beginning is told. */
  const refuse = (plan: DrillPlan, why: DrillRefusal): DrillRefusal => {
    if (why.kind !== "refused" && plan.name === undefined) return why;
    count("refused");
    record({ ...happeningOf(plan), from: null, to: "refused", reason: plan.reason, refused: why.message });
    return why;
  };

  const force = async (plan: DrillPlan, ids: readonly string[]): Promise<DrillRefusal | undefined> => {
    const { forMs, owner, force } = plan;
    const reason = `drill: ${plan.reason}`;
    for (const [index, { ref, state }] of partsOf(plan).entries()) {
      const id = ids[index] ?? "";
      const outcome = await overrides.set({ id, ref, state, forMs, reason, owner, force });
      if (outcome.ok) continue;
      await liftOnce(ids.slice(0, index));
      return refusal(outcome.kind, outcome.message);
    }
    return undefined;
  };

  /** Those that are left, as they cannot be written down, end by themselves. */
  const liftOnce = async (ids: readonly string[]): Promise<boolean> => {
    for (const id of ids.filter(parts.holds)) {
      const outcome = await overrides.clear({ id });
      if (!outcome.ok && outcome.kind === "unavailable") parts.onFault(outcome.message);
    }
    return !ids.some(parts.holds);
  };

  const lift = async (ids: readonly string[]): Promise<void> => {
    for (;;) {
      if ((await liftOnce(ids)) || stopped) return;
      await wait(RETRY_MS, undefined, { ref: false });
    }
  };

  const begin = async (plan: DrillPlan, result: PreflightResult): Promise<DrillOutcomeOf> => {
    const fromMs = now();
    const report = newReport(parts.newId(), plan, result, fromMs);
    const ids = partsOf(plan).map((_, index) => overrideIdOf(report.id, index));
    try {
      await keep([...past, report]);
    } catch (error) {
      return refusal("unavailable", `Cannot write it down: ${messageOf(error)}`);
    }
    const watch = createDrillWatch({ ...parts, plan, fromMs, ids, result });
    const begun: Running = {
      report,
      ids,
      watch,
      unsubscribe: parts.events.subscribe((event) => noteEvent(begun, event)),
      events: [],
      eventsLeftOut: 0,
      during: null,
      ending: undefined,
    };
    const refused = await force(plan, ids);
    if (refused !== undefined) {
      begun.unsubscribe();
      await keepOrTell();
      return refused;
    }
    running = begun;
    record({ ...happeningOf(plan), from: null, to: "running", reason: plan.reason });
    awaitLook(begun);
    return { ok: true, drill: report };
  };

  const awaitLook = (drill: Running): void => {
    clearTimeout(timer);
    const leftMs = drill.report.untilMs - now();
    timer = setTimeout(() => step(drill), Math.min(LOOK_EVERY_MS, Math.max(1, leftMs)));
    timer.unref();
  };

  const noteServed = (drill: Running): void => {
    if (drill.during !== null || !drill.watch.isServed()) return;
    drill.watch.noteServed();
    drill.during = drill.watch.shares();
  };

  const step = (drill: Running): void => {
    if (drill !== running || drill.ending !== undefined) return;
    noteServed(drill);
    if (now() >= drill.report.untilMs) void end(drill, "passed", "it ran its time, and nothing went bad");
    else {
      const why = drill.watch.look();
      if (why === undefined) awaitLook(drill);
      else void end(drill, "aborted", why);
    }
  };

  const end = (drill: Running, outcome: "passed" | "aborted", why: string): Promise<DrillReport> => {
    drill.ending ??= finish(drill, outcome, why);
    return drill.ending;
  };

  const finish = async (drill: Running, outcome: "passed" | "aborted", why: string): Promise<DrillReport> => {
    clearTimeout(timer);
    const endedMs = now();
    const { report, watch } = drill;
    const measured = watch.measure();
    await lift(drill.ids);
    parts.settle();
    if (!stopped) await untilLifted(watch);
    drill.unsubscribe();
    const lengthMs = endedMs - report.fromMs;
    const remarks = remarksOn(measured.drained, lengthMs, report.preflight.ttlSeconds);
    const after = stopped ? null : watch.shares();
    const ended: DrillReport = { ...reportOf(drill), ...measured, outcome, why, endedMs, after, remarks };
    past = [...past, ended].slice(-DRILLS_LIMIT);
    running = undefined;
    tell(ended);
    await keepOrTell();
    return ended;
  };

  const tell = ({ outcome, why, ...report }: DrillReport): void => {
    if (outcome === "running") return;
    count(outcome);
    record({ ...happeningOf(report), from: "running", to: outcome, reason: why });
  };

  const untilLifted = async (watch: DrillWatch): Promise<void> => {
    const deadline = new AbortController();
    const lifted = new Promise<void>((resolve) => {
      noteLifted = () => {
        if (watch.isLifted()) resolve();
      };
      noteLifted();
    });
    const late = wait(LIFTED_WITHIN_MS, undefined, { ref: false, signal: deadline.signal });
    await Promise.race([lifted, late]);
    deadline.abort();
    await late.catch(() => undefined);
    noteLifted = () => undefined;
  };

  /** What ran when the node was killed. */
  const lost = async (report: DrillReport): Promise<DrillReport> => {
    if (report.outcome !== "running") return report;
    await liftOnce(partsOf(report).map((_, index) => overrideIdOf(report.id, index)));
    const ended: DrillReport = { ...report, outcome: "aborted", why: "the node restarted", endedMs: now() };
    tell(ended);
    return ended;
  };

  return {
    list,
    outcomes: () => Array.from(counts, ([outcome, value]) => ({ labels: { outcome }, value })),
    preflight(plan) {
      const judged = judge(plan);
      return judged.ok ? { ok: true, preflight: judged.result.preflight } : judged;
    },
    async start(plan) {
      const judged = judge(plan);
      if (!judged.ok) return refuse(plan, judged);
      const { preflight } = judged.result;
      const against = weighing(preflight.objections, plan.force);
      if (against.length > 0) {
        const words = against.map(({ message }) => message).join("; ");
        return refuse(plan, { ...refusal("refused", `Cannot begin the drill: ${words}`), preflight });
      }
      starting = begin(plan, judged.result);
      try {
        const outcome = await starting;
        return outcome.ok ? outcome : refuse(plan, outcome);
      } finally {
        starting = undefined;
      }
    },
    async abort(id, owner) {
      if (running?.report.id === id)
        return { ok: true, drill: await end(running, "aborted", `asked to by ${owner}`) };
      const known = past.some((drill) => drill.id === id);
      return known
        ? refusal("refused", `drill '${id}' has ended`)
        : refusal("unknown", `there is no drill '${id}'`);
    },
    async begin() {
      const read = await readDrills(parts.folder);
      if (!read.ok) parts.onFault(`cannot read the drills of before: ${read.reason}`);
      const drills = read.ok ? read.drills : [];
      past = await Promise.all(drills.map(lost));
      if (drills.some(({ outcome }) => outcome === "running")) await keepOrTell();
    },
    published() {
      if (running !== undefined) noteServed(running);
      noteLifted();
    },
    async stop() {
      stopped = true;
      await starting;
      if (running !== undefined) await end(running, "aborted", "the node is stopping");
      await writing;
    },
  };
}

function overrideIdOf(drillId: string, index: number): string {
  return `drill-${drillId}-${index}`;
}

function newReport(id: string, plan: DrillPlan, { preflight }: PreflightResult, fromMs: number): DrillReport {
  const { name = null, drain, down, reason, owner, force, abortWhen, forMs } = plan;
  return {
    id,
    name,
    drain,
    down,
    reason,
    owner,
    force,
    abortWhen: abortWhen.map(({ text }) => text),
    fromMs,
    untilMs: fromMs + forMs,
    endedMs: null,
    outcome: "running",
    why: "",
    preflight,
    during: null,
    after: null,
    answers: null,
    drained: null,
    events: [],
    eventsLeftOut: 0,
    remarks: [],
  };
}

function reportOf({ report, during, events, eventsLeftOut }: Running): DrillReport {
  return { ...report, during, events: [...events], eventsLeftOut };
}

function noteEvent(drill: Running, { atMs, kind, ref, from, to, reason }: NodeEvent): void {
  if (kind === "drill") return;
  if (drill.events.length < EVENTS_LIMIT) drill.events.push({ atMs, kind, ref, from, to, reason });
  else drill.eventsLeftOut += 1;
}

function happeningOf(drill: Pick<DrillPlan, "drain" | "down" | "owner">) {
  return { kind: "drill", ref: describeParts(drill), owner: drill.owner } as const;
}

function refusal(kind: DrillRefusal["kind"], message: string): DrillRefusal {
  return { ok: false, kind, message };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
