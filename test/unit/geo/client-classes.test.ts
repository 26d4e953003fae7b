import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { buildClientClasses, classOf, networkOfClass } from "../../../src/geo/client-classes.ts";
import { contains, type Network, networkOf } from "../../../src/geo/network.ts";

/** Few distinct octets, so that networks nest and addresses fall on their borders. */
const octet = fc.constantFrom(0, 1, 10, 127, 128, 254, 255);
const arbitraryAddress = (length: 4 | 16): fc.Arbitrary<Uint8Array> =>
  fc.array(octet, { minLength: length, maxLength: length }).map((octets) => Uint8Array.from(octets));
const arbitraryNetwork = (length: 4 | 16): fc.Arbitrary<Network> =>
  fc
    .tuple(arbitraryAddress(length), fc.integer({ min: 0, max: length * 8 }))
    .map(([address, bits]) => networkOf(address, bits));

function longestHolding(networks: readonly Network[], address: Uint8Array): number | undefined {
  const client = networkOf(address, address.length * 8);
  const bits = networks.filter((network) => contains(network, client)).map(({ prefixBits }) => prefixBits);
  return bits.length === 0 ? undefined : Math.max(...bits);
}

describe("classOf()", () => {
  for (const length of [4, 16] as const) {
    it(`finds the longest network that holds an address of ${length} octets`, () => {
      const networks = fc.array(fc.oneof(arbitraryNetwork(4), arbitraryNetwork(16)), { maxLength: 12 });
      fc.assert(
        fc.property(networks, arbitraryAddress(length), (networks, address) => {
          const classes = buildClientClasses(networks);
          const found = networkOfClass(classes, classOf(classes, address, length));
          expect(found?.prefixBits).to.equal(longestHolding(networks, address));
          if (found !== undefined) expect(contains(found, networkOf(address, length * 8))).to.equal(true);
        }),
        { numRuns: 3000 },
      );
    });
  }

  it("finds both ends of a network and neither neighbour", () => {
    const classes = buildClientClasses([networkOf(Uint8Array.of(192, 0, 2, 0), 24)]);
    const asked = [
      [192, 0, 1, 255],
      [192, 0, 2, 0],
      [192, 0, 2, 255],
      [192, 0, 3, 0],
    ];
    expect(asked.map((octets) => classOf(classes, Uint8Array.from(octets), 4))).to.deep.equal([0, 1, 1, 0]);
  });
});
