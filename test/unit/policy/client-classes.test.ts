import { expect } from "chai";
import { describe, it } from "mocha";
import { knownPlaces } from "../../../src/geo/centroids.ts";
import { clientClasses } from "../../../src/policy/client-classes.ts";
import { clientSignature } from "../../../src/policy/client-signature.ts";
import type { Expression } from "../../../src/policy/expression.ts";
import type { Location, Pool } from "../../../src/policy/model.ts";
import { definitions, pool } from "../../support/policies.ts";

const at = (country: string): Location => ({ kind: "region", country, subdivision: undefined });
const POOLS: readonly Pool[] = ["FR", "US", "JP", "BR"].map((code) =>
  pool(code.toLowerCase(), [], { location: at(code) }),
);
const KNOWN = definitions(POOLS);
const use = (name: string): Expression => ({ kind: "pool", pool: name });
const nearest = (...names: string[]): Expression => ({ kind: "nearest", children: names.map(use) });

const cases: [what: string, expressions: Expression[]][] = [
  ["two", [nearest("fr", "us")]],
  ["four", [nearest("fr", "us", "jp", "br")]],
  ["one for another", [nearest("fr", "us"), nearest("us", "jp")]],
  ["what no place decides for one", [use("fr"), nearest("fr", "br")]],
  [
    "some of a continent",
    [
      {
        kind: "geo",
        entries: [
          { match: { kind: "continent", continent: "EU" }, expression: nearest("fr", "jp") },
          { match: { kind: "any" }, expression: use("us") },
        ],
      },
    ],
  ],
];

describe("clientClasses()", () => {
  for (const [what, expressions] of cases) {
    it(`has a client for each country's answer, and few of one answer, by ${what}`, () => {
      const sides = expressions.map((expression) => ({ expression, definitions: KNOWN }));
      const signatureOf = (client: Parameters<typeof clientSignature>[2]): string =>
        expressions.map((expression) => clientSignature(expression, KNOWN, client)).join(" | ");
      const classes = [...clientClasses(sides).values()];
      const found = new Set(classes.map(signatureOf));
      const wanted = new Set(knownPlaces().map((place) => signatureOf({ network: undefined, place })));
      for (const signature of wanted) expect([...found]).to.include(signature);
      expect(classes.length).to.be.at.most(found.size + 2);
    });
  }

  it("knows only what the words name where no distance is asked for", () => {
    expect([...clientClasses([{ expression: use("fr"), definitions: KNOWN }]).keys()]).to.deep.equal([""]);
  });
});
