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
import { candidateCount, createDrawRoom, favouriteOf, favouritesInOrder, sliceOf } from "../image/draws.ts";
import { closestEncloser, findNode, linkOf } from "../image/find.ts";
import { KIND, KIND_MASK, NODE } from "../image/layout.ts";
import { dryRunOf, type OpenImage, placesOf } from "../image/open-image.ts";
import { locationOf } from "../image/place-tables.ts";
import { type DecisionTables, OUTCOME, tableOf } from "../image/tables.ts";
import type { ClientAddress } from "./client-address.ts";
import { placeByNetwork, placeClient, positionClient } from "./place-client.ts";
import type { Query } from "./query.ts";
import type { Reply } from "./reply.ts";
import type { ExplainLabels, ExplainSettings } from "./settings.ts";

/** A policy of more endpoints is not listed to its end: the rest would not fit into a message. */
const MOST_ENDPOINTS = 200;
const FAMILIES = [
  ["A", 0],
  ["AAAA", 1],
] as const;
/** What a slot's threshold is a part of. */
const FRACTION_STEPS = 2 ** 32;

/** The number of the policy that answers a name of `octets` octets at `at`; −1: there is none. */
export function policyAt(image: OpenImage, view: DataView, at: number, octets: number): number {
  const { words } = image;
  const head = (node: number): number => (words[node] ?? 0) & KIND_MASK;
  let node = findNode(image, view, at, octets);
  if (node === 0) {
    const encloser = closestEncloser(image, view, at, octets);
    node = encloser !== 0 && head(encloser) === KIND.plain ? linkOf(words, encloser) : 0;
  }
  if (node === 0 || (head(node) !== KIND.plain && head(node) !== KIND.dname)) return -1;
  const policy = words[node + NODE.policy] ?? 0;
  // One that is its own dry run answers nothing.
  return policy === 0 || dryRunOf(image, policy - 1) === policy ? -1 : policy - 1;
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
  placeByNetwork(reply, query, client, image, policyNumber);
  const className = place.classNumber === 0 ? "other" : (classes[place.classNumber - 1] ?? "other");
  const location = locationText(query, client, image, policyNumber);
  placeClient(reply, query, client, image, policyNumber);
  const answers = FAMILIES.map(
    ([type, family]) => [type, tableOf(tables, policyNumber, place.classNumber, family)] as const,
  );
  if (answers.some(([, table]) => (tables.outcomes[table] ?? 0) >= OUTCOME.sliced)) {
    positionClient(reply, query, client);
  }
  const lines = [
    `policy=${owner} generation=${generation}`,
    `client=${clientText(query, client)} class=${className}${location} scope=${place.scopeBits}`,
  ];
  for (const [type, choice] of answers) {
    // Chance may choose among tables; those of one choice have their outcome, rung and TTL in common but for NODATA.
    const table = firstChosen(tables, choice, place.position);
    const outcome = wordOf(tables.outcomes[table]);
    lines.push(`${type} ${outcome} rung=${tables.rungs[table] ?? 0} ttl=${tables.ttlSeconds[table] ?? 0}`);
    const shares = [...sharesOf(tables, choice, place.position)];
    for (const [number, share] of shares.slice(0, MOST_ENDPOINTS)) {
      lines.push(`${type} ${endpoints[number] ?? "?"} ${percent(share)}`);
    }
    const unsaid = shares.length - MOST_ENDPOINTS;
    if (unsaid > 0) lines.push(`${type} and ${unsaid} more`);
  }
  return lines;
}

/** The tables that chance can choose for a client, each with its probability. */
function* chosen(
  tables: DecisionTables,
  table: number,
  position: number,
): Generator<readonly [table: number, probability: number]> {
  const outcome = tables.outcomes[table];
  if (outcome === OUTCOME.sliced) yield* chosen(tables, sliceOf(tables, table, position), position);
  else if (outcome === OUTCOME.sticky) yield* chosen(tables, favouriteOf(tables, table, position), position);
  else if (outcome === OUTCOME.mixed) {
    const first = tables.tableSlots[table] ?? 0;
    const end = tables.tableSlots[table + 1] ?? 0;
    for (let slot = first; slot < end; slot++) {
      const own = (tables.slotThresholds[slot] ?? 0) / FRACTION_STEPS;
      for (const [next, part] of [
        [tables.slotCandidates[slot] ?? 0, own],
        [tables.slotAliases[slot] ?? 0, 1 - own],
      ] as const) {
        for (const [leaf, within] of chosen(tables, next, position))
          yield [leaf, (within * part) / (end - first)];
      }
    }
  } else yield [table, 1];
}

function firstChosen(tables: DecisionTables, table: number, position: number): number {
  for (const [leaf] of chosen(tables, table, position)) return leaf;
  return table;
}

/** By an endpoint's number within its policy: the probability that it is the first that this client is answered. */
function sharesOf(tables: DecisionTables, choice: number, position: number): Map<number, number> {
  const shares = new Map<number, number>();
  const add = (candidate: number, share: number): void => {
    const number = tables.candidateEndpoints[candidate] ?? 0;
    if (share > 0) shares.set(number, (shares.get(number) ?? 0) + share);
  };
  for (const [table, probability] of chosen(tables, choice, position)) {
    let before = 0;
    const end = tables.tableDraws[table + 1] ?? 0;
    for (let draw = tables.tableDraws[table] ?? 0; draw < end; draw++) {
      const upTo = tables.drawProbabilities[draw] ?? 0;
      const first = tables.drawCandidates[draw] ?? 0;
      const count = candidateCount(tables, draw);
      if (tables.tableSticky[table] === 1 && count > 0) {
        const room = createDrawRoom();
        favouritesInOrder(tables, draw, position, room);
        add(room.order[0] ?? 0, probability);
        continue;
      }
      const sum = tables.candidateSums[first + count - 1] ?? 1;
      for (let candidate = first; candidate < first + count; candidate++) {
        const part = (tables.candidateWeights[candidate] ?? 0) / sum;
        add(candidate, probability * (upTo - before) * part);
      }
      before = upTo;
    }
  }
  return shares;
}

function wordOf(outcome: number | undefined): string {
  if (outcome === OUTCOME.servfail) return "servfail";
  return outcome === OUTCOME.nodata ? "nodata" : "answer";
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))}%`;
}

/** Where the geo database puts the client; nothing where the policy does not ask. */
function locationText({ ecs }: Query, client: ClientAddress, image: OpenImage, policyNumber: number): string {
  const { places } = image;
  if (places === undefined || placesOf(image, policyNumber) === 0) return "";
  const location =
    ecs.present && ecs.sourceBits > 0
      ? locationOf(places, ecs.octets, ecs.family === 1 ? 4 : 16)
      : locationOf(places, client.octets, client.length);
  return ` location=${location ?? "unknown"}`;
}

/** The network that a resolver speaks of, or the address that asks. */
function clientText({ ecs }: Query, client: ClientAddress): string {
  if (!ecs.present || ecs.sourceBits === 0) return addressText(client.octets, client.length);
  return `${addressText(ecs.octets, ecs.family === 1 ? 4 : 16)}/${ecs.sourceBits}`;
}

function addressText(octets: Uint8Array, length: number): string {
  return formatIp(octets.subarray(0, length));
}
