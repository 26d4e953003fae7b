/**
 * How many clients an answer moves when it becomes another one. What counts is where they are sent, the address, and not
 * what the pool or the endpoint is called: a new name moves nobody, a new address moves all that had the old one. An
 * endpoint's share is spread over its addresses alike, as clients take one of them.
 *
 * | before        | after         | shift |
 * | ------------- | ------------- | ----- |
 * | a 70 %, b 30 % | a 50 %, b 50 % | 20 %  |
 * | a             | b             | 100 % |
 * | a, renamed    | c with its address | 0 % |
 * | a             | a with a second address | 50 % |
 * | a             | nothing       | 100 % |
 * | nothing       | a             | 0 %: nobody was sent anywhere |
 */

/** Part of an answer: where it sends clients, and with what probability. Probabilities sum to 1 at most. */
export interface SentTo {
  readonly addresses: readonly string[];
  readonly share: number;
}

/** From 0 to 1: the part of the clients that do not stay where they were. */
export function shiftBetween(before: readonly SentTo[], after: readonly SentTo[]): number {
  const stays = byAddress(after);
  let shift = 0;
  for (const [address, share] of byAddress(before)) shift += Math.max(0, share - (stays.get(address) ?? 0));
  return shift;
}

function byAddress(parts: readonly SentTo[]): Map<string, number> {
  const shares = new Map<string, number>();
  for (const { addresses, share } of parts) {
    for (const address of addresses) {
      shares.set(address, (shares.get(address) ?? 0) + share / addresses.length);
    }
  }
  return shares;
}

/** Sums of fractions: 20 % that moves is no more than 20 %. */
const TOLERANCE = 1e-9;

/** Whether more moves than is allowed; both from 0 to 1. */
export function exceedsShift(shift: number, maxShift: number): boolean {
  return shift > maxShift + TOLERANCE;
}
