import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { describe, it } from "mocha";
import { pino } from "pino";
import { concurrencyFor, createProbing } from "../../../src/daemon/probing.ts";
import { monitorOf, targetOf } from "../probe/monitors.ts";

/** Where the tests are compiled, for coverage; and among sources by a Node whose threads load what loads TypeScript. */
function isProgramFound(): Promise<boolean> {
  const thread = new Worker(new URL("../../../src/probe/probe-thread-entry.js", import.meta.url));
  return new Promise((resolve) => {
    // Found, it complains that it was told nothing.
    thread.on("error", (error) => resolve(!("code" in error) || error.code !== "ERR_MODULE_NOT_FOUND"));
    thread.on("exit", () => resolve(true));
  });
}

describe("concurrencyFor()", () => {
  /** files that may be open, threads → probes in flight on each */
  const ROWS: readonly (readonly [number, number, number])[] = [
    [1_024, 1, 512],
    [1_024, 4, 128],
    [1_024, 64, 64],
    [1_048_576, 4, 2_048],
    [Infinity, 1, 2_048],
  ];
  for (const [openFiles, threads, concurrency] of ROWS) {
    it(`of ${openFiles} files and ${threads} threads is ${concurrency}`, () => {
      expect(concurrencyFor(openFiles, threads)).to.equal(concurrency);
    });
  }
});

describe("createProbing()", () => {
  it("probes, on the main thread where there is no program for another, as among sources, and says so", async () => {
    const lines: string[] = [];
    const reasons: string[] = [];
    const prober = createProbing({
      log: pino({}, { write: (line: string) => void lines.push(line) }),
      record: () => undefined,
      monotonic: () => performance.now(),
      runAs: undefined,
      onVerdict: (_target, { reason }) => reasons.push(reason),
    });
    prober.setTargets([targetOf(monitorOf("exec", { command: "/bin/true" }), "192.0.2.1", 0)]);
    await prober.runRound(5_000);
    expect(reasons).to.deep.equal(["exit status 0"]);
    await prober.stop();
    expect(lines.join("").includes("the main thread does")).to.equal(!(await isProgramFound()));
  });
});
