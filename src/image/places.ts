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
 */

import { type Client, type Place, UNKNOWN_CLIENT } from "../geo/client.ts";
import type { ClientClasses } from "../geo/client-classes.ts";
import { FAMILY, type GeoDatabase, HEADER, placeAt, placeCount } from "../geo/database.ts";
import { type AskedPlaces, askedOf, askedPlacesOf } from "../policy/asked-places.ts";
import { clientSignature } from "../policy/client-signature.ts";
import type { Definitions } from "../policy/model.ts";
import { bitWords, setBit } from "./bit-steps.ts";
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

export function compilePlaces(zones: ZonePart, geo: GeoDatabase): PlacePart {
  const { definitions } = zones.set;
  const tables = new Map<string, { readonly words: Int32Array; at: number }>();
  const byExpression = new Map<PolicyEntry["policy"]["expression"], Judged>();
  let size = zones.policies.length;
  const used = zones.policies.map((entry) => {
    const { expression } = entry.policy;
    const asked = askedPlacesOf(expression, definitions);
    if (asked === undefined) return undefined;
    const judged = byExpression.get(expression) ?? judge(entry, asked, definitions, geo);
    byExpression.set(expression, judged);
    const key = `${judged.kinds.join()} ${judged.classes.join()} ${entry.clients.words.join()}`;
    const known = tables.get(key) ?? { words: tableWords(judged, entry, geo), at: size };
    if (!tables.has(key)) size += known.words.length;
    tables.set(key, known);
    return { clients: judged.clients, at: known.at };
  });
  const bytes = new SharedArrayBuffer(size * Int32Array.BYTES_PER_ELEMENT);
  const all = new Int32Array(bytes);
  used.forEach((one, number) => {
    all[number] = one?.at ?? 0;
  });
  for (const { words, at } of tables.values()) all.set(words, at);
  return { geo, clients: used.map((one) => one?.clients), bytes };
}

interface Judged {
  /** By class. */
  readonly clients: readonly Client[];
  /** By number of a place. */
  readonly kinds: Uint32Array;
  readonly kindCount: number;
  /** By network × kinds + kind. */
  readonly classes: Uint32Array;
}

function judge(
  { policy, clients: { classes } }: PolicyEntry,
  asked: AskedPlaces,
  definitions: Definitions,
  geo: GeoDatabase,
): Judged {
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
  const kinds = Uint32Array.from({ length: placeCount(geo) }, (_, number) => {
    const place = placeAt(geo.words, number);
    const text = askedOf(asked, definitions, place);
    const known = kindOf.get(text) ?? kindOfPlace(place);
    kindOf.set(text, known);
    return known;
  });
  const byNetwork = networks.flatMap((_, network) => columns.map((column) => column[network] ?? 0));
  return { clients, kinds, kindCount: columns.length, classes: Uint32Array.from(byNetwork) };
}

function tableWords(judged: Judged, { clients }: PolicyEntry, geo: GeoDatabase): Int32Array {
  const families = [
    changesOf(judged, clients.classes.ipv4, geo, HEADER.ipv4),
    changesOf(judged, clients.classes.ipv6, geo, HEADER.ipv6),
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

interface Changes {
  readonly wordsEach: number;
  readonly changes: Int32Array;
  readonly borders: readonly number[];
}

/** Goes through the intervals of the database and of the networks side by side, and notes where the class changes. */
function changesOf(
  { kinds, kindCount, classes }: Judged,
  networks: ClientClasses["ipv4"],
  { words }: GeoDatabase,
  header: number,
): Changes {
  const { wordsEach, starts: networkStarts, classes: networkOf } = networks;
  const count = words[header + FAMILY.count] ?? 0;
  const starts = words[header + FAMILY.starts] ?? 0;
  const places = words[header + FAMILY.places] ?? 0;
  const changes = new Int32Array(bitWords(count));
  const borders: number[] = [];
  let network = 0;
  let before: number | undefined;
  for (let interval = 0; interval < count; interval++) {
    const kind = kinds[words[places + interval] ?? 0] ?? 0;
    const classAt = (): number => classes[(networkOf[network] ?? 0) * kindCount + kind] ?? 0;
    const start = starts + interval * wordsEach;
    // Networks that begin here count from here; the others begin within the interval.
    while (
      network + 1 < networkOf.length &&
      compare(networkStarts, (network + 1) * wordsEach, words, start, wordsEach) <= 0
    ) {
      network++;
    }
    if (before !== undefined && classAt() !== before) setBit(changes, 0, count, interval);
    before = classAt();
    const end = start + wordsEach;
    const isLast = interval + 1 === count;
    const beginsWithin = (next: number): boolean =>
      isLast || compare(networkStarts, next * wordsEach, words, end, wordsEach) < 0;
    while (network + 1 < networkOf.length && beginsWithin(network + 1)) {
      network++;
      if (classAt() !== before) {
        borders.push(...networkStarts.subarray(network * wordsEach, (network + 1) * wordsEach));
      }
      before = classAt();
    }
  }
  return { wordsEach, changes, borders };
}

function compare(
  some: Uint32Array,
  at: number,
  others: Int32Array,
  otherAt: number,
  wordsEach: number,
): number {
  for (let word = 0; word < wordsEach; word++) {
    const one = some[at + word] ?? 0;
    const other = (others[otherAt + word] ?? 0) >>> 0;
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}
