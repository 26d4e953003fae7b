/**
 * `nearest ( a b c )`: of those that are up the one that is least far from the client, along a great circle to the
 * `location` of its pools. A child is as near as the nearest pool that it can reach; children that are equally far, and
 * those of which nobody knows where they are, come as written.
 *
 * | the client's place | far from a | far from b | a    | b    | answer |
 * | ------------------ | ---------- | ---------- | ---- | ---- | ------ |
 * | known              | 900 km     | 300 km     | any  | up   | b      |
 * | known              | 900 km     | 300 km     | up   | down | a      |
 * | known              | 900 km     | not known  | up   | any  | a      |
 * | not known          | –          | –          | up   | any  | a      |
 * | not known          | –          | –          | down | up   | b      |
 * | any                | any        | any        | down | down | down   |
 *
 * A continent alone is no place to measure from.
 */

import { type Coordinates, NOWHERE, type Place } from "../geo/client.ts";
import { coordinatesOf, distanceKm } from "../geo/distance.ts";
import { poolNamed } from "./definitions.ts";
import type { Expression } from "./expression.ts";
import type { Definitions, Pool } from "./model.ts";
import { type Decide, describe, isUp, type NodeResult, type Question, restingOn, traceOf } from "./node.ts";
import { reachOf } from "./reach.ts";

export function decideNearest(
  children: readonly Expression[],
  question: Question,
  decide: Decide,
): NodeResult {
  const asked: NodeResult[] = [];
  for (const { child, km } of byDistance(children, question.definitions, question.client.place)) {
    const result = decide(child, question);
    asked.push(result);
    if (isUp(result)) {
      const far = km === undefined ? "" : `, ${Math.round(km)} km from the client,`;
      const first = question.client.place === undefined ? "the client's place is not known, and " : "";
      const reason = `${first}${describe(child)}${far} is the first that is up`;
      const trace = traceOf(question, "nearest", "up", reason, asked);
      return { draws: result.draws, ...restingOn(asked), trace };
    }
  }
  const trace = traceOf(question, "nearest", "down", "no child is up", asked);
  return { draws: [], ...restingOn(asked), trace };
}

interface Child {
  readonly child: Expression;
  /** `undefined` where the client's place or the child's is not known. */
  readonly km: number | undefined;
}

/** The children in the order in which a client of that place tries them. */
export function byDistance(
  children: readonly Expression[],
  definitions: Definitions,
  place: Place | undefined,
): readonly Child[] {
  const from = place && coordinatesOf(place);
  const points = pointsOf(children, definitions);
  const measured = children.map((child, index): Child => {
    const distances = from === undefined ? [] : (points[index] ?? []).map((to) => distanceKm(from, to));
    return { child, km: distances.length === 0 ? undefined : Math.min(...distances) };
  });
  return measured.sort((one, other) => compare(one.km, other.km));
}

function compare(one: number | undefined, other: number | undefined): number {
  if (one === other) return 0;
  if (one === undefined) return 1;
  return other === undefined || one < other ? -1 : 1;
}

/** Where the children's pools are, found out once for a set of definitions: an expression may outlive one. */
const knownPoints = new WeakMap<
  Definitions,
  Map<readonly Expression[], readonly (readonly Coordinates[])[]>
>();

function pointsOf(
  children: readonly Expression[],
  definitions: Definitions,
): readonly (readonly Coordinates[])[] {
  const known = knownPoints.get(definitions) ?? new Map<readonly Expression[], (readonly Coordinates[])[]>();
  knownPoints.set(definitions, known);
  const points =
    known.get(children) ??
    children.map((child) =>
      [...reachOf(child, definitions).pools].flatMap(
        (name) => locationOf(poolNamed(name, definitions)) ?? [],
      ),
    );
  known.set(children, points);
  return points;
}

function locationOf({ location }: Pool): Coordinates | undefined {
  if (location?.kind !== "region") return location;
  return coordinatesOf({ ...NOWHERE, ...location });
}
