/**
 * What speaks against forcing endpoints out: policies that would have nothing left, and the safety rules of the zones. Asked
 * before an override, a file of overrides or a window takes effect; what probes say is never asked and never overruled.
 *
 * A policy is emptied where some client, in a family of which the policy has addresses, was answered from what is up (rung 1)
 * and no longer would be:
 *
 * | yielded on rung 1 | would yield | objection |
 * | ----------------- | ----------- | --------- |
 * | no                | any         | none: its last resorts answer already |
 * | yes               | yes         | none      |
 * | yes               | no          | emptied; none of a dry run, which has nobody to lose |
 *
 * A rule is broken where fewer of its REFs are up, in a family that one of them has, than it asks for, and fewer than are up
 * now:
 *
 * | up now | would be up  | objection |
 * | ------ | ------------ | --------- |
 * | any    | enough       | none      |
 * | any    | as many      | none: what was too few is no fewer |
 * | any    | fewer, and too few | broken |
 */

import { type Client, UNKNOWN_CLIENT } from "../geo/client.ts";
import type { Snapshot } from "../health/snapshot.ts";
import { decide } from "./decide.ts";
import { describeClient, distinctClients } from "./distinct-clients.ts";
import type { Expression } from "./expression.ts";
import type { Definitions, Policy } from "./model.ts";
import { isUp, type Question } from "./node.ts";
import { familiesOf, reachOf } from "./reach.ts";

export interface OwnedPolicy {
  /** Absolute, as text. */
  readonly owner: string;
  readonly policy: Policy;
}

/** `$RULE at-least N of ( … )`; its REFs are pools and `pool/endpoint`. */
export interface SafetyRule {
  readonly position: { readonly file: string; readonly line: number };
  readonly atLeast: number;
  readonly refs: readonly string[];
}

/** What is served, as far as forcing goes. */
export interface Stakes {
  readonly policies: readonly OwnedPolicy[];
  readonly rules: readonly SafetyRule[];
  readonly definitions: Definitions;
}

export type Objection =
  | { readonly kind: "emptied"; readonly owner: string; readonly message: string }
  | { readonly kind: "rule"; readonly place: string; readonly message: string };

/** Everything that speaks against going from one health to the other; rules first. */
export function objectionsTo(stakes: Stakes, before: Snapshot, after: Snapshot): Objection[] {
  return [...brokenRules(stakes, before, after), ...emptiedPolicies(stakes, before, after)];
}

function brokenRules({ rules, definitions }: Stakes, before: Snapshot, after: Snapshot): Objection[] {
  return rules.flatMap((rule): Objection[] => {
    const refs = rule.refs.map(expressionOf);
    const endpoints = refs.flatMap((ref) => reachOf(ref, definitions).endpoints);
    for (const family of familiesOf(endpoints)) {
      const countUp = (snapshot: Snapshot): number =>
        refs.filter((ref) => yields(ref, { definitions, snapshot, client: UNKNOWN_CLIENT, family })).length;
      const left = countUp(after);
      if (left >= rule.atLeast || left >= countUp(before)) continue;
      const place = `${rule.position.file}:${rule.position.line}`;
      const what = `$RULE at-least ${rule.atLeast} of ( ${rule.refs.join(" ")} )`;
      const message = `it would leave ${left} of them up, and ${what} stands at ${place}`;
      return [{ kind: "rule", place, message }];
    }
    return [];
  });
}

function emptiedPolicies({ policies, definitions }: Stakes, before: Snapshot, after: Snapshot): Objection[] {
  return policies.flatMap(({ owner, policy: { expression, dryRun } }): Objection[] => {
    if (dryRun) return [];
    const clients = distinctClients(expression, definitions);
    for (const family of familiesOf(reachOf(expression, definitions).endpoints)) {
      const isEmptied = (client: Client): boolean =>
        !yields(expression, { definitions, snapshot: after, client, family }) &&
        yields(expression, { definitions, snapshot: before, client, family });
      const client = clients.find(isEmptied);
      if (client === undefined) continue;
      const from = describeClient(client);
      const whom = from === "" ? "" : ` for clients from ${from}`;
      const type = family === "ipv4" ? "A" : "AAAA";
      return [
        { kind: "emptied", owner, message: `it would leave ${owner} ${type} nothing that is up${whom}` },
      ];
    }
    return [];
  });
}

/** At position 0 every pool in its slow start is back; who is drawn by what does not matter, nor how much is asked for. */
function yields(
  expression: Expression,
  question: Pick<Question, "definitions" | "snapshot" | "client" | "family">,
): boolean {
  const alike = { rung: 1, position: 0, demand: undefined, sticky: undefined, traced: false } as const;
  return isUp(decide(expression, { ...question, ...alike }));
}

function expressionOf(ref: string): Expression {
  const slash = ref.indexOf("/");
  return slash === -1
    ? { kind: "pool", pool: ref }
    : { kind: "endpoint", pool: ref.slice(0, slash), endpoint: ref.slice(slash + 1) };
}
