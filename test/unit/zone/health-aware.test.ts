import { expect } from "chai";
import { describe, it } from "mocha";
import { nameKey, nameOf } from "../../../src/dns/name.ts";
import { formatType } from "../../../src/dns/types.ts";
import { loadTexts } from "../../support/zones.ts";

const HEAD = `$TTL 300
@ SOA ns hostmaster 1 1h 10m 2w 30
@ NS ns
ns A 192.0.2.53
$POOL one monitor=none
  a 192.0.2.1
www 10 POLICY one
`;

/** `owner TYPE places`, places from 0 in the RRset. */
function markedOf(text: string, files: Readonly<Record<string, string>> = {}): string[] {
  const { set, diagnostics } = loadTexts({ "example.zone": HEAD + text, ...files });
  const [zone] = set?.zones ?? [];
  if (zone === undefined) throw new Error(diagnostics.map(({ message }) => message).join("; "));
  const owners = new Map(
    ["@", "m", "s", "s1", "s2", "*.w"].map((text) => {
      const name = text === "@" ? zone.apex : nameOf(text, zone.apex);
      return [nameKey(name), text];
    }),
  );
  return [...zone.nodes.marked].flatMap(([key, rrsets]) =>
    rrsets.map(({ type, records }) => `${owners.get(key)} ${formatType(type)} ${[...records.keys()].join()}`),
  );
}

describe("health-aware=on", () => {
  const ROWS: readonly (readonly [what: string, text: string, ...marked: readonly string[]])[] = [
    ["is nowhere where it is not written", "m MX 10 www\n"],
    ["stands behind the data", "m MX 10 www health-aware=on\n", "m MX 0"],
    ["is off where it says so", "m MX 10 www health-aware=off\nm MX 20 ns health-aware=on\n", "m MX 1"],
    [
      "belongs to its record, and is told apart by type",
      "s SRV 1 1 1 ns\ns SRV 2 1 1 www health-aware=on\ns MX 1 www health-aware=on\ns SRV 3 1 1 www. health-aware=on\n",
      "s SRV 1,2",
      "s MX 0",
    ],
    [
      "may stand in parentheses and before a comment",
      "s SRV ( 1 1 1\n  www health-aware=on ) ; yes\n",
      "s SRV 0",
    ],
    ["stands behind data by RFC 3597 as well", "m MX \\# 7 000a0377777700 health-aware=on\n", "m MX 0"],
    [
      "goes with wildcards and with a line that has no owner",
      "*.w 60 IN MX 1 www health-aware=on\n  MX 2 ns\n",
      "*.w MX 0",
    ],
    ["goes with $GENERATE", "$GENERATE 1-2 s$ SRV $ 1 1 www health-aware=on\n", "s1 SRV 0", "s2 SRV 0"],
    [
      "counts in the record that counts",
      "m MX 1 ns\nm MX 1 ns health-aware=on\nm MX 2 www health-aware=on\n",
      "m MX 1",
    ],
    ["is a name where an owner is asked for", "health-aware=on A 192.0.2.9\n"],
  ];
  for (const [what, text, ...marked] of ROWS) {
    it(what, () => {
      expect(markedOf(text)).to.deep.equal(marked);
    });
  }

  it("is never taken for a target that was forgotten", () => {
    const { set, diagnostics } = loadTexts({ "example.zone": `${HEAD}s SRV 1 1 1 health-aware=on\n` });
    expect(set).to.equal(undefined);
    expect(diagnostics.map(({ message }) => message)).to.include(
      "Cannot parse SRV record: SRV record ends before its target",
    );
  });

  it("comes from included files too", () => {
    const files = { "mail.inc": "m MX 1 www health-aware=on\n" };
    expect(markedOf("$INCLUDE mail.inc\n@ MX 1 www health-aware=on\n", files)).to.deep.equal([
      "m MX 0",
      "@ MX 0",
    ]);
  });
});
