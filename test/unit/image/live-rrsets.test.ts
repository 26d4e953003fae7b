import { expect } from "chai";
import { describe, it } from "mocha";
import { nameOf, namesEqual } from "../../../src/dns/name.ts";
import { formatType } from "../../../src/dns/types.ts";
import { compileDecisions } from "../../../src/image/decisions.ts";
import { compileZones, type ZonePart } from "../../../src/image/zones.ts";
import { octetsOfLatin1 } from "../../../src/zone/lexer.ts";
import { loadZones } from "../../../src/zone/load.ts";
import { masterFileLines } from "../../../src/zone/master-file.ts";
import type { LoadResult } from "../../../src/zone/model.ts";
import { plainRRsets } from "../../../src/zone/plain-zone.ts";
import { snapshot } from "../../support/policies.ts";
import { zoneSetOf } from "../../support/zones.ts";

const HEAD = "$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.53\n";
const POOL = "$POOL one monitor=none\n  a 192.0.2.1\n";
const USER = `${HEAD}
srv  SRV 1 1 1 www.other. health-aware=on
srv  SRV 2 1 1 ns
www  POLICY one
www  HTTPS 1 www.other. alpn=h2
www  HTTPS 2 .
www  HTTPS 0 ns
`;

function load(other: string, before?: LoadResult): LoadResult {
  const files = Object.entries({ "user.zone": POOL + USER, "other.zone": HEAD + POOL + other });
  return loadZones(
    files.map(([path, text]) => ({ path, octets: octetsOfLatin1(text) })),
    () => undefined,
    { digestOf: (octets) => octets.join(), earlier: before?.judged ?? [] },
  );
}

function compile({ set }: LoadResult): ZonePart {
  if (set === undefined) throw new Error("the set is faulty");
  return compileZones(set);
}

const shown = ({ live, policies }: ZonePart): string[] =>
  live.map(({ owner, type, policies: numbers }) => {
    const owners = numbers.map((number) => (number === undefined ? "–" : policies[number]?.owner));
    return `${owner} ${formatType(type)}: ${owners.join(" ")}`;
  });

describe("live RRsets", () => {
  const WITH = ["www.user. HTTPS: www.other. www.user. –", "srv.user. SRV: www.other. –"];
  const WITHOUT = ["www.user. HTTPS: – www.user. –", "srv.user. SRV: – –"];

  it("rest on policies of other zones, and follow them where their own file has not changed", () => {
    const first = load("www POLICY one\n");
    expect(shown(compile(first))).to.deep.equal(WITH);
    const second = load("www A 192.0.2.9\n", first);
    const part = compile(second);
    expect(part.builtZones).to.equal(1);
    expect(shown(part)).to.deep.equal(WITHOUT);
    const third = compile(load("alias POLICY one\nwww CNAME alias\n", second));
    expect(shown(third)).to.deep.equal([
      "www.user. HTTPS: alias.other. www.user. –",
      "srv.user. SRV: alias.other. –",
    ]);
  });

  it("warn of a target without a policy in a file that has not changed", () => {
    const first = load("www POLICY one\n");
    const codes = ({ diagnostics }: LoadResult): string[] => diagnostics.map(({ code }) => code);
    expect(codes(first)).to.not.include("health-aware-without-policy");
    expect(codes(load("www A 192.0.2.9\n", first))).to.include("health-aware-without-policy");
  });

  it("cost the tables nothing where there are none", () => {
    const set = zoneSetOf({ "plain.zone": `${HEAD}${POOL}www POLICY one\n@ MX 1 www\nsrv SRV 1 1 1 www\n` });
    const { tables, live } = compileDecisions(compileZones(set), snapshot([]));
    expect([tables.directory.length, live.bytes.byteLength, live.withheld.length]).to.deep.equal([2, 8, 0]);
  });

  it("are exported as they are written, without hints and with every record", () => {
    const set = zoneSetOf({ "user.zone": POOL + USER, "other.zone": `${HEAD}${POOL}www POLICY one\n` });
    compileZones(set);
    const zone = set.zones.find(({ apex }) => namesEqual(apex, nameOf("user.")));
    const lines = zone === undefined ? [] : [...masterFileLines(plainRRsets(zone, set.definitions))];
    const text = lines.join("");
    expect(text.split("\n").filter((line) => / (?:SRV|HTTPS) /.test(line))).to.deep.equal([
      "srv.user. 60 IN SRV 1 1 1 www.other.",
      "srv.user. 60 IN SRV 2 1 1 ns.user.",
      'www.user. 60 IN HTTPS 1 www.other. alpn="h2"',
      "www.user. 60 IN HTTPS 2 .",
      "www.user. 60 IN HTTPS 0 ns.user.",
    ]);
    expect(zoneSetOf({ "user.zone": text }).zones).to.have.length(1);
  });
});
