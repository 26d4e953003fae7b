/**
 * What policies can tell apart of where clients are: for each policy that asks for a place, its classes of clients, and the
 * bytes by which the answer path finds the class of an address and how far around it the answer holds. Compiled from the
 * zones and a geo database; policies that ask for networks alone have theirs in the zones (`image/clients`).
 *
 * ```
 * directory   policy number → table; 0: it asks for no place
 * table       PLACES: where each of these is
 *   networks    the policy's client table, as image/clients lays it out
 *   kinds       by number of a place: its kind; places that the policy cannot tell apart are of one kind
 *   classes     network × kinds + kind → class
 *   changes     for each family, bits (image/bit-steps): the intervals of the database at whose start the class changes
 *   borders     for each family, the starts of networks within an interval of the database at which the class changes
 * ```
 *
 * A class is what the policy comes to for a client (`clientSignature`): an answer is valid as far as the class is the same,
 * so up to the nearest change or border on either side. Class 0 is a client of whom nothing is known. Policies that come to
 * the same table share it.
 *
 * With a database of cities this takes some 0.1 s for each expression, so it is done in steps, between which others have their turn.
 */

import { type Client, type Place, UNKNOWN_CLIENT } from "../geo/client.ts";
import { type GeoDatabase, HEADER, placeAt } from "../geo/database.ts";
import { type AskedPlaces, askedOf, askedPlacesOf } from "../policy/asked-places.ts";
import { clientSignature } from "../policy/client-signature.ts";
import { formatExpression } from "../policy/expression-text.ts";
import type { Definitions } from "../policy/model.ts";
import { changesInSteps, type PlaceClasses } from "./place-changes.ts";
import { type Grouping, groupInSteps } from "./place-groups.ts";
import { PLACES } from "./place-tables.ts";
import type { PolicyEntry, ZonePart } from "./zones.ts";

export interface PlacePart {
  readonly geo: GeoDatabase;
  /** By policy number: a client of each class; `undefined` where the policy asks for no place. */
  readonly clients: readonly (readonly Client[] | undefined)[];
  readonly bytes: SharedArrayBuffer;
}

/** Whether any policy asks for a place, so that a database is of use. */
export function asksForPlaces({ set, policies }: ZonePart): boolean {
  return policies.some(({ policy }) => askedPlacesOf(policy.expression, set.definitions) !== undefined);
}

