/**
 * Drills: the loss of a place, rehearsed. What a drill is, and what is written down of it; nothing here runs one
 * (`daemon/drills` does). `policy/drill-preflight` says whether it may begin, `policy/drill-conditions` when it must end
 * before its time, `policy/drill-findings` what came of it.
 *
 *              ┌─ something speaks against it ──→ refused: nothing is forced, nothing is kept but an event
 *     asked ───┤
 *              └─→ running ──┬─ its end has come ──────────────→ passed
 *                            ├─ a condition holds ─────────────→ aborted
 *                            ├─ somebody asks for it ──────────→ aborted
 *                            ├─ its overrides are gone ────────→ aborted
 *                            └─ the node stops or restarts ────→ aborted
 *
 * What it forces are overrides with an end of their own, so that whatever happens to the node none of it outlasts the drill.
 */

import type { Forced } from "../health/verdict.ts";
import type { Condition } from "./drill-condition-text.ts";
import type { Preflight } from "./drill-preflight.ts";

/** What is asked for. */
export interface DrillPlan {
  /** That of the schedule it stands in; `undefined` where a person asks. */
  readonly name: string | undefined;
  /** REFs; one of both lists at least. */
  readonly drain: readonly string[];
  readonly down: readonly string[];
  readonly forMs: number;
  readonly reason: string;
  readonly owner: string;
  /** Beside those that always hold (`drill-conditions`). */
  readonly abortWhen: readonly Condition[];
  /** Also against objections that allow it. */
  readonly force: boolean;
}

/** One override of a drill. */
export interface DrillPart {
  readonly ref: string;
  readonly state: Forced;
}

export function partsOf({ drain, down }: Pick<DrillPlan, "drain" | "down">): DrillPart[] {
  return [
    ...drain.map((ref) => ({ ref, state: "drain" as const })),
    ...down.map((ref) => ({ ref, state: "down" as const })),
  ];
}

/** For sentences, and as what events are about. */
export function describeParts({ drain, down }: Pick<DrillPlan, "drain" | "down">): string {
  return [...drain, ...down].join(" ");
}

export type DrillOutcome = "running" | "passed" | "aborted";

/** What some clients are answered: the probability that an endpoint of the pool is drawn first. */
export interface PoolShares {
  /** The owner of the policy. */
  readonly owner: string;
  /** `country:US`, `10.0.0.0/8`; empty for those of whom nothing is known. */
  readonly client: string;
  /** By pool; zeros are left out. */
  readonly shares: Readonly<Record<string, number>>;
}

/** What was answered while it ran. */
export interface PoolAnswers {
  readonly pool: string;
  readonly answers: number;
  readonly perSecond: number;
}

/** What became of the answers of a pool that it took away. */
export interface DrainFinding {
  readonly pool: string;
  /** Answers since the drill began. */
  readonly answers: number;
  /** When the last one was seen, counted from the beginning; `null` where there was none. To a second. */
  readonly lastAfterMs: number | null;
  /** Whether answers stopped before the end. */
  readonly drained: boolean;
  /** By then resolvers have forgotten the last one, counted from the beginning; `null` while it did not drain. */
  readonly forgottenAfterMs: number | null;
}

export interface DrillHappening {
  readonly atMs: number;
  readonly kind: string;
  readonly ref: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly reason: string;
}

/** A drill and its verdict, written down. Times in milliseconds since the epoch. */
export interface DrillReport {
  readonly id: string;
  readonly name: string | null;
  readonly drain: readonly string[];
  readonly down: readonly string[];
  readonly reason: string;
  readonly owner: string;
  readonly force: boolean;
  /** As they were written. */
  readonly abortWhen: readonly string[];
  readonly fromMs: number;
  /** When it is to end. */
  readonly untilMs: number;
  /** `null` while it runs. */
  readonly endedMs: number | null;
  readonly outcome: DrillOutcome;
  /** Why it ended, in words; empty while it runs. */
  readonly why: string;
  readonly preflight: Preflight;
  /** As they were measured, beside the preflight's of before; `null` where nobody could. */
  readonly during: readonly PoolShares[] | null;
  readonly after: readonly PoolShares[] | null;
  /** Of the pools of its policies; `null` where the counters were lost. */
  readonly answers: readonly PoolAnswers[] | null;
  readonly drained: readonly DrainFinding[] | null;
  /** The first ones. */
  readonly events: readonly DrillHappening[];
  readonly eventsLeftOut: number;
  /** What a reader should know of it as well. */
  readonly remarks: readonly string[];
}
