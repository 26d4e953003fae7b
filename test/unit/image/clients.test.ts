import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { networkOfClass } from "../../../src/geo/client-classes.ts";
import { contains, type Network, networkOf } from "../../../src/geo/network.ts";
import {
  buildClientTable,
  type ClientPlace,
  classOfAddressAt,
  placeNetworkAt,
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

/** By the text of a network, what it is answered; one that is not there is answered by itself. */
type Answers = ReadonlyMap<string, string>;

const textOf = (network: Network | undefined): string =>
  network === undefined ? "none" : `${network.octets.join(".")}/${network.prefixBits}`;

function place(
  networks: readonly Network[],
  client: Network,
  answers: Answers = new Map(),
): ClientPlace & { network: Network | undefined } {
  const table = buildClientTable(networks, (network) => answers.get(textOf(network)) ?? textOf(network));
  const result = { classNumber: -1, scopeBits: -1, position: 0 };
  const length = client.octets.length === 4 ? 4 : 16;
  placeNetworkAt(table.words, 0, client.octets, length, client.prefixBits, result);
  return { ...result, network: networkOfClass(table.classes, result.classNumber) };
}

function longestAround(networks: readonly Network[], client: Network): Network | undefined {
  const around = networks.filter((each) => contains(each, client));
  return around.sort((one, other) => other.prefixBits - one.prefixBits)[0];
}

/** What every address in `around` is answered; `undefined` where that differs. By definition: half by half. */
function answerIn(networks: readonly Network[], answers: Answers, around: Network): string | undefined {
  const longest = longestAround(networks, around);
  const within = networks.filter((each) => each.prefixBits > around.prefixBits && contains(around, each));
  if (within.length === 0) return answers.get(textOf(longest)) ?? textOf(longest);
  const bits = around.prefixBits + 1;
  const upper = Uint8Array.from(around.octets);
  upper[(bits - 1) >>> 3] = (upper[(bits - 1) >>> 3] ?? 0) | (0x80 >>> ((bits - 1) & 7));
  const [one, other] = [networkOf(around.octets, bits), networkOf(upper, bits)].map((half) =>
    answerIn(networks, answers, half),
  );
  return one === other ? one : undefined;
}

function scopeByDefinition(networks: readonly Network[], answers: Answers, client: Network): number {
  for (let bits = 0; bits < client.prefixBits; bits++) {
    if (answerIn(networks, answers, networkOf(client.octets, bits)) !== undefined) return bits;
  }
  return client.prefixBits;
}

describe("placeNetworkAt()", () => {
  it("finds the longest network that holds all of the client, and the exact scope", () => {
    fc.assert(
      fc.property(fc.array(arbitraryNetwork, { maxLength: 6 }), arbitraryNetwork, (networks, client) => {
        const { network, scopeBits } = place(networks, client);
        expect(textOf(network)).to.equal(textOf(longestAround(networks, client)));
        expect(scopeBits).to.equal(scopeByDefinition(networks, new Map(), client));
      }),
      { seed: 20_261_122, numRuns: 2_000 },
    );
  });

  it("finds how far around the client all are answered alike, whichever networks are listed there", () => {
    const few = fc.constantFrom("a", "b");
    fc.assert(
      fc.property(
        fc.array(fc.tuple(arbitraryNetwork, few), { maxLength: 8 }),
        few,
        arbitraryNetwork,
        (answered, other, client) => {
          const networks = answered.map(([network]) => network);
          const answers = new Map([
            ["none", other],
            ...answered.map(([network, by]) => [textOf(network), by] as const),
          ]);
          const { network, scopeBits } = place(networks, client, answers);
          expect(scopeBits).to.equal(scopeByDefinition(networks, answers, client));
          const answer = answerIn(networks, answers, client);
          if (answer === undefined) expect(textOf(network)).to.equal(textOf(longestAround(networks, client)));
          else expect(answers.get(textOf(network))).to.equal(answer);
        },
      ),
      { seed: 20_261_122, numRuns: 2_000 },
    );
  });

  it("classOfAddressAt() is the same for a single address", () => {
    const networks = [networkOf(Uint8Array.of(10, 0, 0, 0), 8), networkOf(Uint8Array.of(10, 1, 0, 0), 16)];
    const { words } = buildClientTable(networks, textOf);
    expect(classOfAddressAt(words, 0, Uint8Array.of(10, 1, 2, 3), 4)).to.equal(2);
    expect(classOfAddressAt(words, 0, Uint8Array.of(10, 2, 2, 3), 4)).to.equal(1);
    expect(classOfAddressAt(words, 0, Uint8Array.of(11, 2, 2, 3), 4)).to.equal(0);
  });
});
