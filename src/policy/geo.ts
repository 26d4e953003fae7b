/**
 * `geo ( net:… asn:… country:US-CA=… country:US=… continent:EU=… *=… )`: by where the client is.
 *
 * Entries that match the client are tried in the order of their kinds, the longest network first, down to `*`, passing
 * over any that is down:
 *
 * | net=a | asn=b | country:US-CA=c | country:US=d | continent:NA=e | *=f    | answer |
 * | ----- | ----- | --------------- | ------------ | -------------- | ------ | ------ |
 * | up    | any   | any             | any          | any            | any    | a      |
 * | –     | up    | any             | any          | any            | any    | b      |
 * | –     | –     | up              | any          | any            | any    | c      |
 * | –     | –     | –               | up           | any            | any    | d      |
 * | –     | –     | –               | –            | up             | any    | e      |
 * | –     | –     | –               | –            | –              | up     | f      |
 * | down  | –     | down            | down         | up             | any    | e      |
 * | –     | –     | –               | –            | –              | down   | down   |
 * | –     | –     | –               | –            | –              | nodata | NODATA |
 * | down  | –     | –               | –            | –              | nodata | down   |
 *
 * What does not match the client is a dash. In the last row something was passed over for its health, and health never makes NODATA: the node is down, and the
 * ladder of last resorts has its turn. An unknown place matches no country and no continent.
 */

import type { Client } from "../geo/client.ts";
import { type Network, networkOf } from "../geo/network.ts";
import type { GeoEntry, GeoMatch } from "./expression.ts";
import { formatMatch } from "./expression-text.ts";
import {
  type Decide,
  describe,
  isUp,
  NODATA_DRAW,
  type NodeResult,
  type Question,
  restingOn,
  stickyWay,
  traceOf,
} from "./node.ts";

export function decideGeo(entries: readonly GeoEntry[], question: Question, decide: Decide): NodeResult {
  const passedOver: NodeResult[] = [];
  for (const entry of matchingEntries(entries, question.client)) {
    const label = formatMatch(entry.match);
    if (entry.expression === "nodata") {
      const decidesByHealth = passedOver.length > 0;
      const reason = decidesByHealth
        ? `${label} is nodata, and health never makes NODATA`
        : `${label} matches and is nodata`;
      const trace = traceOf(question, "geo", decidesByHealth ? "down" : "nodata", reason, passedOver);
      const nodata = { ...NODATA_DRAW, ...stickyWay(question) };
      return { draws: decidesByHealth ? [] : [nodata], ...restingOn(passedOver), trace };
    }
    const result = decide(entry.expression, question);
    if (isUp(result)) {
      const reason = `${label} matches, and ${describe(entry.expression)} is up`;
      const asked = [...passedOver, result];
      const trace = traceOf(question, "geo", "up", reason, asked);
      return { draws: result.draws, ...restingOn(asked), trace };
    }
    passedOver.push(result);
  }
  const trace = traceOf(question, "geo", "down", "nothing that matches is up", passedOver);
  return { draws: [], ...restingOn(passedOver), trace };
}

/** The entries that match a client, in the order in which they are tried. */
export function matchingEntries(entries: readonly GeoEntry[], { network, place }: Client): GeoEntry[] {
  const index = indexOf(entries);
  const matching: GeoEntry[] = [];
  const take = (key: string): void => {
    matching.push(...(index.byMatch.get(key) ?? []));
  };
  if (network !== undefined) {
    for (const prefixBits of index.prefixes[network.family]) {
      if (prefixBits <= network.prefixBits) take(keyOfNetwork(networkOf(network.octets, prefixBits)));
    }
  }
  if (place?.asn !== undefined) take(`asn ${place.asn}`);
  if (place?.country !== undefined) {
    if (place.subdivision !== undefined) take(`subdivision ${place.country}-${place.subdivision}`);
    take(`country ${place.country}`);
  }
  if (place?.continent !== undefined) take(`continent ${place.continent}`);
  take("any");
  return matching;
}

/** Thousands of networks are listed in one `geo`, and each of them is a class of clients that is asked for. */
interface GeoIndex {
  readonly byMatch: ReadonlyMap<string, readonly GeoEntry[]>;
  /** The lengths that prefixes have, the longest first. */
  readonly prefixes: { readonly [family in Network["family"]]: readonly number[] };
}

const indices = new WeakMap<readonly GeoEntry[], GeoIndex>();

function indexOf(entries: readonly GeoEntry[]): GeoIndex {
  const known = indices.get(entries);
  if (known !== undefined) return known;
  const byMatch = new Map<string, GeoEntry[]>();
  const lengths = { ipv4: new Set<number>(), ipv6: new Set<number>() };
  for (const entry of entries) {
    const { match } = entry;
    if (match.kind === "net") lengths[match.network.family].add(match.network.prefixBits);
    const key = keyOfMatch(match);
    byMatch.set(key, [...(byMatch.get(key) ?? []), entry]);
  }
  const longestFirst = (set: ReadonlySet<number>): number[] => [...set].sort((one, other) => other - one);
  const index = { byMatch, prefixes: { ipv4: longestFirst(lengths.ipv4), ipv6: longestFirst(lengths.ipv6) } };
  indices.set(entries, index);
  return index;
}

function keyOfMatch(match: GeoMatch): string {
  switch (match.kind) {
    case "net":
      return keyOfNetwork(match.network);
    case "asn":
      return `asn ${match.asn}`;
    case "subdivision":
      return `subdivision ${match.country}-${match.subdivision}`;
    case "country":
      return `country ${match.country}`;
    case "continent":
      return `continent ${match.continent}`;
    case "any":
      return "any";
  }
}

/** Families differ in how many octets they have. */
function keyOfNetwork({ octets, prefixBits }: Network): string {
  return `net ${octets.join(".")}/${prefixBits}`;
}
