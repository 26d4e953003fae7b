/**
 * Who is sent elsewhere by another set of zones: at every name of a list each class of clients whose shares move. Both
 * sides are evaluated by the very `evaluate` that is served, under the health that the caller hands in with each; clients
 * are those that either side can tell apart.
 *
 * Addresses that records give without a policy count like a policy's, each with the same share, and a name that leads out
 * of the zones by a CNAME sends everybody to that name: so a change from one to the other is measured as well.
 */

import { formatName, type Name } from "../dns/name.ts";
import { formatRdata } from "../dns/rdata.ts";
import type { RRset } from "../dns/rrset.ts";
import { TYPE } from "../dns/types.ts";
import type { Client } from "../geo/client.ts";
import type { Snapshot } from "../health/snapshot.ts";
import { clientClasses, type Judging } from "../policy/client-classes.ts";
import { cnameTargetOf } from "../policy/cname.ts";
import { evaluate, sharesOf } from "../policy/evaluate.ts";
import type { Definitions } from "../policy/model.ts";
import { type SentTo, shiftBetween } from "../policy/shift.ts";
import { type LookupEnd, lookup, type ZonesByApexKey } from "./lookup.ts";

export interface PlanSide {
  readonly zones: ZonesByApexKey;
  readonly definitions: Definitions;
  readonly snapshot: Snapshot;
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

/** Shares are sums of fractions; what differs by less is equal. */
const EPSILON = 1e-9;

/** The moves at these names, one after the other; `undefined` in between, for whoever has other work to do. */
export function* movesBetween(
  before: PlanSide,
  after: PlanSide,
  owners: Iterable<Name>,
): Generator<Move | undefined, void> {
  for (const owner of owners) {
    yield undefined;
    yield* movesAt(owner, before, after);
  }
}

function* movesAt(owner: Name, before: PlanSide, after: PlanSide): Generator<Move | undefined, void> {
  for (const type of ["A", "AAAA"] as const) {
    const from = lookup(before.zones, owner, TYPE[type]);
    const to = lookup(after.zones, owner, TYPE[type]);
    const policies = [...judgingOf(from.end, before), ...judgingOf(to.end, after)];
    for (const [text, client] of clientClasses(policies)) {
      const was = sharesFor(from, before, client);
      const willBe = sharesFor(to, after, client);
      const shift = shiftBetween(was, willBe);
      const stays = shift < EPSILON && isSame(was, willBe);
      const name = formatName(owner);
      const move = { name, type, client: text === "" ? null : text, shift, before: was, after: willBe };
      yield stays ? undefined : move;
    }
  }
}

function judgingOf(end: LookupEnd, { definitions }: PlanSide): readonly Judging[] {
  return end.kind === "policy" ? [{ expression: end.policy.expression, definitions }] : [];
}

/** What such a client is answered, from where a lookup ended. */
export function sharesFor(
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
