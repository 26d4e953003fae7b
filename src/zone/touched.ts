/**
 * Of two sets, one of which was loaded after the other, the names whose policies may send clients elsewhere: all others are
 * answered as before, whatever the health. A load takes a zone over where its files have not changed (`zone/load`), so a
 * set of ten thousand of which one has is told from what is the same object, without a look at the rest.
 *
 * | the zone                                  | its policies that count                          |
 * | ----------------------------------------- | ------------------------------------------------ |
 * | is in one of the sets only                | all                                              |
 * | is in both, and not the same              | all, of both                                     |
 * | is the same, a zone came or went below it | all: names may lie in another zone now           |
 * | is the same                               | those that reach a pool or a policy that changed |
 *
 * Names that get a policy or lose theirs are those of a zone that is not the same. What is asked of thousands of zones is a
 * generator that gives `undefined` in between, for whoever has other work to do.
 */

import { type Name, nameKey } from "../dns/name.ts";
import { childrenOf, type Expression } from "../policy/expression.ts";
import type { Definitions } from "../policy/model.ts";
import { contentOf } from "./definitions.ts";
import type { ZonesByApexKey } from "./lookup.ts";
import type { Zone } from "./model.ts";

/** What of a set it is judged by; `definitions` as written. */
interface Side {
  readonly zones: ZonesByApexKey;
  readonly definitions: Definitions;
}

/** `indexZones`, a zone at a time. */
export function* indexInSteps(zones: readonly Zone[]): Generator<undefined, ZonesByApexKey> {
  const index = new Map<string, Zone>();
  for (const zone of zones) {
    index.set(nameKey(zone.apex), zone);
    yield undefined;
  }
  return index;
}

/** Each owner once. */
export function* touchedOwners(before: Side, after: Side): Generator<Name | undefined, void> {
  const isTouched = yield* touchedExpressions(before.definitions, after.definitions);
  const sides = [before.zones, after.zones] as const;
  const exposed = new Set<Zone>();
  yield* exposeZones(before.zones, after.zones, exposed);
  yield* exposeZones(after.zones, before.zones, exposed);
  const seen = new Set<string>();
  for (const zones of sides) {
    for (const [apexKey, zone] of zones) {
      yield undefined;
      const isSame = sides.every((side) => side.get(apexKey) === zone);
      for (const [key, policy] of zone.nodes.policies) {
        const counts = !isSame || exposed.has(zone) || isTouched(policy.expression);
        if (!counts || seen.has(key)) continue;
        seen.add(key);
        yield zone.nodes.get(key)?.owner;
      }
    }
  }
}

/** Adds the zones among `others` within which a zone lies that only `some` have. */
function* exposeZones(
  some: ZonesByApexKey,
  others: ZonesByApexKey,
  exposed: Set<Zone>,
): Generator<undefined, void> {
  for (const apexKey of some.keys()) {
    yield undefined;
    const outer = others.has(apexKey) ? undefined : zoneAround(apexKey, others);
    if (outer !== undefined) exposed.add(outer);
  }
}

function zoneAround(key: string, zones: ZonesByApexKey): Zone | undefined {
  for (let at = 0; at < key.length; at += key.charCodeAt(at) + 1) {
    const zone = zones.get(key.slice(at));
    if (zone !== undefined) return zone;
  }
  return undefined;
}

/** Says of an expression whether it reaches what the two sides define differently. */
function* touchedExpressions(
  before: Definitions,
  after: Definitions,
): Generator<undefined, (expression: Expression) => boolean> {
  const changed = new Set<string>();
  for (const kind of ["pools", "policies"] as const) {
    for (const name of new Set([...before[kind].keys(), ...after[kind].keys()])) {
      yield undefined;
      const [was, willBe] = [before[kind].get(name), after[kind].get(name)];
      if (was !== willBe && contentOf(was) !== contentOf(willBe)) changed.add(name);
    }
  }
  const known = new Map<string, boolean>();
  const policyIsTouched = (name: string): boolean => {
    const judged = known.get(name);
    if (judged !== undefined) return judged;
    const expression = after.policies.get(name);
    const isTouched = changed.has(name) || (expression !== undefined && touches(expression));
    known.set(name, isTouched);
    return isTouched;
  };
  const touches = (expression: Expression): boolean => {
    if (expression.kind === "policy") return policyIsTouched(expression.policy);
    if (expression.kind === "pool" || expression.kind === "endpoint") return changed.has(expression.pool);
    return childrenOf(expression).some(touches);
  };
  return changed.size === 0 ? () => false : touches;
}
