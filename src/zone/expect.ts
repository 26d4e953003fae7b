/**
 * Runs `$EXPECT`: what a name is supposed to answer under a supposed health, held against the very `evaluate` that is
 * served. At every load, and by `fairlead test`.
 *
 * | the name leads to        | its policy                               | shares  | result                        |
 * | ------------------------ | ---------------------------------------- | ------- | ----------------------------- |
 * | no POLICY for this type  | –                                        | –       | failed                        |
 * | a POLICY, CNAMEs allowed | any                                      | as said | met                           |
 * | a POLICY                 | any                                      | other   | failed                        |
 * | a POLICY                 | asks for the place of a `from` address   | other   | failed by the geo database    |
 */

import { formatName } from "../dns/name.ts";
import { TYPE } from "../dns/types.ts";
import type { Client, PlaceOf } from "../geo/client.ts";
import type { AddressHealth, EndpointHealth, Snapshot } from "../health/snapshot.ts";
import { askedPlacesOf } from "../policy/asked-places.ts";
import { evaluate, sharesOf } from "../policy/evaluate.ts";
import type { Evaluation, Share } from "../policy/evaluation.ts";
import type { Definitions, Endpoint, Policy } from "../policy/model.ts";
import { reachOf } from "../policy/reach.ts";
import { supposeResolved } from "../policy/resolved.ts";
import { lookup, type ZonesByApexKey } from "./lookup.ts";
import type { Expectation, ExpectedOutcome, ZoneSet } from "./model.ts";

export type ExpectationResult =
  | { readonly kind: "met"; readonly policy: Policy }
  | {
      readonly kind: "failed";
      readonly policy: Policy | undefined;
      /** Whether another geo database could make it come true. */
      readonly byGeoDatabase: boolean;
      readonly message: string;
    };

/** What `fairlead test` prints, one a line. */
export interface TestedExpectation {
  readonly expectation: Expectation;
  readonly result: ExpectationResult;
}

/** Every expectation of a set with what came of it; `zones` are the set's, or what somebody supposes of them. */
export function testExpectations(
  { expectations, definitions }: ZoneSet,
  zones: ZonesByApexKey,
  placeOf: PlaceOf,
): TestedExpectation[] {
  const runner = new ExpectationRunner(zones, definitions, placeOf);
  return expectations.map((expectation) => ({ expectation, result: runner.run(expectation) }));
}

/** Probabilities are sums of fractions; what differs by less is equal. */
const EPSILON = 1e-9;

/** Knows of each policy what it reaches, for many expectations speak of one. */
class ExpectationRunner {
  readonly #zones: ZonesByApexKey;
  /** With addresses for host names, which nobody knows here. */
  readonly #definitions: Definitions;
  readonly #placeOf: PlaceOf;
  readonly #allUp = new Map<Policy, ReadonlyMap<string, EndpointHealth>>();

  constructor(zones: ZonesByApexKey, definitions: Definitions, placeOf: PlaceOf) {
    this.#zones = zones;
    this.#definitions = supposeResolved(definitions);
    this.#placeOf = placeOf;
  }

