/**
 * Endpoints that are answered as CNAME (`as=cname`): clients get the host name and resolve it for themselves, so that a cloud
 * load balancer which answers each of them differently can. They are resolved and probed like every other; only the answer
 * is another one. A CNAME speaks for every type of its owner (RFC 1034 §3.6.2), so its endpoint knows no address family:
 *
 * | what                      | an endpoint with addresses           | one that is answered as CNAME                   |
 * | ------------------------- | ------------------------------------ | ----------------------------------------------- |
 * | has the asked family      | where it has an address of it        | always                                          |
 * | is up                     | while an address of that family is   | while any of its addresses is                   |
 * | its name is not resolved  | has no address, and is passed over   | not yet probed, so it waits for rung 2          |
 * | lowers the TTL            | to that of its name                  | never: whoever resolves the name sees its TTL   |
 *
 * So A and AAAA have one distribution where all endpoints are CNAMEs, and what is drawn for any other type has it too. Where
 * one draw can hold both, what is drawn first decides: a CNAME stands alone, and is left out of an answer of addresses.
 */

import { policyNamed } from "./definitions.ts";
import { childrenOf, type Expression } from "./expression.ts";
import type { Address, Definitions, Endpoint } from "./model.ts";
import { reachOf } from "./reach.ts";

/** The name that is answered, absolute, as text; `undefined` where addresses are. */
export function cnameTargetOf({ answerAs, hostName }: Endpoint): string | undefined {
  return answerAs === "cname" ? hostName : undefined;
}

/**
 * The addresses that an endpoint has a health for, in this order; `undefined` is one that nobody knows, of a CNAME whose name
 * was not resolved so far.
 */
export function placesOf(endpoint: Endpoint): readonly (Address | undefined)[] {
  const isUnknown = endpoint.addresses.length === 0 && cnameTargetOf(endpoint) !== undefined;
  return isUnknown ? [undefined] : endpoint.addresses;
}

/**
 * Whether chance can draw a CNAME for one query of a client and addresses for the next, while nothing changes. Below a
 * `sticky` a client keeps to one.
 */
export function mixesByChance(expression: Expression, definitions: Definitions): boolean {
  switch (expression.kind) {
    case "endpoint":
    case "sticky":
      return false;
    case "policy":
      return mixesByChance(policyNamed(expression.policy, definitions), definitions);
    case "pool":
    case "weighted":
    case "all":
    case "spill":
      return isMixed(expression, definitions);
    case "failover":
    case "geo":
    case "nearest":
      return childrenOf(expression).some((child) => mixesByChance(child, definitions));
  }
}

function isMixed(expression: Expression, definitions: Definitions): boolean {
  const kinds = new Set(reachOf(expression, definitions).endpoints.map(({ answerAs }) => answerAs));
  return kinds.size > 1;
}
