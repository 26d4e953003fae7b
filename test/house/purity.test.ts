import { expect } from "chai";
import { describe, it } from "mocha";
import { purityFaults } from "./purity.ts";
import { readSources } from "./source.ts";

describe("purityFaults()", () => {
  const refused: readonly [text: string, what: string][] = [
    ['import { readFileSync } from "node:fs";', "imports node:fs"],
    ['import type { Socket } from "node:dgram";', "imports node:dgram"],
    ['import { LRUCache } from "lru-cache";', "imports lru-cache"],
    ['const net = await import("node:net");', "imports node:net"],
    ["const at = Date.now();", "uses Date.now"],
    ['const at = Date["now"]();', "uses Date.now"],
    ["const now = Date.now;", "uses Date.now"],
    ["const at = new Date();", "uses new Date()"],
    ["const at = Date();", "uses Date()"],
    ["const at = performance.now();", "uses performance"],
    ["const x = Math.random();", "uses Math.random"],
    ['console.log("x");', "uses console"],
    ["const home = process.env.HOME;", "uses process"],
    ["const octets = Buffer.from([1]);", "uses Buffer"],
    ["type Octets = Buffer;", "uses Buffer"],
    ["setTimeout(() => undefined, 1);", "uses setTimeout"],
    ["const later = { setImmediate };", "uses setImmediate"],
    ["queueMicrotask(() => undefined);", "uses queueMicrotask"],
    ["const at = globalThis.Date.now();", "uses globalThis"],
  ];
  for (const [text, what] of refused) {
    it(`refuses ${text}`, () => {
      const faults = purityFaults([{ path: "src/policy/made-up.ts", text: `\n${text}` }]);
      expect(faults).to.deep.equal([`src/policy/made-up.ts:2: a pure room ${what}`]);
    });
  }

  const allowed = [
    "const iso = new Date(atMs).toISOString();",
    "const half = Math.floor(random() / 2);",
    "const at = clock.now();",
    "const kind = node.process;",
    "const keys = { console: 1, process: 2 };",
    "interface Step { readonly process: string }",
    'import { nameKey } from "../dns/name.ts";',
  ];
  for (const text of allowed) {
    it(`allows ${text}`, () => {
      expect(purityFaults([{ path: "src/policy/made-up.ts", text }])).to.deep.equal([]);
    });
  }

  it("leaves the rooms of I/O alone", () => {
    expect(purityFaults([{ path: "src/daemon/clock.ts", text: "const at = Date.now();" }])).to.deep.equal([]);
  });

  it("holds for src", () => {
    expect(purityFaults(readSources("src", [".ts"]))).to.deep.equal([]);
  });
});
