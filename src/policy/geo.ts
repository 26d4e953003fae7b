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
import { contains } from "../geo/network.ts";
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

const MATCH_ORDER: readonly GeoMatch["kind"][] = ["net", "asn", "subdivision", "country", "continent", "any"];

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
export function matchingEntries(entries: readonly GeoEntry[], client: Client): GeoEntry[] {
  const matching = entries.filter(({ match }) => matches(match, client));
  return matching.sort((one, other) => {
    const order = MATCH_ORDER.indexOf(one.match.kind) - MATCH_ORDER.indexOf(other.match.kind);
    return order === 0 ? prefixBits(other.match) - prefixBits(one.match) : order;
  });
}

function prefixBits(match: GeoMatch): number {
  return match.kind === "net" ? match.network.prefixBits : 0;
}

function matches(match: GeoMatch, { network, place }: Client): boolean {
  switch (match.kind) {
    case "net":
      return network !== undefined && contains(match.network, network);
    case "asn":
      return place?.asn === match.asn;
    case "subdivision":
      return place?.country === match.country && place.subdivision === match.subdivision;
    case "country":
      return place?.country === match.country;
    case "continent":
      return place?.continent === match.continent;
    case "any":
      return true;
  }
}
