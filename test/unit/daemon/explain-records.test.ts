import { expect } from "chai";
import { describe, it } from "mocha";
import { explainName, whatIf } from "../../../src/daemon/explain.ts";
import { supposeAllUp, supposeDown } from "../../../src/daemon/supposed-health.ts";
import { NOWHERE, type PlaceOf } from "../../../src/geo/client.ts";
import { indexZones } from "../../../src/zone/lookup.ts";
import { loadText } from "./loaded-zones.ts";

const SET = loadText(`
$MONITOR m tcp port=80
$POOL near monitor=m
  a 192.0.2.1 2001:db8::1 weight=3
  b 192.0.2.2
$POOL far monitor=m
  c 198.51.100.1 2001:db8::3
near 60/20 POLICY near
far 60/20 POLICY far
_sip._tcp 300 SRV 10 60 5060 near health-aware=on
_sip._tcp 300 SRV 20 60 5060 far health-aware=on
_sip._tcp 300 SRV 30 60 5060 text
*.mail 300 MX 10 near health-aware=on
*.mail 300 MX 20 far health-aware=on
www 60/20 POLICY failover ( near far )
www 300 HTTPS 1 . alpn=h2
www 300 HTTPS 2 elsewhere.test. alpn=h2
placed 60/20 POLICY geo ( country:DE=near *=far )
placed 300 HTTPS 1 .
text 120 TXT "one"
`);

const placeOf: PlaceOf = ({ octets }) =>
  octets[0] === 192 ? { ...NOWHERE, country: "DE", continent: "EU" } : undefined;

function stateWith(down: readonly string[]) {
  const supposed = supposeDown(SET.definitions, down, supposeAllUp(SET.definitions));
  if (!supposed.ok) throw new Error(supposed.message);
  const { snapshot } = supposed;
  return { zones: indexZones(SET.zones), definitions: SET.definitions, snapshot, placeOf };
}

function ask(name: string, type: string, down: readonly string[] = [], client?: string) {
  const outcome = explainName(stateWith(down), { name: `${name}.example.com`, type, client });
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.explanation;
}

const recordsOf = (explanation: ReturnType<typeof ask>): string[] =>
  (explanation.trace.at(-1)?.children ?? []).map(
    ({ node, decision, reason }) => `${node}: ${decision} (${reason})`,
  );

describe("explainName() of records that follow health", () => {
  it("says of each SRV record whether it is left out, and why", () => {
    const up = ask("_sip._tcp", "SRV");
    expect([up.outcome, up.rung, up.ttlSeconds, up.trace.at(-1)?.reason]).to.deep.equal([
      "answer",
      null,
      60,
      "3 of 3 in the zone file",
    ]);
    const down = ask("_sip._tcp", "SRV", ["near"]);
    expect([down.ttlSeconds, down.trace.at(-1)?.reason]).to.deep.equal([20, "2 of 3 in the zone file"]);
    expect(recordsOf(down)).to.deep.equal([
      "10 60 5060 near.example.com.: left out (health-aware, and the policy of near.example.com. has nothing up)",
      "20 60 5060 far.example.com.: kept (health-aware, and the policy of far.example.com. has something up)",
      "30 60 5060 text.example.com.: kept (health does not touch it)",
    ]);
  });

  it("says that all stay where all are down, behind a wildcard too", () => {
    const [first] = recordsOf(ask("x.mail", "MX", ["near", "far"]));
    expect(first).to.equal(
      "10 near.example.com.: kept (health-aware, and the policy of near.example.com. has nothing up, as with every other record: all of them stay)",
    );
  });

  it("says which hints a record is given, with their shares and the way to them", () => {
    const explanation = ask("www", "HTTPS");
    expect([explanation.rung, explanation.ttlSeconds, explanation.failingOpen]).to.deep.equal([1, 60, false]);
    expect(
      explanation.shares.map(({ endpoint, share, addresses }) => [endpoint, share, ...addresses]),
    ).to.deep.equal([
      ["a", 0.75, "192.0.2.1", "2001:db8::1"],
      ["b", 0.25, "192.0.2.2"],
    ]);
    expect(recordsOf(explanation)).to.deep.equal([
      '1 . alpn="h2": hints (drawn once for both families from the policy www.example.com.)',
      '2 elsewhere.test. alpn="h2": kept (as written: no policy gives it hints)',
    ]);
    const families = explanation.trace.at(-1)?.children?.[0]?.children ?? [];
    expect(families.map(({ node, decision, reason }) => [node, decision, reason])).to.deep.equal([
      ["A", "answer", "rung 1"],
      ["AAAA", "answer", "rung 1"],
    ]);
  });

  it("asks where the client is, if the policy does", () => {
    const explanation = ask("placed", "HTTPS", [], "192.0.2.77");
    expect([explanation.location, explanation.shares[0]?.pool]).to.deep.equal(["DE", "near"]);
    expect(ask("placed", "HTTPS", [], "198.51.100.1").shares[0]?.pool).to.equal("far");
  });

  it("puts before and after side by side in whatIf()", () => {
    const outcome = whatIf(stateWith([]), { name: "www.example.com", type: "HTTPS", client: undefined }, [
      "near",
    ]);
    if (!outcome.ok) throw new Error(outcome.message);
    expect([outcome.whatIf.before.shares[0]?.pool, outcome.whatIf.shares[0]?.pool]).to.deep.equal([
      "near",
      "far",
    ]);
  });
});
