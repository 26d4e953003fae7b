/** What a drill names, held against what there is. */

import { globMatches } from "../health/ref.ts";
import { type DrillPlan, partsOf } from "../policy/drill.ts";
import type { Condition } from "../policy/drill-condition-text.ts";
import { isPolicyMeant } from "../policy/drill-conditions.ts";
import type { OwnedPolicy } from "../policy/forcing.ts";
import type { Definitions } from "../policy/model.ts";
import { faultOfRef } from "./overrides.ts";

/** The first name that stands for nothing, in words. Names of metrics are judged where the plan is read. */
export function faultOfPlan(
  plan: DrillPlan,
  definitions: Definitions,
  policies: readonly OwnedPolicy[],
): string | undefined {
  const faultOf = (condition: Condition): string | undefined => {
    const { kind } = condition;
    if (kind === "metric") return undefined;
    const { name } = condition;
    if (kind === "endpoint") return faultOfRef(name, definitions);
    const isKnown =
      kind === "pool"
        ? [...definitions.pools.keys()].some((pool) => globMatches(name, pool))
        : policies.some(({ owner, policy }) => isPolicyMeant(name, { owner, name: policy.name }));
    return isKnown ? undefined : `no ${kind} matches '${name}'`;
  };
  const faults = [
    ...partsOf(plan).map(({ ref }) => faultOfRef(ref, definitions)),
    ...plan.abortWhen.map(faultOf),
  ];
  return faults.find((fault) => fault !== undefined);
}
