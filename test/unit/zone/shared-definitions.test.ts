/** An included file that was read for another zone before comes to the same as one that is read again. */

import { expect } from "chai";
import { describe, it } from "mocha";
import { octetsOfLatin1 } from "../../../src/zone/lexer.ts";
import { parseZoneFile } from "../../../src/zone/parser.ts";
import type { DefinitionFiles } from "../../../src/zone/shared-definitions.ts";
import type { ZoneFileSyntax } from "../../../src/zone/syntax.ts";
import { recordsOf } from "./parse.ts";

const ZONES = [
  "w A 192.0.2.1\n$INCLUDE x.inc\nv A 192.0.2.2\n  A 192.0.2.3",
  "$TTL 60\n@ SOA ns h 1 2 3 4 5\n$INCLUDE x.inc sub\n  A 192.0.2.2\nv A 192.0.2.3",
  "$TTL 300\nw A 192.0.2.1\n$INCLUDE x.inc\n$INCLUDE x.inc\n  A 192.0.2.2\n$POOL q monitor=none\n  a 192.0.2.1",
  '$INCLUDE x.inc "\nw 5 A 192.0.2.1\n$INCLUDE x.inc',
];
const POOL = "$POOL p monitor=none\n  a 192.0.2.1\n";

const DEFINITIONS: Record<string, string> = {
  nothing: "; comment\n",
  "a pool": POOL,
  "a pool behind an origin of its own": `$ORIGIN other\n${POOL}`,
  "one of each": `$MONITOR m tcp port=1\n${POOL}$POLICY f failover ( p )\n$RULE at-least 1 of ( p )\n$WINDOW p drain cron="0 2 * * 0" for=2h\n`,
};
const OTHERS: Record<string, string> = {
  "a TTL": `$TTL 60\n${POOL}`,
  "a TTL that is none": `$TTL x\n${POOL}`,
  "a record": `${POOL}r 5 A 192.0.2.9\n`,
  "a record without a TTL": "r A 192.0.2.9\n",
  "generated records": "$GENERATE 1-2 g$ 5 A 192.0.2.$\n",
  "a POLICY record": `${POOL}r POLICY p\n`,
  "an expectation": `${POOL}$EXPECT w A is p\n`,
  "a fault": `${POOL}$POOL empty\n`,
  "an unknown word": `$NONSENSE\n${POOL}`,
  "another file": "$INCLUDE y.inc\n",
};

function parseAll(included: string, definitionFiles: () => DefinitionFiles): ZoneFileSyntax[] {
  const files = new Map([
    ["zones/x.inc", octetsOfLatin1(included)],
    ["zones/y.inc", octetsOfLatin1(POOL)],
  ]);
  return ZONES.map((text, number) =>
    parseZoneFile(`zones/z${number}.zone`, octetsOfLatin1(text), (path) => files.get(path), {
      definitionFiles: definitionFiles(),
    }),
  );
}

function shown(syntax: ZoneFileSyntax): unknown {
  return { ...syntax, records: recordsOf(syntax) };
}

describe("readShared()", () => {
  for (const [what, included] of [...Object.entries(DEFINITIONS), ...Object.entries(OTHERS)]) {
    it(`changes nothing where the file holds ${what}`, () => {
      const files: DefinitionFiles = new Map();
      const shared = parseAll(included, () => files);
      const apart = parseAll(included, () => new Map());
      expect(shared.map(shown)).to.deep.equal(apart.map(shown));
      const isShared = [...files.keys()].some((octets) => octets.length === included.length);
      expect(isShared).to.equal(what in DEFINITIONS);
    });
  }

  it("gives every zone the same entries", () => {
    const files: DefinitionFiles = new Map();
    const [one, , other] = parseAll(POOL, () => files);
    expect(one?.pools).to.have.lengthOf(1);
    expect(one?.pools[0]).to.equal(other?.pools[0]);
    expect(other?.pools[0]).to.equal(other?.pools[1]);
  });
});
