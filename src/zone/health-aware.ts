/**
 * `health-aware=on` behind the data of an SRV or MX record: the record is left out while the policy that its target leads to
 * has nothing up (`policy/health-aware`). It is no part of the data: the parser takes it off, notes it beside the record, and
 * no transfer or export has it.
 */

import { TYPE } from "../dns/types.ts";
import type { Token } from "./lexer.ts";
import type { Position } from "./model.ts";
import type { ParserState } from "./parser-state.ts";
import { NONE, type RecordTable } from "./record-table.ts";

const KEY = "health-aware";
const TYPES: ReadonlySet<number> = new Set([TYPE.SRV, TYPE.MX]);

/** An RRset some of whose records are marked, by their place in the set. */
export interface MarkedRRset {
  readonly type: number;
  readonly records: ReadonlyMap<number, Position>;
}

/** By `nameKey` of the owner. */
export type MarkedRRsets = ReadonlyMap<string, readonly MarkedRRset[]>;

interface MarkedData {
  readonly rdataTokens: readonly Token[];
  readonly isHealthAware: boolean;
}

/** Takes the mark off the end of a record's data. */
export function takeHealthAware(state: ParserState, type: number, tokens: readonly Token[]): MarkedData {
  const last = tokens.at(-1);
  if (!TYPES.has(type) || last === undefined || !isMark(last)) {
    return { rdataTokens: tokens, isHealthAware: false };
  }
  const value = last.text.slice(KEY.length + 1);
  if (value !== "on" && value !== "off") {
    const message = `Cannot parse ${KEY}: '${value}' is neither on nor off`;
    state.fault(last, "bad-health-aware", message, KEY.length + 1);
  }
  return { rdataTokens: tokens.slice(0, -1), isHealthAware: value === "on" };
}

/** The mark among the data of a record that cannot have one: what such data cannot be read for, more likely than not. */
export function misplacedMark(type: number, tokens: readonly Token[]): Token | undefined {
  return TYPES.has(type) ? undefined : tokens.find(isMark);
}

function isMark({ text, quoted }: Token): boolean {
  return !quoted && text.startsWith(`${KEY}=`);
}

/** Those of a zone, once its records are grouped; a mark on a duplicate that does not count is none. */
export function markedRRsets(table: RecordTable): MarkedRRsets {
  const found = new Map<string, MarkedRRset[]>();
  const seen = new Set<number>([NONE]);
  for (const marked of table.healthAware) {
    const owner = table.ownerOf(marked);
    const rrset = table.isNode(owner) ? table.rrsetOf(owner, table.typeOf(marked)) : NONE;
    if (seen.has(rrset)) continue;
    seen.add(rrset);
    const records = new Map<number, Position>();
    let place = 0;
    for (let record = rrset; record !== NONE; record = table.nextRecord(record), place++) {
      if (table.healthAware.has(record)) records.set(place, table.positionOf(record));
    }
    if (records.size === 0) continue;
    const key = table.names.keyOf(owner);
    found.set(key, [...(found.get(key) ?? []), { type: table.typeOf(rrset), records }]);
  }
  return found;
}
