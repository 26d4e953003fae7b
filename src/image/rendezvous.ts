/**
 * Weighted rendezvous hashing: of several things every client has a favourite, and keeps it while it is there. Each thing
 * is given a time of arrival for the client, exponential with its weight as the rate, by a hash of the two in the place of
 * chance; the earliest wins (Schindelhauer and Schomaker 2005). Over all clients a thing wins by its weight; one that goes
 * leaves its clients to the next of each of them, and nobody else moves.
 */

const STEPS = 2 ** 32;

/** When the thing of this key arrives for the client at this position, both of 32 bits; `weight` is above 0. */
export function arrivalOf(position: number, key: number, weight: number): number {
  let hash = Math.imul(position ^ key, 0x85eb_ca6b) ^ key;
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a_2d39);
  hash ^= hash >>> 15;
  // In the middle of its step, so that the logarithm is finite.
  return -Math.log(((hash >>> 0) + 0.5) / STEPS) / weight;
}

/** The key of a thing by its name: the same on every node and in every run. */
export function keyOf(name: string): number {
  let hash = name.length;
  for (let index = 0; index < name.length; index++) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x0100_0193);
    hash = (hash << 7) | (hash >>> 25);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb_352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846c_a68b);
  return (hash ^ (hash >>> 16)) >>> 0;
}
