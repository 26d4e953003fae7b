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
  readonly dnames: ReadonlySet<string>;
  /** Closest enclosers that have a wildcard, and that wildcard. */
  readonly wildcardParents: ReadonlyMap<string, string>;
  /** The node's kind, and the key of the node that its link leads to. */
  readonly standingOf: (key: string) => Standing;
}

export interface Standing {
  readonly kind: number;
  readonly link: string | undefined;
}

const WILDCARD_PREFIX = "\u0001*";
const PLAIN: Standing = { kind: KIND.plain, link: undefined };

export function surveyZone(zone: Zone): ZoneSurvey {
  const apexKey = nameKey(zone.apex);
  const cuts = new Map<string, ZoneNode>();
  const dnames = new Set<string>();
  const wildcardParents = new Map<string, string>();
  for (const [key, node] of zone.nodes) {
    if (node.rrsets.has(TYPE.NS) && key !== apexKey) cuts.set(key, node);
    if (node.rrsets.has(TYPE.DNAME)) dnames.add(key);
    if (!key.startsWith(WILDCARD_PREFIX)) continue;
    if (key !== apexKey) wildcardParents.set(key.slice(WILDCARD_PREFIX.length), key);
  }
  const isBarrier = (key: string): boolean => cuts.has(key) || dnames.has(key);
  const barriers = cuts.size + dnames.size;
  return {
    zone,
    apexKey,
    cuts,
    dnames,
    wildcardParents,
    standingOf(key) {
      // The highest one decides: what lies below it is never looked at.
      const highest = barriers === 0 ? undefined : ancestry(key, apexKey).findLast(isBarrier);
      if (highest === undefined) {
        return wildcardParents.size === 0 ? PLAIN : { kind: KIND.plain, link: wildcardParents.get(key) };
      }
      const isCut = cuts.has(highest);
      if (highest === key) return { kind: isCut ? KIND.cut : KIND.dname, link: undefined };
      return { kind: isCut ? KIND.belowCut : KIND.belowDname, link: highest };
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
