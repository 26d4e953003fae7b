/** Queries at an owner with a dry run: the same answer as without it, and what it would have answered is counted. */

import { expect } from "chai";
import { describe, it } from "mocha";
import { compileDecisions, compileZones, makeImage } from "../../../src/image/image.ts";
import type { JudgedFile } from "../../../src/zone/judge.ts";
import { octetsOfLatin1 } from "../../../src/zone/lexer.ts";
import { loadZones } from "../../../src/zone/load.ts";
import { createAsker } from "../../support/answering.ts";
import { answersOf, opt, option, query, summary } from "../../support/packets.ts";
import { type HealthWord, snapshot } from "../../support/policies.ts";
import { imageOf } from "../../support/sample-zones.ts";
import { zoneSetOf } from "../../support/zones.ts";

const POOLS = `$TTL 300
@ SOA ns hostmaster 1 1h 10m 2w 30
@ NS ns
ns A 192.0.2.53
$MONITOR m tcp port=80
$POOL east monitor=m
  e1 192.0.2.1 2001:db8::1
  e2 192.0.2.2 2001:db8::2
$POOL west monitor=m
  w 198.51.100.1
$POOL both monitor=m answers=all
  b1 203.0.113.1
  b2 203.0.113.2
www 30 POLICY failover ( west east )
old A 192.0.2.9
alias CNAME www
*.any 30 POLICY west
plain A 192.0.2.8
`;
const DRY_RUNS = `www 60/10 POLICY geo ( net:10.0.0.0/8=east/e1 *=east/e2 ) dry-run
old 60/10 POLICY sticky ( east west ) dry-run
alias 60/10 POLICY west dry-run
*.any 60/10 POLICY both dry-run
new 60/10 POLICY west dry-run
`;

const WITHOUT = imageOf(zoneSetOf({ "example.zone": POOLS }));
const WITH_SET = zoneSetOf({ "example.zone": POOLS + DRY_RUNS });
const WITH = imageOf(WITH_SET);

function counted(counts: readonly { policy: string; pool: string; endpoint: string; value: number }[]) {
  return Object.fromEntries(
    counts.map(({ policy, pool, endpoint, value }) => [`${policy} ${pool}/${endpoint}`, value]),
  );
}

const ecs = (...octets: readonly number[]) => opt({ options: [option(8, ...octets)] });
const EMPTY = new Uint8Array(0);

