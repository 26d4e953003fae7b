/**
 * An answer explained to whoever stands in front of the client: the strings of a TXT record that say what the policy of a
 * name answers this very client, and what that rests on. All of it is read from the image of the thread that is asked, so
 * it tells what is really served there; the names come from the settings (`ExplainLabels`).
 *
 * ```
 * dig @192.0.2.53 CH TXT www.gtm.example.com +subnet=10.1.2.0/24
 *   "policy=www.gtm.example.com. generation=17"
 *   "client=10.1.2.0/24 class=10.1.0.0/16 scope=16"
 *   "A answer rung=1 ttl=30"
 *   "A frankfurt/fra-1 75%" "A frankfurt/fra-2 25%"
 *   "AAAA nodata rung=1 ttl=30"
 * ```
 *
 * Made once in a while for somebody who debugs, so it makes objects as it likes.
 */

import { formatIp } from "../dns/address.ts";
import { closestEncloser, findNode } from "../image/find.ts";
import { KIND, KIND_MASK, NODE } from "../image/layout.ts";
import type { OpenImage } from "../image/open-image.ts";
import { candidateCount, type DecisionTables, OUTCOME } from "../image/tables.ts";
import type { ClientAddress } from "./client-address.ts";
import { tableForClient } from "./place-client.ts";
import type { Query } from "./query.ts";
import type { Reply } from "./reply.ts";
import type { ExplainLabels, ExplainSettings } from "./settings.ts";

/** A policy of more endpoints is not listed to its end: the rest would not fit into a message. */
const MOST_ENDPOINTS = 200;
const FAMILIES = [
  ["A", 0],
  ["AAAA", 1],
] as const;
const OUTCOME_WORDS = Object.entries(OUTCOME);

/** The number of the policy that answers a name of `octets` octets at `at`; −1: there is none. */
export function policyAt(image: OpenImage, view: DataView, at: number, octets: number): number {
  const { words } = image;
  const head = (node: number): number => (words[node] ?? 0) & KIND_MASK;
  let node = findNode(image, view, at, octets);
  if (node === 0) {
    const encloser = closestEncloser(image, view, at, octets);
    node = encloser !== 0 && head(encloser) === KIND.plain ? (words[encloser + NODE.link] ?? 0) : 0;
  }
  if (node === 0 || (head(node) !== KIND.plain && head(node) !== KIND.dname)) return -1;
  return (words[node + NODE.policy] ?? 0) - 1;
}

/** Reads the labels once for each set of zones. */
export class Labels {
  #zonesId: number | undefined;
  #labels: ExplainLabels = [];

  of({ zonesId, labels }: ExplainSettings): ExplainLabels {
    if (this.#zonesId === zonesId) return this.#labels;
    // Copied, as shared memory cannot be decoded in place.
    this.#labels = JSON.parse(new TextDecoder().decode(new Uint8Array(labels).slice()));
    this.#zonesId = zonesId;
    return this.#labels;
  }
}

/** The strings for this client. */
export function explain(
  reply: Reply,
  query: Query,
  client: ClientAddress,
  image: OpenImage,
  policyNumber: number,
  { owner, endpoints, classes }: ExplainLabels[number],
): string[] {
  const { tables, generation } = image;
  const { place } = reply;
  const answers = FAMILIES.map(
    ([type, family]) => [type, tableForClient(reply, query, client, image, policyNumber, family)] as const,
  );
  const className = place.classNumber === 0 ? "other" : (classes[place.classNumber - 1] ?? "other");
  const lines = [
    `policy=${owner} generation=${generation}`,
    `client=${clientText(query, client)} class=${className} scope=${place.scopeBits}`,
  ];
  for (const [type, table] of answers) {
    const outcome = OUTCOME_WORDS.find(([, value]) => value === tables.outcomes[table])?.[0] ?? "";
    lines.push(`${type} ${outcome} rung=${tables.rungs[table] ?? 0} ttl=${tables.ttlSeconds[table] ?? 0}`);
    const shares = [...sharesOf(tables, table)];
    for (const [number, share] of shares.slice(0, MOST_ENDPOINTS)) {
      lines.push(`${type} ${endpoints[number] ?? "?"} ${percent(share)}`);
    }
    const unsaid = shares.length - MOST_ENDPOINTS;
    if (unsaid > 0) lines.push(`${type} and ${unsaid} more`);
  }
  return lines;
}

/** By an endpoint's number within its policy: the probability of being drawn first. */
function sharesOf(tables: DecisionTables, table: number): Map<number, number> {
  const shares = new Map<number, number>();
  let before = 0;
  const end = tables.tableDraws[table + 1] ?? 0;
  for (let draw = tables.tableDraws[table] ?? 0; draw < end; draw++) {
    const upTo = tables.drawProbabilities[draw] ?? 0;
    const first = tables.drawCandidates[draw] ?? 0;
    const count = candidateCount(tables, draw);
    const sum = tables.candidateSums[first + count - 1] ?? 1;
    for (let candidate = first; candidate < first + count; candidate++) {
      const number = tables.candidateEndpoints[candidate] ?? 0;
      const share = ((upTo - before) * (tables.candidateWeights[candidate] ?? 0)) / sum;
      shares.set(number, (shares.get(number) ?? 0) + share);
    }
    before = upTo;
  }
  return shares;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))}%`;
}

/** The network that a resolver speaks of, or the address that asks. */
function clientText({ ecs }: Query, client: ClientAddress): string {
  if (!ecs.present || ecs.sourceBits === 0) return addressText(client.octets, client.length);
  return `${addressText(ecs.octets, ecs.family === 1 ? 4 : 16)}/${ecs.sourceBits}`;
}

function addressText(octets: Uint8Array, length: number): string {
  return formatIp(octets.subarray(0, length));
}
