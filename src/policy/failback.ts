/**
 * How a pool comes back: `failback` and `slow-start`. One pure step from the state that a pool has and how it stands, to
 * the next; the daemon keeps one state for each pool and family and hands its holds to the snapshot, where `policy/pool`
 * reads them. Going down is no matter of this file: a pool that is down is down at once.
 *
 *   state      stands   forced up  failback                next
 *   fresh      up       any        any                     serving
 *   fresh      unknown  any        any                     fresh: the first word decides, no caution before it
 *   any        down     any        any                     withdrawn
 *   serving    unknown  any        any                     serving
 *   serving    up       any        any                     serving, its slow start goes on
 *   withdrawn  unknown  any        any                     withdrawn
 *   withdrawn  up       yes        any                     serving, whole: what operators force is immediate
 *   withdrawn  up       no         auto                    serving, its slow start begins
 *   withdrawn  up       no         after:…, manual         held
 *   held       unknown  any        any                     withdrawn: what follows is another return
 *   held       up       yes        any                     serving, whole
 *   held       up       no         after:… that is over    serving, its slow start begins
 *   held       up       no         after:…, manual         held
 *
 * «Forced up» is a pool that is up by forced endpoints alone. When that override ends the pool is serving already, and
 * stays: so an operator releases a pool that `failback=manual` holds.
 *
 * A clock that goes backwards starts a wait or a slow start again, and does nothing else.
 */

import type { Hold } from "../health/snapshot.ts";
import type { Failback } from "./model.ts";

/** Plain data: it can be written to disk and read back. */
export type ReturnState =
  | { readonly kind: "fresh" }
  | { readonly kind: "withdrawn" }
  | { readonly kind: "held"; readonly sinceMs: number }
  | { readonly kind: "serving"; readonly rampFromMs: number | undefined };

/** How a pool stands on rung 1, holds left aside. Unknown: what is not yet probed decides. */
export interface Standing {
  readonly stands: "up" | "down" | "unknown";
  /** Whether it is up by endpoints alone that are forced up. */
  readonly forcedUp: boolean;
}

export interface ReturnRules {
  readonly failback: Failback;
  readonly slowStartMs: number;
}

export const FRESH: ReturnState = { kind: "fresh" };
const WITHDRAWN: ReturnState = { kind: "withdrawn" };
const SERVING: ReturnState = { kind: "serving", rampFromMs: undefined };

/** In how many steps a share grows: each is a build of the decisions. */
export const RAMP_STEPS = 20;

export function stepReturn(
  state: ReturnState,
  { stands, forcedUp }: Standing,
  rules: ReturnRules,
  atMs: number,
): ReturnState {
  if (stands === "down") return WITHDRAWN;
  if (stands === "unknown") return state.kind === "held" ? WITHDRAWN : state;
  switch (state.kind) {
    case "fresh":
      return SERVING;
    case "serving":
      return goOn(state, rules, atMs);
    case "withdrawn":
    case "held":
      if (forcedUp) return SERVING;
      return comeBack(state.kind === "held" ? Math.min(state.sinceMs, atMs) : atMs, rules, atMs);
  }
}

function goOn(
  state: ReturnState & { readonly kind: "serving" },
  rules: ReturnRules,
  atMs: number,
): ReturnState {
  if (state.rampFromMs === undefined || atMs - state.rampFromMs >= rules.slowStartMs) return SERVING;
  return { kind: "serving", rampFromMs: Math.min(state.rampFromMs, atMs) };
}

function comeBack(sinceMs: number, { failback, slowStartMs }: ReturnRules, atMs: number): ReturnState {
  const isOver =
    failback.kind === "auto" || (failback.kind === "after" && atMs - sinceMs >= failback.afterMs);
  if (!isOver) return { kind: "held", sinceMs };
  return slowStartMs > 0 ? { kind: "serving", rampFromMs: atMs } : SERVING;
}

/** What the snapshot is to say of a state; `undefined`: nothing holds the pool back, or it is not up at all. */
export function holdOf(
  state: ReturnState,
  { failback, slowStartMs }: ReturnRules,
  atMs: number,
): Hold | undefined {
  if (state.kind === "held") {
    return {
      kind: "held",
      untilMs: failback.kind === "after" ? state.sinceMs + failback.afterMs : undefined,
    };
  }
  if (state.kind !== "serving" || state.rampFromMs === undefined) return undefined;
  const step = rampStep(state.rampFromMs, slowStartMs, atMs);
  if (step >= RAMP_STEPS) return undefined;
  return { kind: "ramping", part: (step + 1) / (RAMP_STEPS + 1), untilMs: state.rampFromMs + slowStartMs };
}

/** When the hold will be another one by the passing of time alone; `undefined`: not at all. */
export function nextHoldMs(
  state: ReturnState,
  { failback, slowStartMs }: ReturnRules,
  atMs: number,
): number | undefined {
  if (state.kind === "held") return failback.kind === "after" ? state.sinceMs + failback.afterMs : undefined;
  if (state.kind !== "serving" || state.rampFromMs === undefined) return undefined;
  const step = rampStep(state.rampFromMs, slowStartMs, atMs);
  return state.rampFromMs + Math.ceil(((step + 1) * slowStartMs) / RAMP_STEPS);
}

function rampStep(rampFromMs: number, slowStartMs: number, atMs: number): number {
  return Math.floor((Math.max(0, atMs - rampFromMs) * RAMP_STEPS) / slowStartMs);
}
