/** Globs in `when` clauses: as shells read them within each part of a REF. */

import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { collectDefinitions } from "../../../src/zone/definitions.ts";
import type { Diagnostic } from "../../../src/zone/diagnostic.ts";
import { parseZoneFile } from "../../../src/zone/parser.ts";
import { endpointIdsOf } from "../../../src/zone/refs.ts";

const TEXT = `
$POOL frankfurt monitor=none
  fra-1 192.0.2.1
  fra-2 192.0.2.2
$POOL francisco monitor=none
  sfo-1 192.0.2.3
  sfo-10 192.0.2.4
$POOL tokyo monitor=none
  nrt-1 192.0.2.5
`;

const report = (): void => undefined;
const file = parseZoneFile("refs.zone", new TextEncoder().encode(TEXT), () => undefined);
const entries = collectDefinitions([file], report);
const ALL = [...entries.pools.values()].flatMap(({ name, endpoints }) =>
  endpoints.map((endpoint) => `${name}/${endpoint.name}`),
);

function idsOf(text: string, found: Diagnostic[] = []): readonly string[] | undefined {
  const position = { file: "refs.zone", line: 1, column: 1 };
  return endpointIdsOf({ text, position }, entries, (diagnostic) => found.push(diagnostic));
}

const ROWS: readonly (readonly [glob: string, ids: readonly string[]])[] = [
  ["*", ALL],
  ["*/*", ALL],
  ["fran*", ALL.slice(0, 4)],
  ["*/fra-?", ["frankfurt/fra-1", "frankfurt/fra-2"]],
  ["*/*-1", ["frankfurt/fra-1", "francisco/sfo-1", "tokyo/nrt-1"]],
  ["francisco/sfo-1?", ["francisco/sfo-10"]],
  ["francisco/sfo-1*", ["francisco/sfo-1", "francisco/sfo-10"]],
  ["f*n*o/*0", ["francisco/sfo-10"]],
  ["????o", ["tokyo/nrt-1"]],
  ["tokyo", ["tokyo/nrt-1"]],
  ["tokyo/nrt-1", ["tokyo/nrt-1"]],
];

describe("endpointIdsOf()", () => {
  for (const [glob, ids] of ROWS) {
    it(`reads '${glob}'`, () => {
      expect(idsOf(glob)).to.deep.equal(ids);
    });
  }

  it("reports a glob that matches nothing", () => {
    const found: Diagnostic[] = [];
    expect(idsOf("osaka*", found)).to.equal(undefined);
    expect(found.map(({ code }) => code)).to.deep.equal(["glob-without-match"]);
  });

  it("agrees with a regular expression on any glob", () => {
    const part = fc.string({
      unit: fc.constantFrom("*", "?", "f", "r", "a", "n", "o", "-", "1"),
      maxLength: 8,
    });
    fc.assert(
      fc.property(part, part, (pool, endpoint) => {
        const pattern = `*${pool}/${endpoint}*`;
        const expression = new RegExp(`^${pattern.replaceAll("*", "[^/]*").replaceAll("?", "[^/]")}$`);
        const expected = ALL.filter((id) => expression.test(id));
        expect(idsOf(pattern) ?? []).to.deep.equal(expected);
      }),
    );
  });
});
