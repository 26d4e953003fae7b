/** What a zone holds that decides over other names of it, looked over before its bytes are written. */

import { nameKey } from "../dns/name.ts";
import { TYPE } from "../dns/types.ts";
import type { Zone, ZoneNode } from "../zone/model.ts";
import { KIND } from "./layout.ts";

export interface ZoneSurvey {
  readonly zone: Zone;
  readonly apexKey: string;
  /** By `nameKey`: owners of NS below the apex. */
  readonly cuts: ReadonlyMap<string, ZoneNode>;
  readonly dnames: ReadonlyMap<string, ZoneNode>;
  /** Closest enclosers that have a wildcard, and that wildcard. */
  readonly wildcardParents: ReadonlyMap<ZoneNode, ZoneNode>;
  /** Whether another zone of the set holds the name. */
  readonly isShadowed: (key: string) => boolean;
  /** The node's kind, and the node that its link leads to. */
  readonly standingOf: (key: string, node: ZoneNode) => Standing;
}

export interface Standing {
  readonly kind: number;
  readonly link: ZoneNode | undefined;
}

const ROOT_KEY = "\u0000";
const WILDCARD_PREFIX = "\u0001*";
const PLAIN: Standing = { kind: KIND.plain, link: undefined };

/** For each apex, the apexes of the set that lie below it, all by `nameKey`. */
export function apexesBelow(zones: readonly Zone[]): ReadonlyMap<string, ReadonlySet<string>> {
  const below = new Map(zones.map(({ apex }) => [nameKey(apex), new Set<string>()]));
  for (const key of below.keys()) {
    for (const above of ancestry(key, ROOT_KEY)) if (above !== key) below.get(above)?.add(key);
  }
  return below;
}

/** `shadowing` are the apexes below that of the zone. */
export function surveyZone(zone: Zone, shadowing: ReadonlySet<string>): ZoneSurvey {
  const apexKey = nameKey(zone.apex);
  const cuts = new Map<string, ZoneNode>();
  const dnames = new Map<string, ZoneNode>();
  const wildcardParents = new Map<ZoneNode, ZoneNode>();
  for (const [key, node] of zone.nodes) {
    if (node.rrsets.has(TYPE.NS) && key !== apexKey) cuts.set(key, node);
    if (node.rrsets.has(TYPE.DNAME)) dnames.set(key, node);
    if (!key.startsWith(WILDCARD_PREFIX)) continue;
    const parent = zone.nodes.get(key.slice(WILDCARD_PREFIX.length));
    if (parent !== undefined && key !== apexKey) wildcardParents.set(parent, node);
  }
  const isBarrier = (key: string): boolean => cuts.has(key) || dnames.has(key);
  const barriers = cuts.size + dnames.size;
  return {
    zone,
    apexKey,
    cuts,
    dnames,
    wildcardParents,
    isShadowed: (key) => shadowing.size > 0 && ancestry(key, apexKey).some((above) => shadowing.has(above)),
    standingOf(key, node) {
      // The highest one decides: what lies below it is never looked at.
      const highest = barriers === 0 ? undefined : ancestry(key, apexKey).findLast(isBarrier);
      if (highest === undefined) {
        return wildcardParents.size === 0 ? PLAIN : { kind: KIND.plain, link: wildcardParents.get(node) };
      }
      const cut = cuts.get(highest);
      if (highest === key) return { kind: cut === undefined ? KIND.dname : KIND.cut, link: undefined };
      return { kind: cut === undefined ? KIND.belowDname : KIND.belowCut, link: cut ?? dnames.get(highest) };
    },
  };
}

/** The name's own key and those of the names above it, up to the apex. */
function ancestry(key: string, apexKey: string): string[] {
  const keys: string[] = [];
  for (let at = 0; key.length - at >= apexKey.length; at += key.charCodeAt(at) + 1) {
    keys.push(key.slice(at));
  }
  return keys;
}
