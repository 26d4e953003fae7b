import { createServer } from "node:http";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Verdict } from "../../../src/health/verdict.ts";
import type { ProbeTarget } from "../../../src/probe/probe.ts";
import { shareOut, threadOf, threadsFor } from "../../../src/probe/probe-load.ts";
import { createProbeThreads, type ProbeThreads } from "../../../src/probe/probe-threads.ts";
import { typescriptThread } from "../../support/threads.ts";
import { monitorOf, targetOf } from "./monitors.ts";
import { listen, type Running } from "./servers.ts";

const ENTRY = typescriptThread(new URL("../../../src/probe/probe-thread-entry.ts", import.meta.url));
const MISSING = new URL("./no-such-program.js", import.meta.url);
/** Dies after the first thing that it is told beside its targets. */
const MORTAL = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from "node:worker_threads";
    parentPort.on("message", ({ kind }) => { if (kind !== "targets") throw new Error("it is over"); });
    parentPort.postMessage({ kind: "ready" });
  `)}`,
);
const ROUND_MS = 10_000;

describe("createProbeThreads()", () => {
  let server: Running;
  let threads: ProbeThreads | undefined;
  let requests: number;
  const seen: { readonly target: ProbeTarget; readonly verdict: Verdict }[] = [];
  const deaths: string[] = [];
  let onDeath: () => void = () => undefined;
  let onVerdict: () => void = () => undefined;

  beforeEach(async () => {
    seen.length = 0;
    deaths.length = 0;
    requests = 0;
    const handler = createServer((_request, response) => {
      requests++;
      response.end("fine");
    });
    server = await listen(handler, "0.0.0.0");
  });

  afterEach(async () => {
    await threads?.stop();
    threads = undefined;
    await server.close();
  });

  const start = (entry: URL, threadsMax = 2): ProbeThreads => {
    threads = createProbeThreads({
      entry,
      threadsMax,
      runAs: undefined,
      concurrency: 16,
      commandConcurrency: 2,
      onVerdict(target, verdict) {
        seen.push({ target, verdict });
        onVerdict();
      },
      onDeath(error, replaced) {
        deaths.push(`${error.message.split("\n")[0] ?? ""} ${replaced}`);
        onDeath();
      },
    });
    return threads;
  };

  const targets = (count: number, every = "5s", timeout = "2s"): ProbeTarget[] => {
    const monitor = monitorOf("http", { every, timeout, "header.X-Own": "kept" });
    return Array.from({ length: count }, (_, index) =>
      targetOf(monitor, `127.0.0.${index + 1}`, server.port),
    );
  };

  it("runs a round on its threads, and hands on each verdict before the round is over", async () => {
    const wanted = targets(40);
    const prober = start(ENTRY);
    prober.setTargets(wanted);
    await prober.runRound(ROUND_MS);
    expect(seen.map(({ verdict }) => verdict.reason)).to.deep.equal(Array(40).fill("status 200"));
    // The very objects that it was given, not what came back from another thread.
    expect(new Set(seen.map(({ target }) => target)).size).to.equal(40);
    expect(seen.every(({ target }) => wanted.includes(target))).to.equal(true);
    expect((await prober.stats()).map(({ scheduled }) => scheduled)).to.deep.equal([40]);
  });

  it("probes at its intervals once it is started, and not after it is stopped", async () => {
    const prober = start(ENTRY);
    prober.setTargets(targets(1, "200ms", "150ms"));
    const third = new Promise<void>((resolve) => {
      onVerdict = () => {
        if (seen.length === 3) resolve();
      };
    });
    prober.start();
    await third;
    await prober.stop();
    const before = requests;
    await new Promise((resolve) => setImmediate(resolve));
    expect(requests).to.equal(before);
  });

  it("lets the main thread probe where no thread can be had", async () => {
    const prober = start(MISSING);
    prober.setTargets(targets(1));
    await prober.runRound(ROUND_MS);
    expect(seen.map(({ verdict }) => verdict.reason)).to.deep.equal(["status 200"]);
    expect(deaths).to.have.length(1);
    expect(deaths[0]).to.match(/^Cannot find module .* false$/);
    expect(await prober.stats()).to.deep.equal([]);
  });

  it("replaces a thread that dies, and waits for no round of one", async () => {
    const prober = start(MORTAL);
    prober.setTargets(targets(1));
    await prober.runRound(ROUND_MS);
    expect(seen).to.deep.equal([]);
    const second = new Promise<void>((resolve) => {
      onDeath = resolve;
    });
    // The next one is told to start, which it does not survive either.
    prober.start();
    await second;
    expect(deaths.slice(0, 2)).to.deep.equal(Array(2).fill("it is over true"));
  });
});

describe("threadsFor() and shareOut()", () => {
  const many = (kind: "tcp" | "https", count: number): ProbeTarget[] => {
    const keys = kind === "tcp" ? { port: "1" } : { verify: "off" };
    const monitor = monitorOf(kind, { every: "10s", ...keys });
    return Array.from({ length: count }, (_, index) =>
      targetOf(monitor, `192.0.${index >> 8}.${index & 255}`),
    );
  };

  it("threadsFor() counts by what targets cost, from one to what there is", () => {
    expect(threadsFor([], 4)).to.equal(1);
    expect(threadsFor(many("tcp", 10_000), 4)).to.equal(1);
    expect(threadsFor(many("https", 2_000), 4)).to.equal(1);
    expect(threadsFor(many("https", 10_000), 8)).to.equal(4);
    expect(threadsFor(many("https", 10_000), 2)).to.equal(2);
  });

  it("shareOut() gives each host to one thread, and all about as many", () => {
    const shares = shareOut([...many("tcp", 10_000), ...many("https", 10_000)], 4);
    const owners = new Map<string, number>();
    for (const [index, share] of shares.entries()) {
      expect(share.length).to.be.within(4_500, 5_500);
      for (const { host } of share) expect(owners.get(host) ?? index).to.equal(index);
      for (const { host } of share) owners.set(host, index);
    }
  });

  it("threadOf() moves only the hosts that the new thread takes", () => {
    for (const { host } of many("tcp", 1_000)) {
      expect(threadOf(host, 4)).to.be.oneOf([threadOf(host, 3), 3]);
    }
  });
});
