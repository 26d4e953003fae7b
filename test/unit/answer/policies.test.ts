import { expect } from "chai";
import { describe, it } from "mocha";
import { createAsker } from "../../support/answering.ts";
import { answersOf, opt, option, parsed, query, summary } from "../../support/packets.ts";
import type { HealthWord } from "../../support/policies.ts";
import { sampleImage } from "../../support/sample-zones.ts";

type Health = { readonly [endpointId: string]: HealthWord };

function asker(health: Health = {}) {
  const image = sampleImage(health);
  return createAsker(() => image);
}

const EMPTY = new Uint8Array(0);

const ROWS: readonly (readonly [
  name: string,
  type: string,
  health: Health,
  expected: string,
  answers?: readonly string[],
])[] = [
  ["fail.example.", "A", {}, "NOERROR aa qd=1 an=1", ["fail.example. 30 A 203.0.113.1"]],
  ["fail.example.", "AAAA", {}, "NOERROR aa qd=1 an=1", ["fail.example. 30 AAAA 2001:db8:1::1"]],
  ["fail.example.", "A", { "one/a": "failing" }, "NOERROR aa qd=1 an=1", ["fail.example. 10 A 203.0.113.1"]],
  ["fail.example.", "A", { "one/a": "down" }, "NOERROR aa qd=1 an=1", ["fail.example. 10 A 203.0.113.21"]],
  ["four.example.", "AAAA", {}, "NOERROR aa qd=1 an=0 ns=SOA"],
  ["strict.example.", "A", { "four/a": "down" }, "SERVFAIL qd=1 an=0"],
  ["tostrict.example.", "A", { "four/a": "down" }, "SERVFAIL qd=1 an=0"],
  ["silent.example.", "A", { "four/a": "down" }, "NOERROR aa qd=1 an=0 ns=SOA"],
  ["four.example.", "A", { "four/a": "down" }, "NOERROR aa qd=1 an=1"],
  ["x.any.example.", "A", {}, "NOERROR aa qd=1 an=1", ["x.any.example. 300 A 203.0.113.1"]],
  [
    "topolicy.example.",
    "A",
    {},
    "NOERROR aa qd=1 an=2",
    ["topolicy.example. 300 CNAME fail.example.", "fail.example. 30 A 203.0.113.1"],
  ],
  ["both.example.", "A", {}, "NOERROR aa qd=1 an=2"],
];

describe("answer() for policies", () => {
  for (const [name, type, health, expected, answers] of ROWS) {
    it(`${name} ${type} with ${JSON.stringify(health)}: ${expected}`, () => {
      const reply = asker(health).ask(query(name, type)) ?? EMPTY;
      expect(summary(reply)).to.equal(expected);
      if (answers !== undefined) expect(answersOf(reply)).to.deep.equal(answers);
    });
  }

  it("lets no NODATA that health made outlive the policy's TTL", () => {
    const reply = asker({ "four/a": "down" }).ask(query("silent.example.", "A")) ?? EMPTY;
    expect(parsed(reply).authorities[0]?.ttlSeconds).to.equal(20);
  });

  it("answers distinct endpoints, each alike in the end", () => {
    const { ask } = asker();
    const counts = new Map<string, number>();
    for (let count = 0; count < 3_000; count++) {
      const addresses = answersOf(ask(query("both.example.", "A")) ?? EMPTY);
      expect(new Set(addresses).size).to.equal(2);
      for (const address of addresses) counts.set(address, (counts.get(address) ?? 0) + 1);
    }
    expect(counts.size).to.equal(3);
    for (const count of counts.values()) expect(count).to.be.within(1_850, 2_150);
  });

  /** near: 10.0.0.0/8 → one, but 10.1.0.0/16 → four, else two. Scopes as wide as the answer is valid for. */
  const PLACES: readonly (readonly [
    from: string,
    ecs: readonly number[] | undefined,
    address: string,
    scope?: number,
  ])[] = [
    ["10.9.9.9", undefined, "203.0.113.1"],
    ["10.1.9.9", undefined, "203.0.113.21"],
    ["::ffff:10.1.9.9", undefined, "203.0.113.21"],
    ["192.0.2.1", undefined, "203.0.113.1x"],
    ["2001:db8::1", undefined, "203.0.113.1x"],
    ["127.0.0.1", [0, 1, 24, 0, 10, 1, 2], "203.0.113.21", 16],
    ["127.0.0.1", [0, 1, 24, 0, 10, 2, 2], "203.0.113.1", 15],
    ["127.0.0.1", [0, 1, 24, 0, 10, 128, 2], "203.0.113.1", 9],
    ["127.0.0.1", [0, 1, 8, 0, 10], "203.0.113.1", 8],
    ["127.0.0.1", [0, 1, 24, 0, 192, 0, 2], "203.0.113.1x", 1],
    ["127.0.0.1", [0, 2, 32, 0, 0x20, 1, 0x0d, 0xb8], "203.0.113.1x", 0],
    ["10.1.9.9", [0, 1, 0, 0], "203.0.113.21", 0],
    ["10.1.9.9", [0, 0, 0, 0], "203.0.113.21", 0],
  ];
  for (const [from, ecs, address, scope] of PLACES) {
    it(`answers ${from}${ecs === undefined ? "" : ` with ECS ${ecs.join(".")}`} from its class of clients`, () => {
      const octets = query(
        "near.example.",
        "A",
        opt(ecs === undefined ? {} : { options: [option(8, ...ecs)] }),
      );
      const reply = asker().ask(octets, { client: from }) ?? EMPTY;
      const expected = address.endsWith("x")
        ? /^203\.0\.113\.1[123]$/
        : new RegExp(`^${address.replaceAll(".", "\\.")}$`);
      for (const line of answersOf(reply)) expect(line.split(" ").at(-1)).to.match(expected);
      if (scope === undefined) return;
      // The scope is the option's fourth octet, behind four of code and length; nothing follows the option.
      const length = ecs?.length ?? 0;
      expect(reply[reply.length - length + 3]).to.equal(scope);
      expect([...reply.subarray(reply.length - length, reply.length - length + 3)]).to.deep.equal(
        ecs?.slice(0, 3),
      );
    });
  }

  it("says scope 0 where the client did not matter", () => {
    const octets = query("www.example.", "A", opt({ options: [option(8, 0, 1, 24, 0, 10, 1, 2)] }));
    const reply = asker().ask(octets) ?? EMPTY;
    expect(reply.at(-4)).to.equal(0);
  });
});
