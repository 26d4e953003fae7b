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

import type { Address, AddressFamily, Endpoint } from "./model.ts";

/** The name that is answered, absolute, as text; `undefined` where addresses are: also where the name leads back to us. */
export function cnameTargetOf({ answerAs, hostName, leadsBack }: Endpoint): string | undefined {
  return answerAs === "cname" && leadsBack !== true ? hostName : undefined;
}

/**
 * The addresses that an endpoint has a health for, in this order; `undefined` is one that nobody knows, of a CNAME whose name
 * was not resolved so far.
 */
export function placesOf(endpoint: Endpoint): readonly (Address | undefined)[] {
  const isUnknown = endpoint.addresses.length === 0 && cnameTargetOf(endpoint) !== undefined;
  return isUnknown ? [undefined] : endpoint.addresses;
}

/** Whether the health of one of its addresses, by its family, counts for those who ask for `family`. */
export function countsFor(
  endpoint: Endpoint,
  ofAddress: AddressFamily | undefined,
  family: AddressFamily,
): boolean {
  return ofAddress === family || cnameTargetOf(endpoint) !== undefined;
}

/** Whether the endpoint can be answered to those who ask for the family. */
export function hasFamily(endpoint: Endpoint, family: AddressFamily): boolean {
  return (
    cnameTargetOf(endpoint) !== undefined || endpoint.addresses.some((address) => address.family === family)
  );
}
