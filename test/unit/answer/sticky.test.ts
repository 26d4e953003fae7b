/** `sticky` as clients meet it: the same place for the same network, whoever asks next. */

import { expect } from "chai";
import { describe, it } from "mocha";
import { compileDecisions, compileZones, makeImage } from "../../../src/image/image.ts";
import type { Expression } from "../../../src/policy/expression.ts";
import { createAsker } from "../../support/answering.ts";
import { answersOf, opt, option, query } from "../../support/packets.ts";
import { definitions, endpoint, policy, pool, snapshot } from "../../support/policies.ts";
import { setOfPolicies } from "../image/policy-set.ts";

const EMPTY = new Uint8Array(0);
const POOLS = [
  pool("a", [endpoint("a", "one", ["192.0.2.1"]), endpoint("a", "two", ["192.0.2.2"])]),
  pool("b", [endpoint("b", "one", ["192.0.2.3"])]),
  pool("c", [endpoint("c", "one", ["192.0.2.4"])]),
  pool("both", [endpoint("both", "one", ["192.0.2.5"]), endpoint("both", "two", ["192.0.2.6"])], {
    answers: 2,
  }),
];
const ref = (name: string): Expression => ({ kind: "pool", pool: name });
const alike = (kind: "sticky" | "weighted", ...children: Expression[]): Expression => ({
  kind,
  children: children.map((expression) => ({ weight: 1, expression })),
});

function askerOf(expression: Expression) {
  const zones = compileZones(setOfPolicies([policy(expression)], definitions(POOLS)));
  const image = makeImage(1, zones, compileDecisions(zones, snapshot(POOLS)));
  const asker = createAsker(() => image);
  const owner = zones.policies[0]?.owner ?? "";
  return (client: string, options?: Uint8Array): string[] => {
    const octets = options === undefined ? query(owner, "A") : query(owner, "A", options);
    return answersOf(asker.ask(octets, { client }) ?? EMPTY).map((line) => line.split(" ").at(-1) ?? "");
  };
}

const CLIENTS = Array.from({ length: 400 }, (_, index) => `10.${index >> 8}.${index & 0xff}.7`);

describe("answer() below sticky", () => {
  it("sends each network to one endpoint, however often it asks and whoever of it does", () => {
    const ask = askerOf(alike("sticky", ref("a"), ref("b")));
    const seen = new Set<string>();
    for (const client of CLIENTS) {
      const [first = ""] = ask(client);
      seen.add(first);
      for (let count = 0; count < 5; count++) expect(ask(client)).to.deep.equal([first]);
      expect(ask(client.replace(/\.7$/, ".250"))).to.deep.equal([first]);
    }
    expect([...seen].sort()).to.deep.equal(["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
  });

  it("keeps the order of several endpoints in one answer as well", () => {
    const ask = askerOf(alike("sticky", ref("both")));
    const orders = new Set<string>();
    for (const client of CLIENTS) {
      const order = ask(client);
      expect(order).to.have.length(2);
      orders.add(order.join(" "));
      for (let count = 0; count < 5; count++) expect(ask(client)).to.deep.equal(order);
    }
    expect(orders.size).to.equal(2);
  });

  it("leaves to chance what stands above it", () => {
    const ask = askerOf(alike("weighted", alike("sticky", ref("a"), ref("b")), ref("c")));
    let atC = 0;
    for (const client of CLIENTS) {
      const places = new Set(Array.from({ length: 16 }, () => ask(client)[0] ?? ""));
      if (places.delete("192.0.2.4")) atC++;
      expect(places.size, client).to.be.at.most(1);
    }
    // Missing c sixteen times has a probability of 2⁻¹⁶.
    expect(atC).to.be.at.least(CLIENTS.length - 2);
  });

  it("takes a resolver's word for the client, and answers for that network alone", () => {
    const ask = askerOf(alike("sticky", ref("a"), ref("b")));
    for (const client of CLIENTS.slice(0, 50)) {
      const [, second = 0, third = 0] = client.split(".").map(Number);
      const subnet = opt({ options: [option(8, 0, 1, 24, 0, 10, second, third)] });
      expect(ask("127.0.0.1", subnet)).to.deep.equal(ask(client));
    }
  });
});
