import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { networkOfClass } from "../../../src/geo/client-classes.ts";
import { contains, type Network, networkOf } from "../../../src/geo/network.ts";
import {
  buildClientTable,
  type ClientPlace,
  classOfAddress,
  placeNetwork,
} from "../../../src/image/clients.ts";

/** Few distinct octets, so that networks nest and touch. */
const arbitraryNetwork: fc.Arbitrary<Network> = fc
  .constantFrom<4 | 16>(4, 4, 16)
  .chain((length) =>
    fc
      .tuple(
        fc.array(fc.constantFrom(0, 1, 127, 128, 255), { minLength: length, maxLength: length }),
        fc.integer({ min: 0, max: length * 8 }),
      )
      .map(([octets, bits]) => networkOf(Uint8Array.from(octets), bits)),
  );

function place(
  networks: readonly Network[],
  client: Network,
): ClientPlace & { network: Network | undefined } {
  const table = buildClientTable(networks);
  const result = { classNumber: -1, scopeBits: -1, position: 0 };
  const length = client.octets.length === 4 ? 4 : 16;
  placeNetwork(table, client.octets, length, client.prefixBits, result);
  return { ...result, network: networkOfClass(table.classes, result.classNumber) };
}

/** Whether two networks have an address in common. */
function meet(one: Network, other: Network): boolean {
  return contains(one, other) || contains(other, one);
}

/** By definition: the shortest prefix around the client in which no network begins, ends, or is another one's. */
function scopeByDefinition(networks: readonly Network[], client: Network): number {
  for (let bits = 0; bits < client.prefixBits; bits++) {
    const around = networkOf(client.octets, bits);
    if (networks.every((network) => contains(network, around) || !meet(network, around))) return bits;
  }
  return client.prefixBits;
}

describe("placeNetwork()", () => {
  it("finds the longest network that holds all of the client, and the exact scope", () => {
    fc.assert(
      fc.property(fc.array(arbitraryNetwork, { maxLength: 6 }), arbitraryNetwork, (networks, client) => {
        const { network, scopeBits } = place(networks, client);
        const holding = networks.filter((each) => contains(each, client));
        const longest = Math.max(-1, ...holding.map(({ prefixBits }) => prefixBits));
        expect(network?.prefixBits ?? -1).to.equal(longest);
        expect(scopeBits).to.equal(scopeByDefinition(networks, client));
      }),
      { seed: 20_261_122, numRuns: 2_000 },
    );
  });

  it("classOfAddress() is the same for a single address", () => {
    const networks = [networkOf(Uint8Array.of(10, 0, 0, 0), 8), networkOf(Uint8Array.of(10, 1, 0, 0), 16)];
    const table = buildClientTable(networks);
    expect(classOfAddress(table, Uint8Array.of(10, 1, 2, 3), 4)).to.equal(2);
    expect(classOfAddress(table, Uint8Array.of(10, 2, 2, 3), 4)).to.equal(1);
    expect(classOfAddress(table, Uint8Array.of(11, 2, 2, 3), 4)).to.equal(0);
  });
});
