/**
 * What one set of zones changes of another: the names that come, go or get other types, and for every name with a policy
 * on either side each class of clients whose shares move (`zone/moves`), under a health that the caller supposes.
 */

import { formatName, type Name, nameKey } from "../dns/name.ts";
import { formatType } from "../dns/types.ts";
import type { GeoDatabase } from "../geo/database.ts";
import type { ZoneNode } from "./model.ts";
import { type Move, movesBetween, type PlanSide } from "./moves.ts";
import { flowsBetween, type PlaceMove, placeMovesAt } from "./place-moves.ts";

export interface NameChange {
  readonly name: string;
  readonly change: "added" | "removed" | "types";
  /** `POLICY` is one of them; empty where there is no such name. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

export interface Plan {
  readonly names: readonly NameChange[];
  readonly moves: readonly Move[];
  /** What another geo database changes on its own; empty where there is none. */
  readonly places: readonly PlaceMove[];
  /** The largest shift of both; 0 without any. */
  readonly maxShift: number;
}

/** The geo databases that clients are placed by, before and after. */
export interface PlanDatabases {
  readonly before: GeoDatabase;
  readonly after: GeoDatabase;
}

/** What another database changes is judged by the policies of `after`. */
export function planOf(before: PlanSide, after: PlanSide, databases?: PlanDatabases): Plan {
  const steps = planInSteps(before, after, databases);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same for whoever has other work to do in between. */
export function* planInSteps(
  before: PlanSide,
  after: PlanSide,
  databases?: PlanDatabases,
): Generator<undefined, Plan> {
  const owners = policyOwners(before, after);
  const moves: Move[] = [];
  for (const move of movesBetween(before, after, owners)) {
    if (move !== undefined) moves.push(move);
    yield undefined;
  }
  const places: PlaceMove[] = [];
  const flows = databases === undefined ? [] : flowsBetween(databases.before, databases.after);
  for (const owner of flows.length === 0 ? [] : owners) {
    places.push(...placeMovesAt(owner, after, flows));
    yield undefined;
  }
  const names = yield* nameChanges(before, after);
  const maxShift = [...moves, ...places].reduce((most, { shift }) => Math.max(most, shift), 0);
  return { names, moves, places, maxShift };
}

/** Owners of a policy on either side, each once. */
function policyOwners(...sides: readonly PlanSide[]): Name[] {
  const owners = new Map<string, Name>();
  for (const { zones } of sides) {
    for (const { nodes } of zones.values()) {
      for (const key of nodes.policies.keys()) {
        const owner = nodes.get(key)?.owner;
        if (owner !== undefined && !owners.has(key)) owners.set(key, owner);
      }
    }
  }
  return [...owners.values()];
}

function* nameChanges(before: PlanSide, after: PlanSide): Generator<undefined, NameChange[]> {
  const changes: NameChange[] = [];
  for (const { owner, types: was } of namesOf(before)) {
    yield undefined;
    const willBe = typesAt(after, owner);
    if (was.join() !== willBe.join()) changes.push(nameChange(owner, was, willBe));
  }
  for (const { owner, types: willBe } of namesOf(after)) {
    yield undefined;
    if (typesAt(before, owner).length === 0) changes.push(nameChange(owner, [], willBe));
  }
  return changes;
}

function nameChange(owner: Name, before: readonly string[], after: readonly string[]): NameChange {
  const change = before.length === 0 ? "added" : after.length === 0 ? "removed" : "types";
  return { name: formatName(owner), change, before, after };
}

/** Empty non-terminals are no names of their own. */
function* namesOf({
  zones,
}: PlanSide): Generator<{ readonly owner: Name; readonly types: readonly string[] }, void> {
  for (const { nodes } of zones.values()) {
    for (const node of nodes.values()) {
      const types = typesOf(node);
      if (types.length > 0) yield { owner: node.owner, types };
    }
  }
}

/** At the very owner, in whichever zone of the set it stands: a name may move into a zone of its own. */
function typesAt({ zones }: PlanSide, owner: Name): readonly string[] {
  const key = nameKey(owner);
  const types = new Set<string>();
  for (let at = 0; at < key.length; at += key.charCodeAt(at) + 1) {
    const node = zones.get(key.slice(at))?.nodes.get(key);
    if (node !== undefined) for (const type of typesOf(node)) types.add(type);
  }
  return [...types].sort();
}

function typesOf({ rrsets, policy }: ZoneNode): readonly string[] {
  const types = Array.from(rrsets.keys(), formatType);
  return (policy === undefined ? types : [...types, "POLICY"]).sort();
}
