import { setImmediate as nextTurn } from "node:timers/promises";
import { MessageChannel } from "node:worker_threads";
import { expect } from "chai";
import { describe, it } from "mocha";
import type { ServingState } from "../../../src/admin/source.ts";
import { createHealthBook, type HealthBook } from "../../../src/daemon/health-book.ts";
import { createServing, type Serving } from "../../../src/daemon/serving.ts";
import { SLICE_MS } from "../../../src/daemon/slices.ts";
import { UNKNOWN_CLIENT } from "../../../src/geo/client.ts";
import { evaluate, sharesOf } from "../../../src/policy/evaluate.ts";
import type { ZoneSet } from "../../../src/zone/model.ts";
import { PATIENCE_MS } from "../../support/daemons.ts";
import { loadText } from "./loaded-zones.ts";

const POOLS = 12;
const AT_MS = Date.parse("2026-11-22T12:00:00Z");
const TOLD_STEPS = 4;
/** After any rest. */
const LONG_MS = 60_000;

/** Pools of two endpoints, and a policy for each that falls over to the next. */
function setOfPools(): ZoneSet {
  const numbers = Array.from({ length: POOLS }, (_, number) => number);
  const lines = ["$MONITOR m tcp port=80 every=10s timeout=2s fall=1 rise=1"];
  for (const number of numbers) {
    lines.push(`$POOL p${number} monitor=m min-up=2`);
    for (const endpoint of [1, 2]) lines.push(`  e${endpoint} 10.0.${number}.${endpoint}`);
  }
  for (const number of numbers) {
    lines.push(`w${number} 30/10 POLICY failover ( p${number} p${(number + 1) % POOLS} )`);
  }
  return loadText(lines.join("\n"));
}

interface Bench {
  readonly set: ZoneSet;
  readonly book: HealthBook;
  readonly serving: Serving;
  /** What it did, in order. */
  readonly log: string[];
  /** Installs the set, and rests for as long as that asks for. */
  readonly install: () => void;
  /** Has the second endpoint of these pools pass or fail. */
  readonly judge: (ok: boolean, pools: readonly number[]) => void;
  /** One turn of the event loop after the other, until it has done so many things. */
  readonly untilLogged: (count: number, look?: () => void) => Promise<void>;
}

/** A clock that goes on by so much whenever it is looked at: so many steps are a slice, on any machine. */
function startServing(lookMs: number, onTold: () => void = () => undefined): Bench {
  const set = setOfPools();
  const book = createHealthBook();
  const log: string[] = [];
  let atMs = 0;
  const serving = createServing({
    book,
    forcedAt: () => new Map(),
    clock: { now: () => AT_MS, monotonic: () => (atMs += lookMs) },
    geo: () => undefined,
    onPublish: ({ generation }) => void log.push(`published ${generation}`),
    *tell({ after: { generation } }) {
      for (let step = 1; step <= TOLD_STEPS; step++) {
        log.push(`told ${generation}, ${step}`);
        yield;
      }
    },
    onTold,
  });
  book.use(set, AT_MS);
  const judge: Bench["judge"] = (ok, pools) => {
    const hosts = new Set(pools.map((number) => `10.0.${number}.2`));
    const verdict = { ok, reason: ok ? "connected" : "connection refused", elapsedMs: 1, atMs: AT_MS };
    for (const { key, host } of book.targets()) if (hosts.has(host)) book.record(key, verdict);
    serving.healthChanged();
  };
  for (const { key } of book.targets()) {
    book.record(key, { ok: true, reason: "connected", elapsedMs: 1, atMs: AT_MS });
  }
  return {
    set,
    book,
    serving,
    log,
    install() {
      serving.install(set);
      atMs += LONG_MS;
    },
    judge,
    async untilLogged(count, look) {
      const endsAtMs = performance.now() + PATIENCE_MS;
      while (log.length < count) {
        if (performance.now() > endsAtMs) throw new Error(`only ${log.join("; ")}`);
        await nextTurn();
        look?.();
      }
    },
  };
}

