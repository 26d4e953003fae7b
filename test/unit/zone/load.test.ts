/** Loading a set as a whole: what belongs to all its files, what is left out after a fault, what is filled in. */

import { expect } from "chai";
import { describe, it } from "mocha";
import { nameKey, nameOf } from "../../../src/dns/name.ts";
import { formatDiagnostic } from "../../../src/zone/diagnostic.ts";
import { loadTexts, zoneSetOf } from "../../support/zones.ts";

const HEAD = `$TTL 300
@ SOA ns hostmaster 2026112201 1h 10m 2w 30
@ NS ns
ns A 192.0.2.53
`;

const SHARED = `$MONITOR clb http host=www.example.com
$POOL alpha monitor=clb
  a-1 192.0.2.1 weight=3
  a-2 192.0.2.2 monitor=none
$POOL beta monitor=none min-up=50% answers=all
  b-1 2001:db8::1
`;

const WWW = "www 30/10 POLICY failover ( alpha beta )\n";

describe("loadZones()", () => {
  it("takes a definition that two zones include as one object", () => {
    const text = `${HEAD}$INCLUDE shared.inc\n${WWW}`;
    const set = zoneSetOf({ "one.zone": text, "two.zone": text, "shared.inc": SHARED });
    expect([...set.definitions.pools.keys()]).to.deep.equal(["alpha", "beta"]);
    expect(set.zones.map(({ serial }) => serial)).to.deep.equal([2026112201, 2026112201]);
    expect(set.files.map(({ path }) => path)).to.deep.equal(["one.zone", "shared.inc", "two.zone"]);
  });

  it("lets one zone name what another defines", () => {
    const set = zoneSetOf({ "one.zone": HEAD + SHARED, "two.zone": HEAD + WWW });
    const www = set.zones[1]?.nodes.get(nameKey(nameOf("www.two.")));
    expect(www?.policy?.expression).to.deep.equal({
      kind: "failover",
      children: [
        { kind: "pool", pool: "alpha" },
        { kind: "pool", pool: "beta" },
      ],
    });
  });

  it("fills in defaults, and hands the pool's monitor down to its endpoints", () => {
    const { pools } = zoneSetOf({ "one.zone": HEAD + SHARED }).definitions;
    const clb = { kind: "at-least", count: 1, monitors: ["clb"] };
    expect(pools.get("alpha")).to.deep.include({
      minUp: { kind: "count", count: 1 },
      answers: 1,
      failback: { kind: "auto" },
      slowStartMs: 0,
      graceMs: 0,
    });
    expect(
      pools.get("alpha")?.endpoints.map(({ id, weight, monitor }) => ({ id, weight, monitor })),
    ).to.deep.equal([
      { id: "alpha/a-1", weight: 3, monitor: clb },
      { id: "alpha/a-2", weight: 1, monitor: { kind: "none" } },
    ]);
    expect(pools.get("beta")).to.deep.include({
      minUp: { kind: "percent", percent: 50 },
      answers: Number.POSITIVE_INFINITY,
    });
  });

  it("calls a policy by its name where the record only names one, else by its owner", () => {
    const text = `${HEAD}${SHARED}$POLICY both failover ( alpha beta )\nwww POLICY both\napi POLICY failover ( both beta )\n`;
    const [zone] = zoneSetOf({ "one.zone": text }).zones;
    const names = [...(zone?.nodes.values() ?? [])].flatMap(({ policy }) => policy?.name ?? []);
    expect(names).to.deep.equal(["both", "api.one."]);
  });

  it("tells every fault of every file, sorted by place, and loads nothing", () => {
    const { set, diagnostics } = loadTexts({
      "two.zone": `${HEAD}www CNAME ns\nwww TXT "beside"\n`,
      "one.zone": `${HEAD}${WWW}www A 192.0.2.256\nmail MX 10 ns\nmail MX 10 ns\n`,
    });
    expect(set).to.equal(undefined);
    expect(diagnostics.map(formatDiagnostic)).to.deep.equal([
      "one.zone:5:29: no pool or policy is named 'alpha'",
      "one.zone:5:35: no pool or policy is named 'beta'",
      "one.zone:6:7: Cannot parse A record: IPv4 address '192.0.2.256' is not four numbers from 0 to 255",
      "one.zone:8:1: warning: MX at 'mail.one.' is written twice; one of them counts",
      "two.zone:5:1: CNAME at 'www.two.' stands beside other data (TXT); a CNAME stands alone",
    ]);
  });

  it("says nothing more of what a faulty definition meant to define", () => {
    const text = `${HEAD}${SHARED.replace("$MONITOR clb http", "$MONITOR clb htp")}${WWW}`.replace(
      "b-1 2001:db8::1",
      "b-1 2001:db8:::1",
    );
    const codes = loadTexts({ "one.zone": text }).diagnostics.map(({ code }) => code);
    expect(codes).to.deep.equal(["unknown-monitor-kind", "bad-address"]);
  });

  it("accepts no zones at all, and says so by a set without any", () => {
    expect(loadTexts({}).set?.zones).to.deep.equal([]);
  });
});
