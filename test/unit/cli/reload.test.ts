/** Reloads as operators ask for them: the command against a node that really serves, refuses, and starts again. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { ZONE_HEAD } from "../daemon/loaded-zones.ts";
import { useTemporaryFolders } from "../daemon/temporary-folder.ts";
import { type Ended, run } from "./fairlead.ts";
import { type Node, useNodes } from "./nodes.ts";

const zoneText = (weights: string, more = ""): string => `${ZONE_HEAD}$POOL near monitor=none
  n 192.0.2.1
$POOL far monitor=none
  f 198.51.100.1
www 30 POLICY weighted ( ${weights} )
${more}`;

const HALF = "near=50 far=50";
const ALL_FAR = "near=0 far=100";
const WHY = ["--reason", "moving house", "--owner", "ann@desk"];

describe("fairlead reload", function () {
  this.timeout(180_000);
  const folder = useTemporaryFolders();
  const serve = useNodes();
  let dir: string;

  const write = (text: string): void => writeFileSync(join(dir, "zones", "example.com.zone"), text);
  const begin = (text: string): void => {
    dir = folder();
    mkdirSync(join(dir, "zones"));
    write(text);
  };
  const reload = (node: Node, ...words: readonly string[]): Promise<Ended> =>
    run(["reload", "--server", node.admin, ...words]);
  /** The same without a process of its own. */
  const post = async (node: Node, despite?: string): Promise<number> => {
    const body = despite === undefined ? "" : JSON.stringify({ despite, reason: "moving house" });
    const reply = await fetch(`${node.admin}/api/v1/reload`, { method: "POST", body });
    return reply.status;
  };
  const shareOfFar = async (node: Node): Promise<string | undefined> => {
    const text = await (await fetch(`${node.admin}/metrics`)).text();
    return /^fairlead_policy_share\{.*pool="far".*\} (.*)$/m.exec(text)?.[1];
  };
  const metric = async (node: Node, name: string): Promise<string | undefined> => {
    const text = await (await fetch(`${node.admin}/metrics`)).text();
    return text
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1);
  };
  const DESPITE_SHIFT = 'fairlead_zone_load_despite{check="max-shift"}';
  const DESPITE_EXPECT = 'fairlead_zone_load_despite{check="expect"}';

  /** The files are watched too: a reload by itself may have come first, and says the same. */
  it("refuses a larger shift than max-shift, whoever asks, until a person says why; a restart remembers", async () => {
    begin(zoneText(HALF));
    const first = await serve(dir, ["--max-shift", "20%"]);
    write(zoneText("near=40 far=60"));
    expect(await post(first)).to.equal(200);
    expect(await shareOfFar(first)).to.equal("0.6");

    write(zoneText(ALL_FAR));
    const refused = await reload(first);
    expect(refused.status).to.equal(1);
    expect(refused.out).to.match(/^www\.example\.com\. A for .* nothing is known: 40\.00 % moves$/m);
    expect(refused.err).to.equal(
      "fairlead: more than max-shift 20 % of the clients would move: www.example.com. A 40 %; the running set keeps serving\n",
    );
    expect(await metric(first, "fairlead_zone_load_success")).to.equal("0");
    expect(await shareOfFar(first)).to.equal("0.6");
    expect(await post(first, "expect")).to.equal(422);
    const status = await run(["status", "--server", first.admin]);
    expect(status.out).to.match(
      /^the zone files are refused \(more than max-shift 20 %.*\): an earlier set/m,
    );

    // Neither does a start look away.
    await first.kill();
    const second = await serve(dir, ["--max-shift", "20%"]);
    expect(await shareOfFar(second)).to.equal("0.6");
    expect(await metric(second, "fairlead_zone_load_success")).to.equal("0");
    const done = await reload(second, "--despite", "expect,max-shift", ...WHY);
    expect([done.status, done.err]).to.deep.equal([0, ""]);
    expect(done.out).to.match(/reloaded despite max-shift, generation \d+\n$/);
    const event = await second.logged("reload");
    expect(event).to.include({ to: "accepted", owner: "ann@desk" });
    expect(event["reason"]).to.match(
      /despite max-shift \(more than max-shift 20 % .*40 %\), because: moving house$/,
    );
    expect(await shareOfFar(second)).to.equal("1");
    expect(await metric(second, DESPITE_SHIFT)).to.equal("1");

    await second.kill();
    const third = await serve(dir, ["--max-shift", "20%"]);
    expect(await shareOfFar(third)).to.equal("1");
    expect(await metric(third, "fairlead_zone_load_success")).to.equal("1");
    expect(await metric(third, DESPITE_SHIFT)).to.equal("1");
    const after = await run(["status", "--server", third.admin]);
    expect(after.out).to.match(/^loaded despite max-shift by ann@desk, 20\S+Z: moving house$/m);
    write(zoneText(HALF));
    expect(await post(third)).to.equal(422);
    write(zoneText("near=10 far=90"));
    expect(await post(third)).to.equal(200);
    expect(await metric(third, DESPITE_SHIFT)).to.equal("0");
  });

  it("takes zones whose expectations fail when a person says why, and asks again for others", async () => {
    begin(zoneText(HALF, "$EXPECT www A is near=50% far=50%\n"));
    const first = await serve(dir);
    const failing = zoneText("near=70 far=30", "$EXPECT www A is near=50% far=50%\n");
    write(failing);
    expect(await post(first)).to.equal(422);
    expect(await post(first, "max-shift")).to.equal(422);
    const done = await reload(first, "--despite", "expect", ...WHY);
    expect(done.status).to.equal(0);
    expect(done.out).to.match(/warning: Cannot meet .*\nreloaded despite expect, /s);
    expect(await shareOfFar(first)).to.equal("0.3");
    // The same files need no second word.
    expect(await post(first)).to.equal(200);
    expect(await metric(first, DESPITE_EXPECT)).to.equal("1");

    await first.kill();
    const second = await serve(dir);
    expect(await shareOfFar(second)).to.equal("0.3");
    expect(await metric(second, "fairlead_zone_load_success")).to.equal("1");
    expect(await metric(second, DESPITE_EXPECT)).to.equal("1");
    write(`${failing}; another file\n`);
    expect(await post(second)).to.equal(422);
    expect(await metric(second, DESPITE_EXPECT)).to.equal("1");
    write(`${zoneText(HALF)}bad A 1.2.3\n`);
    expect(await post(second, "expect,max-shift")).to.equal(422);
  });

  const misuses: readonly (readonly [words: readonly string[], message: RegExp])[] = [
    [["--despite", "expect"], /--despite needs --reason/],
    [["--reason", "x"], /--reason and --owner are for --despite/],
    [["--despite", "expect,maxshift", "--reason", "x"], /'maxshift' is none of expect, max-shift/],
    [["--despite", "", "--reason", "x"], /'' is none of expect, max-shift/],
  ];
  for (const [words, message] of misuses) {
    it(`calls '${words.join(" ")}' wrong usage`, async () => {
      const ended = await run(["reload", ...words]);
      expect(ended.status).to.equal(2);
      expect(ended.err).to.match(message);
    });
  }
});