function wholeOf(generation: number): string[] {
  const steps = Array.from({ length: TOLD_STEPS }, (_, index) => `told ${generation}, ${index + 1}`);
  return [`published ${generation}`, ...steps];
}

/** What policies are answered with, all of them from one snapshot. */
function expectWhole(set: ZoneSet, state: ServingState | undefined): void {
  const views = state?.zones.flatMap(({ policies }) => policies) ?? [];
  expect(views).to.have.lengthOf(POOLS);
  if (state === undefined) return;
  for (const { policy, evaluations } of views) {
    const alone = evaluate(policy, set.definitions, state.snapshot, UNKNOWN_CLIENT, "ipv4");
    expect(evaluations.ipv4).to.deep.equal(alone);
  }
}

const ALL = Array.from({ length: POOLS }, (_, number) => number);
/** A slice of so many steps. */
const FEW_STEPS_MS = SLICE_MS / 2;

/** The thread does nothing else for so long. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe("createServing()", function () {
  this.timeout(4 * PATIENCE_MS);

  it("builds and tells zones that are installed in one piece", () => {
    const { serving, log, install } = startServing(FEW_STEPS_MS);
    install();
    expect(log).to.deep.equal(wholeOf(1));
    expect(serving.told()).to.equal(serving.state());
    serving.stop();
  });

  it("builds a change of health in slices, and shows no half of it", async () => {
    const { set, serving, log, install, judge, untilLogged } = startServing(FEW_STEPS_MS);
    install();
    const before = serving.state();
    judge(false, ALL);
    let turns = 0;
    await untilLogged(2 * wholeOf(1).length, () => {
      turns += 1;
      const state = serving.state();
      expectWhole(set, state);
      expect(serving.image()?.decisions.snapshot).to.equal(state?.snapshot);
      expect(serving.image()?.generation).to.equal(state?.generation);
      if (!log.includes("published 2")) expect(state).to.equal(before);
      if (!log.includes(`told 2, ${TOLD_STEPS}`)) expect(serving.told()).to.equal(before);
    });
    expect(log).to.deep.equal([...wholeOf(1), ...wholeOf(2)]);
    // Each of the policies is a step at least, and a slice two or three.
    expect(turns).to.be.greaterThan(POOLS / 3);
    const away = serving.state()?.zones.flatMap(({ policies }) => policies);
    expect(away?.every(({ evaluations }) => evaluations.ipv4.rung === 2)).to.equal(true);
    serving.stop();
  });

  it("builds and tells in one turn what fits into a slice", async () => {
    const { serving, log, install, judge } = startServing(0);
    install();
    judge(false, [3]);
    await nextTurn();
    expect(log).to.deep.equal([...wholeOf(1), ...wholeOf(2)]);
    serving.stop();
  });

  it("takes what changes during a build into the next, once the first has been told", async () => {
    const { set, serving, log, install, judge, untilLogged } = startServing(FEW_STEPS_MS);
    install();
    judge(false, ALL);
    await nextTurn();
    judge(true, [5]);
    await untilLogged(3 * wholeOf(1).length, () => expectWhole(set, serving.state()));
    expect(log).to.deep.equal([...wholeOf(1), ...wholeOf(2), ...wholeOf(3)]);
    expect(serving.state()?.snapshot.endpoints.get("p5/e2")?.addresses[0]?.observed).to.equal("up");
    expect(serving.state()?.snapshot.endpoints.get("p6/e2")?.addresses[0]?.observed).to.equal("down");
    serving.stop();
  });

  it("gives a build up for zones that are installed, which take its changes along", async () => {
    const { serving, log, install, judge } = startServing(FEW_STEPS_MS);
    install();
    judge(false, ALL);
    await nextTurn();
    expect(log).to.deep.equal(wholeOf(1));
    install();
    expect(log).to.deep.equal([...wholeOf(1), ...wholeOf(2)]);
    expect(serving.state()?.snapshot.endpoints.get("p5/e2")?.addresses[0]?.observed).to.equal("down");
    for (let turn = 0; turn < 4 * POOLS; turn++) await nextTurn();
    expect(log).to.deep.equal([...wholeOf(1), ...wholeOf(2)]);
    serving.stop();
  });

  it("tells what was published before zones are installed", async () => {
    const { serving, log, install, judge, untilLogged } = startServing(FEW_STEPS_MS);
    install();
    judge(false, [1]);
    await untilLogged(wholeOf(1).length + 2);
    expect(log).not.to.include(`told 2, ${TOLD_STEPS}`);
    install();
    expect(log).to.deep.equal([...wholeOf(1), ...wholeOf(2), ...wholeOf(3)]);
    serving.stop();
  });

  it("builds again where whoever was told of zones asks for it", async () => {
    const { serving, log, install, untilLogged } = startServing(FEW_STEPS_MS, () => {
      if (serving.state()?.generation === 1) serving.healthChanged();
    });
    install();
    await untilLogged(2 * wholeOf(1).length);
    expect(log).to.deep.equal([...wholeOf(1), ...wholeOf(2)]);
    serving.stop();
  });

  it("has told what it published when it stops", async () => {
    const { serving, log, install, judge, untilLogged } = startServing(FEW_STEPS_MS);
    install();
    judge(false, [1]);
    await untilLogged(wholeOf(1).length + 2);
    serving.stop();
    expect(log).to.deep.equal([...wholeOf(1), ...wholeOf(2)]);
    expect(serving.told()).to.equal(serving.state());
  });

  it("publishes nothing any more when it has stopped", async () => {
    const { serving, log, install, judge } = startServing(FEW_STEPS_MS);
    install();
    judge(false, ALL);
    await nextTurn();
    serving.stop();
    serving.healthChanged();
    for (let turn = 0; turn < 4 * POOLS; turn++) await nextTurn();
    expect(log).to.deep.equal(wholeOf(1));
  });

  it("reads the verdicts of the time in which it stood still before it finds that a grace has ended", async () => {
    const set = loadText(`$MONITOR m tcp port=1 every=5s timeout=2s fall=1 rise=1
$POOL first monitor=m grace=1s
    e  192.0.2.1
$POOL second monitor=m
    e  192.0.2.2
www 60 POLICY failover ( first second )
`);
    const startedMs = performance.now();
    const now = (): number => AT_MS + performance.now() - startedMs;
    const book = createHealthBook();
    const answered: string[] = [];
    const policy = [...(set.zones[0]?.nodes.entries() ?? [])].flatMap(([, node]) => node.policy ?? [])[0];
    if (policy === undefined) throw new Error("no policy");
    const serving = createServing({
      book,
      forcedAt: () => new Map(),
      clock: { now, monotonic: () => performance.now() },
      geo: () => undefined,
      onPublish: () => undefined,
      *tell({ after: { definitions, snapshot } }) {
        const evaluation = evaluate(policy, definitions, snapshot, UNKNOWN_CLIENT, "ipv4");
        answered.push(
          sharesOf(evaluation)
            .map(({ endpoint }) => endpoint.pool)
            .join(),
        );
        yield;
      },
      onTold: () => undefined,
    });
    const give = (pool: number, ok: boolean): void => {
      const key = book.targets()[pool]?.key ?? "";
      book.record(key, { ok, reason: "", elapsedMs: 1, atMs: now() });
    };
    book.use(set, now());
    for (const pool of [0, 1]) give(pool, true);
    give(0, false);
    serving.install(set);
    const { port1, port2 } = new MessageChannel();
    await new Promise<void>((resolve) => {
      port1.once("message", () => {
        give(0, true);
        serving.healthChanged();
        setImmediate(() => setImmediate(resolve));
      });
      port2.postMessage("the endpoint has come back", []);
      // On the same tick: nothing of the above is read before.
      standStill(1_100);
    });
    port1.close();
    serving.stop();
    expect(new Set(answered)).to.deep.equal(new Set(["first"]));
  });
});