describe("answer() at the owner of a dry run", () => {
  const questions: readonly (readonly [what: string, asked: Uint8Array, client?: string])[] = [
    ["a policy", query("www.example.", "A")],
    ["a policy, from a client that only the dry run tells apart", query("www.example.", "A"), "10.1.2.3"],
    ["a policy, with a client subnet", query("www.example.", "A", ecs(0, 1, 24, 0, 10, 1, 2))],
    ["an address", query("old.example.", "A")],
    ["an address, with a client subnet", query("old.example.", "A", ecs(0, 1, 24, 0, 10, 1, 2))],
    ["an address without the family", query("old.example.", "AAAA")],
    ["an alias", query("alias.example.", "A")],
    ["an alias itself", query("alias.example.", "CNAME")],
    ["a wildcard", query("x.any.example.", "A")],
    ["every type", query("old.example.", "ANY")],
    ["another type", query("www.example.", "TXT")],
    ["a name that nothing else makes exist", query("new.example.", "A")],
  ];
  for (const [what, asked, client = "127.0.0.1"] of questions) {
    it(`answers ${what} as without it`, () => {
      const expected = createAsker(() => WITHOUT).ask(asked, { client }) ?? EMPTY;
      const found = createAsker(() => WITH).ask(asked, { client }) ?? EMPTY;
      expect([...found]).to.deep.equal([...expected]);
    });
  }

  it("counts what it would have answered to each client, and nothing of it as answered", () => {
    const { ask, counters } = createAsker(() => WITH);
    for (let count = 0; count < 3; count++) ask(query("www.example.", "A"), { client: "10.1.2.3" });
    for (let count = 0; count < 4; count++) ask(query("www.example.", "AAAA"), { client: "192.0.2.7" });
    ask(query("www.example.", "A", ecs(0, 1, 24, 0, 10, 1, 2)));
    ask(query("www.example.", "TXT"));
    ask(query("new.example.", "A"));
    ask(query("plain.example.", "A"));
    expect(counted(counters.dryRunAnswers())).to.deep.equal({
      "www.example. east/e1": 4,
      "www.example. east/e2": 4,
    });
    // No AAAA: west has none.
    expect(counted(counters.answers())).to.deep.equal({ "www.example. west/w": 4 });
  });

  it("counts at an alias, and where that leads", () => {
    const { ask, counters } = createAsker(() => WITH);
    ask(query("alias.example.", "A"), { client: "10.1.2.3" });
    expect(counted(counters.dryRunAnswers())).to.deep.equal({
      "www.example. east/e1": 1,
      "alias.example. west/w": 1,
    });
  });

  it("counts every endpoint of an answer that would have held several", () => {
    const { ask, counters } = createAsker(() => WITH);
    ask(query("x.any.example.", "A"));
    expect(counted(counters.dryRunAnswers())).to.deep.equal({
      "*.any.example. both/b1": 1,
      "*.any.example. both/b2": 1,
    });
  });

  it("draws by the client's network where the dry run is sticky", () => {
    const { ask, counters } = createAsker(() => WITH);
    for (let count = 0; count < 20; count++) ask(query("old.example.", "A"), { client: "10.1.2.3" });
    const values = counters.dryRunAnswers().map(({ value }) => value);
    expect(values).to.deep.equal([20]);
    for (let net = 0; net < 200; net++) ask(query("old.example.", "A"), { client: `10.1.${net}.3` });
    expect(counters.dryRunAnswers().length).to.equal(3);
  });

  it("shares as its weights say", () => {
    const set = zoneSetOf({ "example.zone": `${POOLS}www 60 POLICY weighted ( east=3 west=1 ) dry-run\n` });
    const image = imageOf(set);
    const { ask, counters } = createAsker(() => image);
    for (let count = 0; count < 8_000; count++) ask(query("www.example.", "A"));
    const byEndpoint = counted(counters.dryRunAnswers());
    expect(byEndpoint["www.example. west/w"]).to.be.within(1_800, 2_200);
    expect(byEndpoint["www.example. east/e1"]).to.be.within(2_800, 3_200);
    expect(counted(counters.answers())).to.deep.equal({ "www.example. west/w": 8_000 });
  });

  it("counts nothing where the dry run has nothing to answer, nor tells an error of it", () => {
    const zones = compileZones(WITH_SET);
    const health: Record<string, HealthWord> = { "east/e1": "down", "east/e2": "down" };
    const pools = [...WITH_SET.definitions.pools.values()];
    const image = makeImage(1, zones, compileDecisions(zones, snapshot(pools, health)));
    const { ask, counters } = createAsker(() => image);
    const reply = ask(query("www.example.", "A", opt({}))) ?? EMPTY;
    expect(summary(reply)).to.match(/^NOERROR aa qd=1 an=1/);
    expect(answersOf(reply)).to.deep.equal(["www.example. 30 A 198.51.100.1"]);
    expect(counters.extendedErrors().filter(({ value }) => value > 0)).to.deep.equal([]);
    // It would have failed open.
    expect(counted(counters.dryRunAnswers())).to.deep.equal({ "www.example. east/e2": 1 });
  });

  it("is found where its zone is taken over and another one before it has more policies", () => {
    const digestOf = (octets: Uint8Array): string => octets.join();
    const load = (first: string, earlier: readonly JudgedFile[]) => {
      const texts = { "a.test.zone": POOLS + first, "b.test.zone": POOLS + DRY_RUNS };
      const files = Object.entries(texts).map(([path, text]) => ({ path, octets: octetsOfLatin1(text) }));
      const { set, judged } = loadZones(files, () => undefined, { digestOf, earlier });
      if (set === undefined) throw new Error("the texts are faulty");
      return { judged, image: imageOf(set) };
    };
    const before = load("", []);
    const after = load("more 30 POLICY west\nmore 30 POLICY east dry-run\n", before.judged);
    expect(after.image.zones.builtZones).to.equal(1);
    const { ask, counters } = createAsker(() => after.image);
    expect(answersOf(ask(query("www.b.test.", "A")) ?? EMPTY)).to.deep.equal([
      "www.b.test. 30 A 198.51.100.1",
    ]);
    expect(answersOf(ask(query("old.b.test.", "A")) ?? EMPTY)).to.deep.equal(["old.b.test. 300 A 192.0.2.9"]);
    ask(query("more.a.test.", "A"));
    const owners = counters.dryRunAnswers().map(({ policy }) => policy);
    expect(owners).to.have.members(["www.b.test.", "old.b.test.", "more.a.test."]);
  });

  it("goes on counting over zones that are loaded again", () => {
    let image = WITH;
    const { ask, counters } = createAsker(() => image);
    ask(query("www.example.", "A"));
    image = WITHOUT;
    ask(query("www.example.", "A"));
    image = imageOf(WITH_SET, {}, 3);
    ask(query("www.example.", "A"));
    expect(counted(counters.dryRunAnswers())).to.deep.equal({ "www.example. east/e2": 2 });
    expect(counted(counters.answers())).to.deep.equal({ "www.example. west/w": 3 });
  });
});