  run(expectation: Expectation): ExpectationResult {
    const { owner, family } = expectation;
    const { end } = lookup(this.#zones, owner, family === "ipv4" ? TYPE.A : TYPE.AAAA);
    if (end.kind !== "policy") {
      const type = family === "ipv4" ? "A" : "AAAA";
      const message = `Cannot meet '${expectation.text}': no POLICY answers ${type} at '${formatName(owner)}'`;
      return { kind: "failed", policy: undefined, byGeoDatabase: false, message };
    }
    const { policy } = end;
    const snapshot = this.#supposedSnapshot(policy, expectation);
    const { client, byGeoDatabase } = placed(expectation.client, policy, this.#definitions, this.#placeOf);
    const evaluation = evaluate(policy, this.#definitions, snapshot, client, family);
    if (isMet(expectation.outcome, evaluation)) return { kind: "met", policy };
    const expected = describeExpected(expectation.outcome);
    const found = describeFound(expectation.outcome, evaluation);
    const message = `Cannot meet '${expectation.text}': expected ${expected}, found ${found}`;
    return { kind: "failed", policy, byGeoDatabase, message };
  }

  /** Every endpoint observed up and unforced, save for what `when` says of it; the last word on an endpoint counts. */
  #supposedSnapshot(policy: Policy, { suppositions }: Expectation): Snapshot {
    const allUp = this.#allUpIn(policy);
    if (suppositions.length === 0) return { atMs: 0, endpoints: allUp };
    const endpoints = new Map(allUp);
    for (const { endpointIds, state } of suppositions) {
      for (const id of endpointIds) {
        const up = allUp.get(id);
        if (up !== undefined) endpoints.set(id, state === "up" ? up : supposedHealth(up, state));
      }
    }
    return { atMs: 0, endpoints };
  }

  #allUpIn(policy: Policy): ReadonlyMap<string, EndpointHealth> {
    const known = this.#allUp.get(policy);
    if (known !== undefined) return known;
    const { endpoints } = reachOf(policy.expression, this.#definitions);
    const allUp = new Map(
      endpoints.map(({ id, addresses }): [string, EndpointHealth] => [
        id,
        { forced: undefined, addresses: addresses.map(() => UP) },
      ]),
    );
    this.#allUp.set(policy, allUp);
    return allUp;
  }
}

const UP: AddressHealth = { observed: "up", passing: true, reason: "supposed", sinceMs: 0 };
const DOWN: AddressHealth = { observed: "down", passing: false, reason: "supposed", sinceMs: 0 };

function supposedHealth({ addresses }: EndpointHealth, state: "down" | "drain"): EndpointHealth {
  return state === "drain"
    ? { forced: "drain", addresses }
    : { forced: undefined, addresses: addresses.map(() => DOWN) };
}

/** A supposed country or continent is known; where an address lies the database says, where the policy asks for it. */
function placed(
  client: Client,
  { expression }: Policy,
  definitions: Definitions,
  placeOf: PlaceOf,
): { readonly client: Client; readonly byGeoDatabase: boolean } {
  const { network, place } = client;
  const isAsked = place === undefined && askedPlacesOf(expression, definitions) !== undefined;
  if (network === undefined || !isAsked) return { client, byGeoDatabase: false };
  return { client: { network, place: placeOf(network) }, byGeoDatabase: true };
}

function isMet(expected: ExpectedOutcome, evaluation: Evaluation): boolean {
  if (expected.kind !== "shares") return evaluation.outcome === expected.kind;
  if (evaluation.outcome !== "answer") return false;
  const found = sharesOf(evaluation);
  const asWritten = expected.shares.every(({ ref, percent, decimals }) => {
    const scale = 10 ** decimals;
    return Math.round(percentOf(ref, found) * scale + EPSILON) === Math.round(percent * scale);
  });
  const isUnlisted = ({ endpoint, share }: Share): boolean =>
    share > EPSILON && !expected.shares.some(({ ref }) => covers(ref, endpoint));
  return asWritten && !found.some(isUnlisted);
}

/** A pool's share is the sum of its endpoints'. */
function percentOf(ref: string, shares: readonly Share[]): number {
  return shares.reduce((sum, { endpoint, share }) => (covers(ref, endpoint) ? sum + share * 100 : sum), 0);
}

function covers(ref: string, endpoint: Endpoint): boolean {
  return ref === endpoint.pool || ref === endpoint.id;
}

function describeExpected(expected: ExpectedOutcome): string {
  if (expected.kind !== "shares") return expected.kind;
  return expected.shares
    .map(({ ref, percent, decimals }) => `${ref}=${percent.toFixed(decimals)}%`)
    .join(" ");
}

/** By pools where the expectation speaks of pools only, else by endpoints; with two decimals where they matter. */
function describeFound(expected: ExpectedOutcome, evaluation: Evaluation): string {
  if (evaluation.outcome !== "answer") return evaluation.outcome;
  const byPool = expected.kind !== "shares" || expected.shares.every(({ ref }) => !ref.includes("/"));
  const percents = new Map<string, number>();
  let nodata = 100;
  for (const { endpoint, share } of sharesOf(evaluation)) {
    const ref = byPool ? endpoint.pool : endpoint.id;
    percents.set(ref, (percents.get(ref) ?? 0) + share * 100);
    nodata -= share * 100;
  }
  if (nodata > EPSILON) percents.set("nodata", nodata);
  return Array.from(percents, ([ref, percent]) => `${ref}=${Math.round(percent * 100) / 100}%`).join(" ");
}
