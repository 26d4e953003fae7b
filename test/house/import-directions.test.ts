import { expect } from "chai";
import { describe, it } from "mocha";
import { importDirectionFaults, MAY_IMPORT } from "./import-directions.ts";
import { readSources } from "./source.ts";

describe("importDirectionFaults()", () => {
  const cases: readonly [name: string, path: string, text: string, fault: string | undefined][] = [
    [
      "a static import against the arrow",
      "src/dns/name.ts",
      'import { evaluate } from "../policy/evaluate.ts";',
      "src/dns/name.ts:1: dns imports from policy, but may import nothing of ours",
    ],
    [
      "an import of a type only",
      "src/server/udp.ts",
      '\nimport type { Zone } from "../zone/model.ts";',
      "src/server/udp.ts:2: server imports from zone, but may import answer",
    ],
    [
      "a re-export",
      "src/probe/tcp.ts",
      'export * from "../dns/name.ts";',
      "src/probe/tcp.ts:1: probe imports from dns, but may import health",
    ],
    [
      "a re-export by name",
      "src/health/verdict.ts",
      'export { nameKey } from "../dns/name.ts";',
      "src/health/verdict.ts:1: health imports from dns, but may import nothing of ours",
    ],
    [
      "a dynamic import",
      "src/answer/answer.ts",
      'const zone = await import("../zone/lookup.ts");',
      "src/answer/answer.ts:1: answer imports from zone, but may import dns, image",
    ],
    [
      "an import within a type",
      "src/geo/network.ts",
      'type Z = import("../zone/model.ts").Zone;',
      "src/geo/network.ts:1: geo imports from zone, but may import nothing of ours",
    ],
    [
      "an import of a computed name",
      "src/answer/answer.ts",
      'const zone = await import("../" + room);',
      "src/answer/answer.ts:1: imports what cannot be told: write the module's name as a string",
    ],
    [
      "a file out of src",
      "src/cli/serve.ts",
      'import { ROOT } from "../../deploy/bootstrap.mjs";',
      "src/cli/serve.ts:1: imports deploy/bootstrap.mjs, which is outside src",
    ],
    [
      "a room that is not drawn",
      "src/utils/misc.ts",
      "",
      "src/utils/misc.ts:1: stands in no room of the design card",
    ],
    ["a file beside main.ts", "src/helpers.ts", "", "src/helpers.ts:1: stands in no room of the design card"],
    [
      "along the arrow",
      "src/policy/evaluate.ts",
      'import type { Snapshot } from "../health/snapshot.ts";',
      undefined,
    ],
    ["its own room", "src/dns/rdata/a.ts", 'import { parseIpv4 } from "../address.ts";', undefined],
    ["a package", "src/probe/http.ts", 'import got from "got";', undefined],
    ["main to cli", "src/main.ts", 'import { main } from "./cli/main.ts";', undefined],
  ];
  for (const [name, path, text, fault] of cases) {
    it(`${fault === undefined ? "allows" : "refuses"} ${name}`, () => {
      expect(importDirectionFaults([{ path, text }])).to.deep.equal(fault === undefined ? [] : [fault]);
    });
  }

  it("has a table without circles", () => {
    const reaches = (from: string, to: string): boolean =>
      (MAY_IMPORT.get(from) ?? []).some((next) => next === to || reaches(next, to));
    expect([...MAY_IMPORT.keys()].filter((room) => reaches(room, room))).to.deep.equal([]);
  });

  it("holds for src", () => {
    expect(importDirectionFaults(readSources("src", [".ts"]))).to.deep.equal([]);
  });
});
