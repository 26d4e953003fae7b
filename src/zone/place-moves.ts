/**
 * Whom another geo database would send elsewhere, the zones being the same: at every name whose policy asks where clients
 * are, how much of the address space gets another answer. Networks that a policy names by themselves are not told apart
 * from those around them.
 */

import { formatName, type Name } from "../dns/name.ts";
import { TYPE } from "../dns/types.ts";
import { type Client, type Place, UNKNOWN_CLIENT } from "../geo/client.ts";
import { type GeoDatabase, placeAt } from "../geo/database.ts";
import { placeFlows } from "../geo/place-flows.ts";
import { type AskedPlaces, askedOf, askedPlacesOf } from "../policy/asked-places.ts";
import { describeClient } from "../policy/distinct-clients.ts";
import { shiftBetween } from "../policy/shift.ts";
import { lookup } from "./lookup.ts";
import { type PlanSide, sharesFor } from "./moves.ts";

/** Of all that moves the largest parts. */
const PARTS_LISTED = 10;

export interface PlacePart {
  /** As `--client` takes it; `null` where the database knows no place. */
  readonly from: string | null;
  readonly to: string | null;
  /** Of the address space whose place either database knows, from 0 to 1. */
  readonly share: number;
}

export interface PlaceMove {
  readonly name: string;
  readonly type: "A" | "AAAA";
  /** Of the clients' addresses. */
  readonly family: "ipv4" | "ipv6";
  /** From 0 to 1: how much of the address space is sent elsewhere. */
  readonly shift: number;
  /** From where to where the database moves those clients; those of one answer that are in another country now are left out. */
  readonly parts: readonly PlacePart[];
}

interface Flow {
  readonly family: PlaceMove["family"];
  readonly before: Place | undefined;
  readonly after: Place | undefined;
  /** Of the address space that is known. */
  readonly share: number;
}

/** What two databases say differently, worked out once. */
export function flowsBetween(before: GeoDatabase, after: GeoDatabase): readonly Flow[] {
  return (["ipv4", "ipv6"] as const).flatMap((family) => {
    const { flows, knownSize } = placeFlows(before, after, family);
    if (knownSize === 0) return [];
    return flows.map((flow) => ({
      family,
      before: placeAt(before.words, flow.before),
      after: placeAt(after.words, flow.after),
      share: flow.size / knownSize,
    }));
  });
}

export function placeMovesAt(owner: Name, side: PlanSide, flows: readonly Flow[]): PlaceMove[] {
  return (["A", "AAAA"] as const).flatMap((type) => {
    const found = lookup(side.zones, owner, TYPE[type]);
    if (found.end.kind !== "policy") return [];
    const asked = askedPlacesOf(found.end.policy.expression, side.definitions);
    if (asked === undefined) return [];
    const shiftOf = shiftBetweenPlaces(found, side, asked);
    const moving = flows.flatMap((flow) => {
      const moved = shiftOf(flow.before, flow.after) * flow.share;
      return moved > 0 ? [{ ...flow, share: moved }] : [];
    });
    const name = formatName(owner);
    return (["ipv4", "ipv6"] as const).flatMap((family): PlaceMove[] => {
      const own = moving.filter((flow) => flow.family === family);
      const shift = own.reduce((sum, { share }) => sum + share, 0);
      return shift === 0 ? [] : [{ name, type, family, shift, parts: partsOf(own) }];
    });
  });
}

/** Evaluated once for all places that the policy cannot tell apart. */
function shiftBetweenPlaces(
  found: ReturnType<typeof lookup>,
  side: PlanSide,
  asked: AskedPlaces,
): (before: Place | undefined, after: Place | undefined) => number {
  const known = new Map<string, number>();
  const clientAt = (place: Place | undefined): Client => ({ ...UNKNOWN_CLIENT, place });
  return (before, after) => {
    const [from, to] = [before, after].map((place) => askedOf(asked, side.definitions, place));
    if (from === to) return 0;
    const key = `${from} > ${to}`;
    const shift =
      known.get(key) ??
      shiftBetween(sharesFor(found, side, clientAt(before)), sharesFor(found, side, clientAt(after)));
    known.set(key, shift);
    return shift;
  };
}

function partsOf(flows: readonly Flow[]): PlacePart[] {
  const describe = (place: Place | undefined): string | null =>
    describeClient({ ...UNKNOWN_CLIENT, place }) || null;
  const parts = new Map<string, PlacePart>();
  for (const { before, after, share } of flows) {
    const from = describe(before);
    const to = describe(after);
    const key = `${from} ${to}`;
    parts.set(key, { from, to, share: share + (parts.get(key)?.share ?? 0) });
  }
  return [...parts.values()].sort((one, other) => other.share - one.share).slice(0, PARTS_LISTED);
}
