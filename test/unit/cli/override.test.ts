/** Overrides as operators use them: the command against a node that really serves, is killed and starts again. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { ZONE_HEAD } from "../daemon/loaded-zones.ts";
import { useTemporaryFolders } from "../daemon/temporary-folder.ts";
import { run } from "./fairlead.ts";
import { type Node, useNodes } from "./nodes.ts";

const ZONE = `${ZONE_HEAD}$POOL near monitor=none
  n 192.0.2.1
$POOL far monitor=none
  f 198.51.100.1
www 30 POLICY failover ( near far )
`;

describe("fairlead override", () => {
  const folder = useTemporaryFolders();
  const serve = useNodes();

  function makeZones(text = ZONE): string {
    const dir = folder();
    mkdirSync(join(dir, "zones"));
    writeFileSync(join(dir, "zones", "example.com.zone"), text);
    return dir;
  }

  const answer = async ({ listen }: Node): Promise<string> => {
    const { out } = await run(["query", "www.example.com.", "--server", listen, "--json"]);
    return /192\.0\.2\.1|198\.51\.100\.1/.exec(out)?.[0] ?? out;
  };
  const set = (node: Node, ...words: readonly string[]) =>
    run(["override", "set", ...words, "--reason", "kernel update", "--server", node.admin]);

  it("forces, lists and clears; outlives a kill; refuses what would empty a name", async () => {
    const dir = makeZones();
    const first = await serve(dir);
    expect(await answer(first)).to.equal("192.0.2.1");
    const done = await set(first, "near", "drain", "--for", "2h", "--owner", "ann@desk");
    expect([done.status, done.err]).to.deep.equal([0, ""]);
    expect(done.out).to.match(/^near is forced drain until 20\S+Z \([0-9a-f]{10}\)\n$/);
    expect(await first.logged("override")).to.include({ ref: "near", to: "drain", owner: "ann@desk" });
    const refused = await set(first, "far", "down", "--for", "2h");
    expect(refused.status).to.equal(1);
    expect(refused.err).to.match(
      /^fairlead: Cannot force far down: it would leave www\.example\.com\. A nothing that is up; force/,
    );

    await first.kill();
    const second = await serve(dir);
    expect(await answer(second)).to.equal("198.51.100.1");
    const list = await run(["override", "list", "--server", second.admin]);
    expect(list.out).to.match(
      /^[0-9a-f]{10} {2}near {2}drain {2}until 20\S+Z {2}ann@desk {2}kernel update\n$/,
    );
    const status = await run(["status", "--server", second.admin]);
    expect(status.out).to.match(/^override {2}[0-9a-f]{10} {2}near {2}drain/m);
    const cleared = await run(["override", "clear", "near", "--server", second.admin]);
    expect([cleared.status, cleared.out]).to.deep.equal([0, "near is not forced drain any more\n"]);
    await second.logged("forced");
    expect(await answer(second)).to.equal("192.0.2.1");
    const again = await run(["override", "clear", "near", "--server", second.admin]);
    expect([again.status, again.err]).to.deep.equal([1, "fairlead: no override 'near' is in force\n"]);
  });

  it("ends by itself, to the second", async () => {
    const node = await serve(makeZones());
    const words = ["override", "set", "near", "down", "--for", "2s", "--reason", "drill", "--json"];
    const { out } = await run([...words, "--server", node.admin]);
    expect(await node.logged("override")).to.include({ to: "down" });
    expect(await node.logged("forced")).to.include({ to: "down" });
    const ended = await node.logged("override");
    expect(ended).to.include({ to: null, reason: "its end has come" });
    const until = Date.parse(/"until": "([^"]+)"/.exec(out)?.[1] ?? "");
    expect(Date.parse(String(ended["time"])) - until).to.be.within(0, 1_000);
    expect(await node.logged("forced")).to.include({ to: null });
  });

  it("honours windows and the watched file of overrides", async () => {
    const dir = makeZones(`${ZONE}$WINDOW near drain cron="* * * * *" for=1h tz=Asia/Kolkata\n`);
    const file = join(dir, "forced.yaml");
    writeFileSync(file, "[]\n");
    const node = await serve(dir, ["--override-file", file]);
    expect(await answer(node)).to.equal("198.51.100.1");
    const until = new Date(Date.now() + 3_600_000).toISOString();
    writeFileSync(file, `- {ref: "*/n", state: up, until: ${until}, reason: all is well}\n`);
    await node.logged("forced");
    expect(await answer(node)).to.equal("192.0.2.1");
    const { out } = await run(["override", "list", "--server", node.admin]);
    expect(out).to.match(
      /near {2,}drain .*planned: cron="\* \* \* \* \*" for=1h tz=Asia\/Kolkata\n.*\*\/n {2,}up /,
    );
    writeFileSync(file, "- ref: nowhere\n");
    // The acceptance of the one before may be told of as late as that.
    let told = await node.logged("override-file");
    while (told["level"] !== "error") told = await node.logged("override-file");
    const metrics = await (await fetch(`${node.admin}/metrics`)).text();
    expect(metrics).to.match(/^fairlead_override_file_load_success 0$/m);
    expect(metrics).to.match(/^fairlead_overrides_active 2$/m);
    expect(metrics).to.match(/^fairlead_endpoint_forced\{pool="near",endpoint="n",state="up"\} 1$/m);
  });

  it("takes the file of overrides with the zones that it waits for", async () => {
    const dir = makeZones();
    const file = join(dir, "forced.yaml");
    const until = new Date(Date.now() + 3_600_000).toISOString();
    writeFileSync(file, `- {ref: late, state: drain, until: ${until}, reason: not yet in use}\n`);
    const node = await serve(dir, ["--override-file", file]);
    const zone = join(dir, "zones", "example.com.zone");
    writeFileSync(zone, `${ZONE}$POOL late monitor=none\n  l 203.0.113.1\n`);
    expect(await node.logged("override-file")).to.include({ to: "accepted" });
    expect(await node.logged("forced")).to.include({ ref: "late/l", to: "drain" });
  });

  const misuses: readonly (readonly [words: readonly string[], message: RegExp])[] = [
    [["set", "near", "off", "--for", "1h", "--reason", "x"], /'off' is none of up, down, drain/],
    [["set", "near", "drain", "--reason", "x"], /required option '--for <duration>'/],
    [["set", "near", "drain", "--for", "1h"], /required option '--reason <text>'/],
  ];
  for (const [words, message] of misuses) {
    it(`calls '${words.join(" ")}' wrong usage`, async () => {
      const ended = await run(["override", ...words]);
      expect(ended.status).to.equal(2);
      expect(ended.err).to.match(message);
    });
  }
});