/** At one go, where nothing else has to be done meanwhile. */
export function compilePlaces(zones: ZonePart, geo: GeoDatabase): PlacePart {
  const steps = compilePlacesInSteps(zones, geo);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

export function* compilePlacesInSteps(zones: ZonePart, geo: GeoDatabase): Generator<undefined, PlacePart> {
  const { definitions } = zones.set;
  const grouping = yield* groupInSteps(geo);
  const tables = new Tables(zones.policies.length);
  const byExpression = new Map<string, Used>();
  const used: (Used | undefined)[] = [];
  for (const entry of zones.policies) {
    const { expression } = entry.policy;
    const asked = askedPlacesOf(expression, definitions);
    if (asked === undefined) {
      used.push(undefined);
      continue;
    }
    const text = formatExpression(expression);
    let known = byExpression.get(text);
    if (known === undefined) {
      const judged = yield* judgeInSteps(entry, asked, definitions, geo, grouping);
      const { words } = entry.clients;
      const at =
        tables.find(judged, words) ?? tables.add(judged, words, yield* tableInSteps(judged, entry, geo));
      known = { clients: judged.clients, at };
      byExpression.set(text, known);
    }
    used.push(known);
  }
  const bytes = new SharedArrayBuffer(tables.size * Int32Array.BYTES_PER_ELEMENT);
  const all = new Int32Array(bytes);
  used.forEach((one, number) => {
    all[number] = one?.at ?? 0;
  });
  for (const { table, at } of tables.all()) {
    yield undefined;
    all.set(table, at);
  }
  return { geo, clients: used.map((one) => one?.clients), bytes };
}

/** By a policy. */
interface Used {
  /** By class. */
  readonly clients: readonly Client[];
  /** Its table. */
  readonly at: number;
}

interface Judged extends PlaceClasses {
  /** By class. */
  readonly clients: readonly Client[];
}

interface Table {
  readonly of: PlaceClasses;
  /** Those of the policy's client table. */
  readonly networks: Int32Array;
  readonly table: Int32Array;
  readonly at: number;
}

/** Behind a directory of so many words. */
class Tables {
  size: number;
  /** Of one digest each. */
  readonly #tables = new Map<number, Table[]>();

  constructor(directoryWords: number) {
    this.size = directoryWords;
  }

  find(of: PlaceClasses, networks: Int32Array): number | undefined {
    const alike = (table: Table): boolean =>
      table.of.kindCount === of.kindCount &&
      isSame(table.networks, networks) &&
      isSame(table.of.classes, of.classes) &&
      isSame(table.of.kinds, of.kinds);
    return this.#tables.get(digestOf(of, networks))?.find(alike)?.at;
  }

  add(of: PlaceClasses, networks: Int32Array, table: Int32Array): number {
    const at = this.size;
    const digest = digestOf(of, networks);
    const others = this.#tables.get(digest) ?? [];
    this.#tables.set(digest, [...others, { of, networks, table, at }]);
    this.size += table.length;
    return at;
  }

  all(): Table[] {
    return [...this.#tables.values()].flat();
  }
}

function digestOf({ kinds, classes }: PlaceClasses, networks: Int32Array): number {
  let digest = 0;
  for (const words of [kinds, classes, networks]) {
    for (let at = 0; at < words.length; at++) digest = Math.imul(digest ^ (words[at] ?? 0), 0x01000193);
  }
  return digest;
}

function isSame(one: ArrayLike<number>, other: ArrayLike<number>): boolean {
  if (one === other) return true;
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

const GROUPS_A_STEP = 256;

function* judgeInSteps(
  { policy, clients: { classes } }: PolicyEntry,
  asked: AskedPlaces,
  definitions: Definitions,
  geo: GeoDatabase,
  grouping: Grouping,
): Generator<undefined, Judged> {
  const networks = [undefined, ...classes.networks];
  const clients: Client[] = [];
  const classOf = new Map<string, number>();
  const classNumber = (client: Client): number => {
    const signature = clientSignature(policy.expression, definitions, client);
    const known = classOf.get(signature);
    if (known !== undefined) return known;
    classOf.set(signature, clients.length);
    return clients.push(client) - 1;
  };
  // Class 0 before all others.
  classNumber(UNKNOWN_CLIENT);
  const kindOf = new Map<string, number>();
  const kindOfColumn = new Map<string, number>();
  const columns: (readonly number[])[] = [];
  const kindOfPlace = (place: Place | undefined): number => {
    const column = networks.map((network) => classNumber({ network, place }));
    const text = column.join();
    const known = kindOfColumn.get(text);
    if (known !== undefined) return known;
    kindOfColumn.set(text, columns.length);
    return columns.push(column) - 1;
  };
  const { groupOf, examples } = asked.nearest.length === 0 ? grouping.regions : grouping.single;
  const kindOfGroup = new Uint32Array(examples.length);
  for (let group = 0; group < examples.length; group++) {
    if (group % GROUPS_A_STEP === GROUPS_A_STEP - 1) yield undefined;
    const place = placeAt(geo.words, examples[group] ?? 0);
    const text = askedOf(asked, definitions, place);
    const known = kindOf.get(text) ?? kindOfPlace(place);
    kindOf.set(text, known);
    kindOfGroup[group] = known;
  }
  const kinds = groupOf.map((group) => kindOfGroup[group] ?? 0);
  const byNetwork = networks.flatMap((_, network) => columns.map((column) => column[network] ?? 0));
  return { clients, kinds, kindCount: columns.length, classes: Uint32Array.from(byNetwork) };
}

function* tableInSteps(
  judged: Judged,
  { clients }: PolicyEntry,
  geo: GeoDatabase,
): Generator<undefined, Int32Array> {
  const families = [
    yield* changesInSteps(judged, clients.classes.ipv4, geo, HEADER.ipv4),
    yield* changesInSteps(judged, clients.classes.ipv6, geo, HEADER.ipv6),
  ];
  const parts: { readonly head: number; readonly words: ArrayLike<number> }[] = [
    { head: PLACES.networks, words: clients.words },
    { head: PLACES.kinds, words: judged.kinds },
    { head: PLACES.classes, words: judged.classes },
    ...families.flatMap(({ changes, borders }, family) => [
      { head: PLACES.ipv4 + family * PLACES.familyWords + PLACES.changes, words: changes },
      { head: PLACES.ipv4 + family * PLACES.familyWords + PLACES.borders, words: borders },
    ]),
  ];
  const size = parts.reduce<number>((sum, { words }) => sum + words.length, PLACES.words);
  const all = new Int32Array(size);
  all[PLACES.kindCount] = judged.kindCount;
  let at: number = PLACES.words;
  for (const { head, words } of parts) {
    all[head] = at;
    all.set(words, at);
    at += words.length;
  }
  families.forEach(({ borders, wordsEach }, family) => {
    all[PLACES.ipv4 + family * PLACES.familyWords + PLACES.borderCount] = borders.length / wordsEach;
  });
  return all;
}
