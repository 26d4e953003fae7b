/**
 * What one set of zones changes of another: the names that come, go or get other types, and for every name with a policy
 * on either side each class of clients whose shares move. Both sides are evaluated by the very `evaluate` that is served,
 * under a health that the caller supposes; clients are those that either side can tell apart.
 *
 * Addresses that records give without a policy count like a policy's, each with the same share, and a name that leads out
 * of the zones by a CNAME sends everybody to that name: so a change from one to the other is measured as well.
 */

import { formatName, type Name, nameKey } from "../dns/name.ts";
import { formatRdata } from "../dns/rdata.ts";
import type { RRset } from "../dns/rrset.ts";
import { formatType, TYPE } from "../dns/types.ts";
import { type Client, UNKNOWN_CLIENT } from "../geo/client.ts";
import type { Snapshot } from "../health/snapshot.ts";
import { cnameTargetOf } from "../policy/cname.ts";
import { describeClient, distinctClients } from "../policy/distinct-clients.ts";
import { evaluate, sharesOf } from "../policy/evaluate.ts";
import type { Definitions } from "../policy/model.ts";
import { type SentTo, shiftBetween } from "../policy/shift.ts";
import { type LookupEnd, lookup, type ZonesByApexKey } from "./lookup.ts";
import type { ZoneNode } from "./model.ts";

export interface PlanSide {
  readonly zones: ZonesByApexKey;
  readonly definitions: Definitions;
  readonly snapshot: Snapshot;
}

export interface NameChange {
  readonly name: string;
  readonly change: "added" | "removed" | "types";
  /** `POLICY` is one of them; empty where there is no such name. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** One part of an answer; `endpoint` is `pool/endpoint`, or what a record without a policy holds. */
export interface PlannedShare extends SentTo {
  readonly endpoint: string;
}

export interface Move {
  readonly name: string;
  readonly type: "A" | "AAAA";
  /** As `--client` takes it; `null` is a client of whom nothing is known. */
  readonly client: string | null;
  /** From 0 to 1. */
  readonly shift: number;
  readonly before: readonly PlannedShare[];
  readonly after: readonly PlannedShare[];
}

export interface Plan {
  readonly names: readonly NameChange[];
  readonly moves: readonly Move[];
  /** The largest shift; 0 without any. */
  readonly maxShift: number;
}

/** Shares are sums of fractions; what differs by less is equal. */
const EPSILON = 1e-9;

export function planOf(before: PlanSide, after: PlanSide): Plan {
  const moves = policyOwners(before, after).flatMap((owner) => movesAt(owner, before, after));
  return {
    names: nameChanges(before, after),
    moves,
    maxShift: moves.reduce((most, { shift }) => Math.max(most, shift), 0),
  };
}

/** Owners of a policy on either side, each once. */
function policyOwners(...sides: readonly PlanSide[]): Name[] {
  const owners = new Map<string, Name>();
  for (const { zones } of sides) {
    for (const { nodes } of zones.values()) {
      for (const key of nodes.policies.keys()) {
        const owner = nodes.get(key)?.owner;
        if (owner !== undefined && !owners.has(key)) owners.set(key, owner);
      }
    }
  }
  return [...owners.values()];
}

function movesAt(owner: Name, before: PlanSide, after: PlanSide): Move[] {
  const moves: Move[] = [];
  for (const type of ["A", "AAAA"] as const) {
    const from = lookup(before.zones, owner, TYPE[type]);
    const to = lookup(after.zones, owner, TYPE[type]);
    const clients = new Map<string, Client>([["", UNKNOWN_CLIENT]]);
    for (const client of [...clientsOf(from.end, before), ...clientsOf(to.end, after)]) {
      clients.set(describeClient(client), client);
    }
    for (const [text, client] of clients) {
      const was = sharesFor(from, before, client);
      const willBe = sharesFor(to, after, client);
      const shift = shiftBetween(was, willBe);
      if (shift < EPSILON && isSame(was, willBe)) continue;
      const name = formatName(owner);
      moves.push({ name, type, client: text === "" ? null : text, shift, before: was, after: willBe });
    }
  }
  return moves;
}

function clientsOf(end: LookupEnd, { definitions }: PlanSide): readonly Client[] {
  return end.kind === "policy" ? distinctClients(end.policy.expression, definitions) : [];
}

function sharesFor(
  { chain, end }: ReturnType<typeof lookup>,
  { definitions, snapshot }: PlanSide,
  client: Client,
): PlannedShare[] {
  if (end.kind === "policy") {
    const { policy, family } = end;
    return sharesOf(evaluate(policy, definitions, snapshot, client, family)).map(
      ({ endpoint, addresses, share }) => {
        const cname = cnameTargetOf(endpoint);
        const texts = cname === undefined ? addresses.map(({ text }) => text) : [cname];
        return { endpoint: endpoint.id, addresses: texts, share };
      },
    );
  }
  if (end.kind === "answer") return sharesOfRecords(end.rrset);
  const last = chain.at(-1);
  return end.kind === "outside" && last !== undefined ? sharesOfRecords(last) : [];
}

function sharesOfRecords({ type, rdatas }: RRset): PlannedShare[] {
  return rdatas.map((rdata) => {
    const text = formatRdata(type, rdata);
    return { endpoint: text, addresses: [text], share: 1 / rdatas.length };
  });
}

function isSame(before: readonly PlannedShare[], after: readonly PlannedShare[]): boolean {
  const shares = new Map(before.map(({ endpoint, share }) => [endpoint, share]));
  return (
    before.length === after.length &&
    after.every(({ endpoint, share }) => Math.abs((shares.get(endpoint) ?? 0) - share) < EPSILON)
  );
}

function nameChanges(before: PlanSide, after: PlanSide): NameChange[] {
  const changes: NameChange[] = [];
  forEachName(before, (owner, was) => {
    const willBe = typesAt(after, owner);
    if (was.join() !== willBe.join()) changes.push(nameChange(owner, was, willBe));
  });
  forEachName(after, (owner, willBe) => {
    if (typesAt(before, owner).length === 0) changes.push(nameChange(owner, [], willBe));
  });
  return changes;
}

function nameChange(owner: Name, before: readonly string[], after: readonly string[]): NameChange {
  const change = before.length === 0 ? "added" : after.length === 0 ? "removed" : "types";
  return { name: formatName(owner), change, before, after };
}

/** Empty non-terminals are no names of their own. */
function forEachName({ zones }: PlanSide, visit: (owner: Name, types: readonly string[]) => void): void {
  for (const { nodes } of zones.values()) {
    for (const node of nodes.values()) {
      const types = typesOf(node);
      if (types.length > 0) visit(node.owner, types);
    }
  }
}

/** At the very owner, in whichever zone of the set it stands: a name may move into a zone of its own. */
function typesAt({ zones }: PlanSide, owner: Name): readonly string[] {
  const key = nameKey(owner);
  const types = new Set<string>();
  for (let at = 0; at < key.length; at += key.charCodeAt(at) + 1) {
    const node = zones.get(key.slice(at))?.nodes.get(key);
    if (node !== undefined) for (const type of typesOf(node)) types.add(type);
  }
  return [...types].sort();
}

function typesOf({ rrsets, policy }: ZoneNode): readonly string[] {
  const types = Array.from(rrsets.keys(), formatType);
  return (policy === undefined ? types : [...types, "POLICY"]).sort();
}
