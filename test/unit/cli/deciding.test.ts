/** `explain`, `whatif`, `plan` and `test` alike: of files and of a running node, in words and as JSON, and how they end. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { ZONE_HEAD } from "../daemon/loaded-zones.ts";
import { run } from "./fairlead.ts";
import { type Node, startNode } from "./nodes.ts";

const zoneText = (weights: string, more = ""): string => `${ZONE_HEAD}$POOL near monitor=none
  n 192.0.2.1
$POOL far monitor=none capacity=50
  f 198.51.100.1
www 30 POLICY weighted ( ${weights} ) demand=100
$EXPECT www A is near=60% far=40%
${more}`;

/** `OLD` and `NEW` are folders, `SERVER` the node that serves `OLD`, with `far` drained; `NOWHERE` is no node. */
interface Case {
  readonly args: string;
  readonly status: number;
  /** What it prints: in words, or with `--json` the JSON, one line of it. */
  readonly out?: RegExp;
  readonly err?: RegExp;
}

const CASES: readonly Case[] = [
  { args: "explain www.example.com --zones OLD", status: 0, out: /near\/n +observed up +supposed up/ },
  { args: "explain www.example.com --zones OLD --json", status: 0, out: /"share": 0\.6[^]*"next": \[\]/ },
  { args: "explain nobody.example.com --zones OLD", status: 1, out: /nxdomain/ },
  { args: "explain www.example.com --zones BAD", status: 1, err: /the zones are faulty/ },
  { args: "explain www.example.com --client nobody --zones OLD", status: 2, err: /client 'nobody'/ },
  {
    args: "explain www.example.com --server SERVER",
    status: 0,
    out: /far\/f .*forced drain by ann until .*: disks\nnext:\n {2}\S+Z override \S+ ends: far drain by ann\n/,
  },
  {
    args: "explain www.example.com --server SERVER --json",
    status: 0,
    out: /"forced": "drain"[^]*"owner": "ann"[^]*"at": "20[^]*"what": "override /,
  },
  { args: "explain nobody.example.com --server SERVER", status: 1, out: /nxdomain/ },
  { args: "explain www.example.com --server NOWHERE", status: 1, err: /Cannot reach/ },
  { args: "whatif www.example.com --down near --zones OLD", status: 1, out: /over capacity: far/ },
  {
    args: "whatif www.example.com --down far --zones OLD --json",
    status: 0,
    out: /"before": \{[^]*"share": 0\.6/,
  },
  { args: "whatif www.example.com --down noone --zones OLD", status: 2, err: /no such pool/ },
  { args: "whatif www.example.com --down near --server SERVER", status: 1, out: /rung: 1 → 3/ },
  { args: "whatif www.example.com --down far --server SERVER --json", status: 0, out: /"before": \{/ },
  { args: "plan OLD NEW", status: 0, out: /www\.example\.com\. A for .*: 10\.00 % moves/ },
  { args: "plan OLD NEW --max-shift 10%", status: 0, out: /the largest shift is 10\.00 %\n$/ },
  { args: "plan OLD NEW --max-shift 9%", status: 1, out: /more than --max-shift 9\.00 %\n$/ },
  { args: "plan OLD NEW --json", status: 0, out: /"moves": \[[^]*"places": \[\],\s+"maxShift": 0\.\d+/ },
  { args: "plan OLD BAD", status: 1, err: /the zones are faulty/ },
  { args: "plan OLD", status: 2, err: /plan takes OLD and NEW/ },
  { args: "plan OLD NEW --geoip x.mmdb", status: 2, err: /--geoip-new/ },
  { args: "plan OLD NEW --geoip-new x.mmdb", status: 2, err: /x\.mmdb: no such file/ },
  {
    args: "plan NEW --server SERVER",
    status: 0,
    out: /added \(A\)\nwww\.example\.com\. A for .*: 10\.00 % moves\n[^]*the largest shift is 10\.00 %\n$/,
  },
  {
    args: "plan GONE --server SERVER",
    status: 0,
    out: /A for .*: 60\.00 % moves\n[^]*A for .*: 100\.00 % moves, as things are\n[^]*is 100\.00 %\n$/,
  },
  { args: "plan NEW --server SERVER --json", status: 0, out: /"health": "all-up"/ },
  { args: "plan NEW --server SERVER --max-shift 9%", status: 1, out: /more than --max-shift/ },
  { args: "plan BAD --server SERVER", status: 1, err: /the zones are faulty/ },
  { args: "plan OLD NEW --server SERVER", status: 2, err: /takes NEW alone/ },
  { args: "plan NEW --server NOWHERE", status: 1, err: /Cannot reach/ },
  { args: "test --zones OLD", status: 0, out: /1 of 1 expectations hold/ },
  { args: "test --zones NEW", status: 1, out: /^failed/ },
  { args: "test --zones OLD --json", status: 0, out: /"result": "ok"/ },
  { args: "test --zones BAD", status: 1, out: /nothing was tried/ },
  { args: "test --server SERVER", status: 0, out: /^ok .*\n.*1 of 1 expectations hold\n$/ },
  { args: "test --server SERVER --json", status: 0, out: /"result": "ok"/ },
  { args: "test --server SERVER --geoip x", status: 2, err: /are for files/ },
  { args: "test --server NOWHERE", status: 1, err: /Cannot reach/ },
  { args: "test --zones MISSING", status: 2, err: /Cannot read zones/ },
];

describe("the commands that decide", function () {
  this.timeout(120_000);
  let dir: string;
  let node: Node;
  const words = new Map([["NOWHERE", "http://127.0.0.1:1"]]);

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), "fairlead-test-"));
    const sets = {
      zones: zoneText("near=60 far=40"),
      NEW: zoneText("near=50 far=50", "new 60 A 192.0.2.7\n"),
      GONE: zoneText("").replace("weighted (  )", "failover ( far )"),
      BAD: zoneText("near=60 far=40", "bad A 1.2.3\n"),
    };
    for (const [name, text] of Object.entries(sets)) {
      mkdirSync(join(dir, name));
      writeFileSync(join(dir, name, "example.com.zone"), text);
      words.set(name, join(dir, name));
    }
    words.set("OLD", join(dir, "zones"));
    words.set("MISSING", join(dir, "missing"));
    node = await startNode(dir);
    words.set("SERVER", node.admin);
    const wish = { ref: "far", state: "drain", for: "1h", reason: "disks", owner: "ann" };
    const url = `${node.admin}/api/v1/overrides`;
    expect((await fetch(url, { method: "POST", body: JSON.stringify(wish) })).status).to.equal(201);
    await node.logged("forced");
  });
  after(async () => {
    await node.kill();
    rmSync(dir, { recursive: true, force: true });
  });

  for (const { args, status, out = /^/, err = /^$/ } of CASES) {
    it(`${args}: exit ${status}`, async () => {
      const ended = await run(args.split(" ").map((word) => words.get(word) ?? word));
      expect(ended.out).to.match(out);
      expect(ended.err).to.match(err);
      expect(ended.status).to.equal(status);
    });
  }
});
