/** `npm start` as a stranger meets it: what it prints, what it serves, and that nothing of it is left afterwards. */

import { spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { needPeers } from "../peers.ts";
import { isFree } from "../support/peers/network.ts";
import { type Demo, runStart, startDemo } from "./demo.ts";

const POLL_MS = 100;

describe("npm start", () => {
  let demo: Demo;

  before(async function () {
    needPeers.call(this, "dig");
    demo = await startDemo();
  });

  // Where the hook above has skipped or failed there is nothing to stop.
  after(() => (demo === undefined ? undefined : demo.stop()));

  function dig(name: string): string[] {
    const words = ["@127.0.0.1", "-p", String(demo.dnsPort), name, "A", "+short"];
    return spawnSync("dig", words, { encoding: "utf8" }).stdout.trim().split("\n");
  }

  /** Asks until the answer is one of these, and fails where it has not become so within the time. */
  async function answerBecomes(name: string, addresses: readonly string[], withinMs: number): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (!dig(name).every((address) => addresses.includes(address))) {
      if (Date.now() > deadline) expect(dig(name), `after ${withinMs} ms`).to.be.oneOf(addresses);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  const break_ = (what: string) =>
    fetch(`http://127.0.0.1:${demo.regionPort}/demo/${what}`, { method: "POST" });

  it("prints what to try", () => {
    expect(demo.output()).to.include(`dig @127.0.0.1 -p ${demo.dnsPort} www.failover.example.com A +short`);
    expect(demo.output()).to.include(
      `curl -X POST http://127.0.0.1:${demo.regionPort}/demo/region/unhealthy`,
    );
    expect(demo.output()).to.include(`http://127.0.0.1:${demo.adminPort}/metrics`);
  });

  it("serves the example zones", () => {
    expect(dig("www.failover.example.com")[0]).to.match(/^203\.0\.113\.1[01]$/);
    expect(dig("app.regional.example.com")).to.deep.equal(["198.51.100.20"]);
    // Nobody knows where loopback is.
    expect(dig("www.global.example.com")).to.deep.equal(["198.51.100.10"]);
    expect(dig("api.global.example.com")[0]).to.match(/^(?:203\.0\.113\.1[01]|198\.51\.100\.10)$/);
    expect(dig("api.weighted.example.com")[0]).to.match(/^(?:203\.0\.113|198\.51\.100)\.\d+$/);
  });

  it("moves the answer when a region breaks, and back when it is mended", async () => {
    // fall × every + timeout, and a second more; then rise × every likewise.
    await break_("region/unhealthy");
    await answerBecomes("www.failover.example.com", ["198.51.100.10"], 8000);
    await break_("region/healthy");
    await answerBecomes("www.failover.example.com", ["203.0.113.10", "203.0.113.11"], 8000);
  });

  it("leaves nothing behind when it is stopped", async () => {
    expect(await demo.stop()).to.equal(0);
    const ports = [demo.dnsPort, demo.adminPort, demo.regionPort, demo.regionPort + 1, demo.regionPort + 2];
    expect(await Promise.all(ports.map((port) => isFree(port)))).to.deep.equal(ports.map(() => true));
  });
});

describe("npm start, wrongly", () => {
  it("lists its options", async () => {
    const { status, output } = await runStart("--help");
    expect(status).to.equal(0);
    expect(output).to.include("--region-port");
  });

  for (const [flag, what] of [
    ["--listen", "DNS address"],
    ["--admin", "admin address"],
    ["--region-port", "region frankfurt's address"],
  ] as const) {
    it(`says in one line that the port of ${flag} is taken`, async () => {
      const taken = createServer();
      const port = await new Promise<number>((resolve) => {
        taken.listen(0, "127.0.0.1", () => {
          const address = taken.address();
          resolve(typeof address === "object" && address !== null ? address.port : 0);
        });
      });
      const value = flag === "--region-port" ? String(port) : `127.0.0.1:${port}`;
      // Of the others only free ones may be met: port 0 is always free.
      const others = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
      const { status, output } = await runStart(...others.slice(flag === "--listen" ? 2 : 0), flag, value);
      taken.close();
      expect(status).to.equal(1);
      const complaints = output.split("\n").filter((line) => line.includes("Cannot start"));
      expect(complaints).to.have.lengthOf(1);
      expect(complaints[0]).to.match(
        new RegExp(
          `^fairlead: Cannot start: ${what} 127\\.0\\.0\\.1:${port} is taken by another program\\. Choose`,
        ),
      );
    });
  }
});
