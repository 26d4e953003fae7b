/**
 * Plans on a running node: a set of zones that somebody sends is loaded by the loader that a reload uses, from what was sent
 * alone, and held against the set that is served: with everything up, and with the health that there is. One at a time, in
 * slices, as answering and probing go on beside it.
 */

import type { MoveView } from "../admin/load.ts";
import type { PlanOutcome, PlanRequest, PlanView } from "../admin/plan.ts";
import type { Diagnostic } from "../zone/diagnostic.ts";
import { indexZones } from "../zone/lookup.ts";
import { type Plan, planInSteps } from "../zone/plan.ts";
import { allUp } from "./max-shift.ts";
import { type HealthNowParts, healthNow } from "./shift-judge.ts";
import { inSlices } from "./slices.ts";
import { loadFromAccepted } from "./zone-loading.ts";

/** Shares are sums of fractions; what differs by less is equal. */
const EPSILON = 1e-9;

export function createPlanner(parts: HealthNowParts): (request: PlanRequest) => Promise<PlanOutcome> {
  let busy = false;
  return async (request) => {
    if (busy) return refusal("busy", "another plan is being made");
    busy = true;
    try {
      return await plan(request, parts);
    } finally {
      busy = false;
    }
  };
}

async function plan({ roots, files }: PlanRequest, parts: HealthNowParts): Promise<PlanOutcome> {
  const encoder = new TextEncoder();
  const octets = files.map(({ path, text }) => ({ path, octets: encoder.encode(text) }));
  const missing = roots.find((root) => !files.some(({ path }) => path === root));
  if (missing !== undefined) return refusal("faulty", `'${missing}' is not among the files`);
  const read = loadFromAccepted({ roots, files: octets });
  // A failed expectation is a reason to look, and none to be silent.
  const loaded = read.ok ? read : read.despiteExpect;
  if (loaded === undefined) return refusal("faulty", read.ok ? "" : read.message, read.diagnostics);
  const image = parts.image();
  const now = healthNow(parts, loaded.set);
  if (image === undefined || now === undefined) return refusal("unavailable", "nothing is served yet");
  const before = image.zones.index.byApexKey;
  const after = indexZones(loaded.set.zones);
  const planUnder = (sides: typeof now): Promise<Plan> =>
    inSlices(planInSteps({ zones: before, ...sides.before }, { zones: after, ...sides.after }));
  const up = await planUnder({ before: allUp(image.zones.set), after: allUp(loaded.set) });
  return { ok: true, plan: joined(up, await planUnder(now)) };
}

function joined(up: Plan, now: Plan): PlanView {
  const keyOf = ({ name, type, client }: Plan["moves"][number]): string => `${name} ${type} ${client}`;
  const known = new Map(up.moves.map((move) => [keyOf(move), move.shift]));
  const others = now.moves.filter((move) => {
    const shift = known.get(keyOf(move));
    return shift === undefined || Math.abs(shift - move.shift) > EPSILON;
  });
  const moves: MoveView[] = [
    ...up.moves.map((move) => Object.assign(move, { health: "all-up" as const })),
    ...others.map((move) => Object.assign(move, { health: "now" as const })),
  ];
  return { names: up.names, moves, maxShift: Math.max(up.maxShift, now.maxShift) };
}

function refusal(
  kind: Extract<PlanOutcome, { ok: false }>["kind"],
  message: string,
  diagnostics: readonly Diagnostic[] = [],
): PlanOutcome {
  return { ok: false, kind, message: `Cannot plan: ${message}`, diagnostics };
}
