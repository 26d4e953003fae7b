import { expect } from "chai";
import { describe, it } from "mocha";
import type { OverrideView } from "../../../src/admin/override-source.ts";
import { explainName, parseClient, whatIf } from "../../../src/daemon/explain.ts";
import { supposeAllUp, supposeDown } from "../../../src/daemon/supposed-health.ts";
import { NOWHERE, type PlaceOf } from "../../../src/geo/client.ts";
import { indexZones } from "../../../src/zone/lookup.ts";
import { loadText } from "./loaded-zones.ts";

const SET = loadText(`
$MONITOR m tcp port=80
$POOL near monitor=m
  a 192.0.2.1 weight=3
  b 192.0.2.2
$POOL far monitor=m
  c 198.51.100.1 2001:db8::1
www 60/20 POLICY failover ( near far )
alias 300 CNAME www
away 300 CNAME www.example.net.
sub 300 NS ns1.sub
ns1.sub 300 A 192.0.2.54
text 120 TXT "one"
strict 60/20 POLICY failover ( near ) when-down=servfail
`);

/** Everybody in 192.0.2.0/24 is in Germany. */
const placeOf: PlaceOf = ({ octets }) =>
  octets[0] === 192 ? { ...NOWHERE, country: "DE", continent: "EU" } : undefined;

function ask(name: string, type = "A", down: readonly string[] = [], client?: string) {
  const supposed = supposeDown(SET.definitions, down, supposeAllUp(SET.definitions));
  if (!supposed.ok) throw new Error(supposed.message);
  const state = {
    zones: indexZones(SET.zones),
    definitions: SET.definitions,
    snapshot: supposed.snapshot,
    placeOf,
  };
  return explainName(state, { name, type, client });
}

describe("explainName()", () => {
  const cases: [string, Parameters<typeof ask>, string][] = [
    ["a policy", ["www.example.com"], "answer rung 1 ttl 60 near/a=0.75 near/b=0.25"],
    [
      "a policy whose first pool is down",
      ["WWW.example.com.", "a", ["near"]],
      "answer rung 1 ttl 20 far/c=1",
    ],
    ["a policy without the family", ["www.example.com", "AAAA"], "nodata rung 1 ttl 60 "],
    [
      "a policy all of which is down",
      ["www.example.com", "A", ["near", "far"]],
      "answer rung 4 ttl 20 near/a=0.75 near/b=0.25",
    ],
    ["a policy that gives up", ["strict.example.com", "A", ["near/a", "near/b"]], "servfail rung 4 ttl 20 "],
    ["a CNAME to a policy", ["alias.example.com"], "answer rung 1 ttl 60 near/a=0.75 near/b=0.25"],
    ["a CNAME that leaves", ["away.example.com"], "answer rung null ttl null "],
    ["static data", ["text.example.com", "TXT"], "answer rung null ttl 120 "],
    ["another type at a policy", ["www.example.com", "TXT"], "nodata rung null ttl 30 "],
    ["a name that is not", ["nobody.example.com"], "nxdomain rung null ttl 30 "],
    ["a delegation", ["x.sub.example.com"], "referral rung null ttl 300 "],
  ];
  for (const [what, asked, wanted] of cases) {
    it(`explains ${what}`, () => {
      const outcome = ask(...asked);
      if (!outcome.ok) throw new Error(outcome.message);
      const { explanation: found } = outcome;
      const shares = found.shares
        .map(({ pool, endpoint, share }) => `${pool}/${endpoint}=${share}`)
        .join(" ");
      expect(`${found.outcome} rung ${found.rung} ttl ${found.ttlSeconds} ${shares}`).to.equal(wanted);
      expect(found.trace).to.not.have.length(0);
    });
  }

  it("shows the chain before the decision", () => {
    const outcome = ask("alias.example.com");
    expect(
      outcome.ok && outcome.explanation.trace.map(({ node, decision }) => `${node}: ${decision}`),
    ).to.deep.equal(["alias.example.com. CNAME: followed", "rung 1: chosen"]);
  });

  const refusals: [Parameters<typeof ask>, string | undefined, string][] = [
    [["a..b"], "name", "Cannot explain 'a..b': name 'a..b' has an empty label"],
    [["www.example.com", "AA"], "type", "Cannot explain: 'AA' is not a record type"],
    [
      ["www.example.com", "A", [], "Frankfurt"],
      "client",
      "Cannot explain: client 'Frankfurt' is not an address, a network without bits behind its prefix, country:XX or continent:XX",
    ],
    [["example.net"], undefined, "Cannot explain 'example.net.': it lies in no zone that is served"],
  ];
  for (const [asked, parameter, message] of refusals) {
    it(`refuses ${asked.join(" ")}`, () => {
      expect(ask(...asked)).to.deep.equal({ ok: false, parameter, message });
    });
  }

  it("says where the client is, as far as it was said", () => {
    const locations = ["country:us-va", "continent:eu", "192.0.2.1"].map((client) => {
      const outcome = ask("www.example.com", "A", [], client);
      return outcome.ok && outcome.explanation.location;
    });
    expect(locations).to.deep.equal(["US-VA", "EU", null]);
  });
});

