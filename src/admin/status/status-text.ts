/**
 * The status as the text of its JSON, in pieces: of ten thousand endpoints it is three megabytes, and whoever made it whole
 * would hold the event loop for some fifty milliseconds.
 */

import {
  hostsByName,
  type StatusInput,
  statusOfEndpoint,
  statusOfNode,
  statusOfPolicy,
  statusOfPoolAlone,
} from "./status.ts";

/** What goes together takes about a millisecond; a single endpoint or policy is never cut. */
const PIECE_CHARACTERS = 65_536;

/** The same text as that of `buildStatus`. */
export function* writeStatus(input: StatusInput): Generator<string, void> {
  let piece = "";
  for (const text of textOf(input)) {
    piece += text;
    if (piece.length < PIECE_CHARACTERS) continue;
    yield piece;
    piece = "";
  }
  yield piece;
}

function* textOf(input: StatusInput): Generator<string, void> {
  const { availability, serving } = input;
  const { zones = [], pools = [] } = serving?.derived ?? {};
  const hosts = hostsByName(input);
  yield openedWith(statusOfNode(input), "zones");
  yield* listed(zones, function* ({ zone: { name, serial }, policies }) {
    yield openedWith({ name, serial }, "policies");
    yield* listed(policies, (policy) => [JSON.stringify(statusOfPolicy(policy, availability))]);
    yield "}";
  });
  yield ',"pools":';
  yield* listed(pools, function* (pool) {
    yield openedWith(statusOfPoolAlone(pool, availability), "endpoints");
    yield* listed(pool.endpoints, (endpoint) => [JSON.stringify(statusOfEndpoint(endpoint, hosts))]);
    yield "}";
  });
  yield "}";
}

/** An object up to its last field, whose value is to follow. */
function openedWith(fields: object, last: string): string {
  return `${JSON.stringify(fields).slice(0, -1)},"${last}":`;
}

function* listed<Item>(
  items: readonly Item[],
  textOfItem: (item: Item) => Iterable<string>,
): Generator<string, void> {
  yield "[";
  for (const [index, item] of items.entries()) {
    if (index > 0) yield ",";
    yield* textOfItem(item);
  }
  yield "]";
}
