/** What the admin plane asks of drills; the daemon implements it (`daemon/drills`). */

import type { DrillPlan, DrillReport } from "../policy/drill.ts";
import type { Preflight } from "../policy/drill-preflight.ts";
import type { LabelledReading } from "./source.ts";

/** Why nothing was begun or ended, in words. */
export interface DrillRefusal {
  readonly ok: false;
  /**
   * `unknown`: nothing is named so; `refused`: something speaks against it; `unavailable`: the node serves nothing yet, or
   * cannot write it down.
   */
  readonly kind: "unknown" | "refused" | "unavailable";
  readonly message: string;
  /** Where it got so far. */
  readonly preflight?: Preflight;
}

export type PreflightOutcome = { readonly ok: true; readonly preflight: Preflight } | DrillRefusal;
export type DrillOutcomeOf = { readonly ok: true; readonly drill: DrillReport } | DrillRefusal;

/** One of the configuration. */
export interface ScheduledDrill {
  readonly name: string;
  readonly drain: readonly string[];
  readonly down: readonly string[];
  readonly forMs: number;
  readonly cron: string;
  readonly timeZone: string;
  /** `undefined`: never. */
  readonly nextMs: number | undefined;
}

export interface DrillsSource {
  /** Those that are kept, the oldest first, and the one that runs. */
  list(): readonly DrillReport[];
  scheduled(): readonly ScheduledDrill[];
  /** By outcome. No value ever goes down. */
  outcomes(): Iterable<LabelledReading>;
  /** Forces nothing, and nothing is recorded. */
  preflight(plan: DrillPlan): PreflightOutcome;
  /** Resolves once it runs: what it forces is on disk and in force. */
  start(plan: DrillPlan): Promise<DrillOutcomeOf>;
  /** Resolves once what it forced is lifted, with its verdict. */
  abort(id: string, owner: string): Promise<DrillOutcomeOf>;
}