describe("explainName() of endpoints", () => {
  const asked = { name: "www.example.com", type: "A", client: undefined };
  const drained: OverrideView = {
    id: "0a1b",
    ref: "near/*",
    state: "drain",
    reason: "disks",
    owner: "ann",
    fromMs: 0,
    untilMs: 9_000,
    source: "operator",
    matches: 2,
  };

  it("says of each how it is, since when and why, what forces it, and what comes next", () => {
    const all = supposeAllUp(SET.definitions);
    const health = { observed: "down", passing: false, reason: "status 503", sinceMs: 1_000 } as const;
    const endpoints = new Map(all.endpoints)
      .set("near/a", { forced: "drain", addresses: [health] })
      .set("near/b", { forced: undefined, addresses: [health] });
    const pending = {
      overrides: [{ ...drained, id: "before" }, drained, { ...drained, ref: "far" }],
      windows: [],
      watched: () => [],
    };
    const snapshot = { ...all, endpoints };
    const { definitions, zones } = SET;
    const outcome = explainName({ zones: indexZones(zones), definitions, snapshot, placeOf, pending }, asked);
    if (!outcome.ok) throw new Error(outcome.message);
    const [a, b, c] = outcome.explanation.endpoints;
    const since = "1970-01-01T00:00:01.000Z";
    expect(a).to.deep.include({ pool: "near", endpoint: "a", observed: "down", forced: "drain", since });
    expect(a?.override).to.include({ id: "0a1b", owner: "ann", until: "1970-01-01T00:00:09.000Z" });
    expect(a?.addresses).to.deep.equal([
      { address: "192.0.2.1", observed: "down", since, reason: "status 503" },
    ]);
    expect(b).to.deep.include({ endpoint: "b", forced: null, override: null, reason: "status 503" });
    expect(c).to.deep.include({ endpoint: "c", observed: "up", since: null, reason: "supposed up" });
    expect(outcome.explanation.next).to.have.length(3);
    expect(outcome.explanation.next[0]).to.deep.equal({
      at: "1970-01-01T00:00:09.000Z",
      what: "override before ends: near/* drain by ann",
    });
  });

  it("knows of nothing under way in what is supposed, nor of endpoints where no policy is asked", () => {
    const { definitions, zones } = SET;
    const pending = { overrides: [drained], windows: [], watched: () => [] };
    const snapshot = supposeAllUp(definitions);
    const state = { zones: indexZones(zones), definitions, snapshot, placeOf, pending };
    const outcome = whatIf(state, asked, ["near"]);
    expect(outcome.ok && outcome.whatIf.next).to.deep.equal([]);
    expect(outcome.ok && outcome.whatIf.before.next).to.have.length(1);
    const text = explainName(state, { ...asked, name: "text.example.com", type: "TXT" });
    expect(text.ok && text.explanation).to.deep.include({ endpoints: [], next: [] });
  });
});

describe("parseClient()", () => {
  it("derives the continent from the country", () => {
    expect(parseClient("country:DE")?.place).to.deep.equal({
      country: "DE",
      subdivision: undefined,
      continent: "EU",
      asn: undefined,
      coordinates: undefined,
    });
  });
  for (const text of [
    "",
    "country:",
    "country:XXX",
    "continent:ZZ",
    "net:192.0.2.0/24",
    "192.0.2.1/24",
    "asn:1",
    "*",
  ]) {
    it(`refuses '${text}'`, () => {
      expect(parseClient(text)).to.equal(undefined);
    });
  }
});

describe("supposeDown()", () => {
  it("names the nearest REF for one that is none", () => {
    expect(supposeDown(SET.definitions, ["near/aa"], supposeAllUp(SET.definitions))).to.deep.equal({
      ok: false,
      message: "Cannot suppose 'near/aa' down: no such pool or endpoint; did you mean 'near/a'?",
    });
  });
});

describe("whatIf()", () => {
  const FULL = loadText(`
$POOL east monitor=none capacity=100
  e 192.0.2.1
$POOL west monitor=none capacity=50
  w1 198.51.100.1
  w2 198.51.100.2
www 60 POLICY weighted ( east=60 west=40 ) demand=100
`);
  const state = (forced?: "up") => {
    const snapshot = supposeAllUp(FULL.definitions);
    const health = snapshot.endpoints.get("east/e");
    if (health === undefined) throw new Error("no health");
    const endpoints = new Map(snapshot.endpoints).set("east/e", { ...health, forced });
    const zones = indexZones(FULL.zones);
    return { zones, definitions: FULL.definitions, snapshot: { ...snapshot, endpoints }, placeOf };
  };
  const query = { name: "www.example.com", type: "A", client: undefined };
  const spell = (shares: readonly { endpoint: string; share: number }[]): string =>
    shares.map(({ endpoint, share }) => `${endpoint}=${share}`).join(" ");

  const cases: [what: string, down: string[], forced: "up" | undefined, after: string, over: string[]][] = [
    ["a pool", ["east"], undefined, "w1=0.5 w2=0.5", ["west"]],
    ["an endpoint", ["west/w1"], undefined, "e=0.6 w2=0.4", []],
    ["endpoints by a glob", ["*/w?"], undefined, "e=1", []],
    ["what is forced up, which stays", ["east"], "up", "e=0.6 w1=0.2 w2=0.2", []],
  ];
  for (const [what, down, forced, after, over] of cases) {
    it(`supposes down ${what}`, () => {
      const outcome = whatIf(state(forced), query, down);
      if (!outcome.ok) throw new Error(outcome.message);
      expect(spell(outcome.whatIf.before.shares)).to.equal("e=0.6 w1=0.2 w2=0.2");
      expect(outcome.whatIf.before.overCapacity).to.deep.equal([]);
      expect(spell(outcome.whatIf.shares)).to.equal(after);
      expect(outcome.whatIf.overCapacity).to.deep.equal(over);
    });
  }

  it("says which REF is none", () => {
    expect(whatIf(state(), query, ["est"])).to.deep.equal({
      ok: false,
      parameter: "down",
      message: "Cannot suppose 'est' down: no such pool or endpoint; did you mean 'east'?",
    });
  });
});
