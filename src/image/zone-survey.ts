/** What a zone holds that decides over other names of it, looked over before its bytes are written. Nodes by number. */

import { TYPE } from "../dns/types.ts";
import { NONE, type RecordTable } from "../zone/record-table.ts";
import { KIND } from "./layout.ts";

const WILDCARD_LABEL_OCTETS = 1;
const ASTERISK = 0x2a;

export class ZoneSurvey {
  readonly #table: RecordTable;
  /** Owners of NS below the apex, in the order of the nodes. */
  readonly cuts: number[] = [];
  readonly #isCut = new Set<number>();
  readonly #isDname = new Set<number>();
  /** Closest enclosers that have a wildcard, and that wildcard. */
  readonly #wildcardOf = new Map<number, number>();

  constructor(table: RecordTable, apex: number) {
    this.#table = table;
    for (let node = 0; node < table.names.count; node++) {
      if (!table.isNode(node)) continue;
      for (let rrset = table.firstRRset(node); rrset !== NONE; rrset = table.nextRRset(rrset)) {
        const type = table.typeOf(rrset);
        if (type === TYPE.NS && node !== apex) this.#addCut(node);
        if (type === TYPE.DNAME) this.#isDname.add(node);
      }
      if (node !== apex && isWildcard(table, node)) this.#wildcardOf.set(table.parentOf(node), node);
    }
  }

  #addCut(node: number): void {
    this.cuts.push(node);
    this.#isCut.add(node);
  }

  kindOf(node: number): number {
    const highest = this.#highestBarrier(node);
    if (highest === NONE) return KIND.plain;
    if (this.#isCut.has(highest)) return highest === node ? KIND.cut : KIND.belowCut;
    return highest === node ? KIND.dname : KIND.belowDname;
  }

  /** The node that a node's link leads to; `NONE`: to none. */
  linkOf(node: number): number {
    const highest = this.#highestBarrier(node);
    if (highest === NONE) return this.#wildcardOf.get(node) ?? NONE;
    return highest === node ? NONE : highest;
  }

  /** Whether `linkOf` is `NONE` for every node. */
  get isPlain(): boolean {
    return this.#isCut.size + this.#isDname.size + this.#wildcardOf.size === 0;
  }

  /** The highest cut or DNAME at or above a node decides: what lies below it is never looked at. */
  #highestBarrier(node: number): number {
    if (this.#isCut.size + this.#isDname.size === 0) return NONE;
    let highest = NONE;
    for (let at = node; at !== NONE; at = this.#table.parentOf(at)) {
      if (this.#isCut.has(at) || this.#isDname.has(at)) highest = at;
    }
    return highest;
  }
}

function isWildcard({ names }: RecordTable, node: number): boolean {
  const start = names.startOf(node);
  return names.octets[start] === WILDCARD_LABEL_OCTETS && names.octets[start + 1] === ASTERISK;
}
