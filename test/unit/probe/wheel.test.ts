import { expect } from "chai";
import { describe, it } from "mocha";
import type { Verdict } from "../../../src/health/verdict.ts";
import type { Probe, ProbeTarget } from "../../../src/probe/probe.ts";
import type { StartTimer } from "../../../src/probe/timer.ts";
import { createProbeWheel, type ProbeWheel } from "../../../src/probe/wheel.ts";
import { monitorOf, targetOf } from "./monitors.ts";

const PASS: Verdict = { ok: true, reason: "fine", elapsedMs: 3, atMs: 0 };

/** A clock that is moved by hand, and its timers. */
class FakeClock {
  nowMs = 0;
  readonly #timers = new Set<{ atMs: number; callback: () => void }>();

  readonly startTimer: StartTimer = (callback, delayMs) => {
    const timer = { atMs: this.nowMs + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** Lets every timer up to then go off, and what hangs on it finish. */
  async advanceTo(untilMs: number): Promise<void> {
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.atMs <= untilMs);
      const first = due.sort((one, other) => one.atMs - other.atMs)[0];
      if (first === undefined) {
        this.nowMs = Math.max(this.nowMs, untilMs);
        return;
      }
      this.#timers.delete(first);
      this.nowMs = Math.max(this.nowMs, first.atMs);
      first.callback();
      await settle();
    }
  }
}

async function settle(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}

function fakeWheel(probe: Probe, concurrency = 100) {
  const clock = new FakeClock();
  const seen: { key: string; verdict: Verdict; atMs: number }[] = [];
  const wheel = createProbeWheel({
    probe,
    concurrency,
    commandConcurrency: 2,
    now: () => clock.nowMs,
    random: () => 0.25,
    onVerdict: (target, verdict) => seen.push({ key: target.key, verdict, atMs: clock.nowMs }),
    startTimer: clock.startTimer,
  });
  return { clock, seen, wheel };
}

function targets(count: number, every = "1s", name = "m"): ProbeTarget[] {
  const monitor = monitorOf("http", { every, timeout: "200ms" }, name);
  return Array.from({ length: count }, (_, index) => targetOf(monitor, `127.0.0.${index + 1}`));
}

/** A probe that ends when it is told to. */
function heldProbe() {
  const releases: (() => void)[] = [];
  const started: string[] = [];
  let most = 0;
  let running = 0;
  const probe: Probe = (target, signal) =>
    new Promise((resolve) => {
      running++;
      most = Math.max(most, running);
      started.push(target.key);
      const end = (): void => {
        running--;
        resolve(PASS);
      };
      releases.push(end);
      signal.addEventListener("abort", end, { once: true });
    });
  return { probe, releases, started, most: () => most };
}

describe("createProbeWheel()", () => {
  it("createProbeWheel() probes every target once an interval, at its phase", async () => {
    const { clock, seen, wheel } = fakeWheel(() => Promise.resolve(PASS));
    wheel.setTargets(targets(40));
    wheel.start();
    await clock.advanceTo(3_000);
    for (const { key } of targets(40)) {
      const times = seen.filter((each) => each.key === key).map((each) => each.atMs);
      expect(times).to.have.length(3);
      expect((times[2] ?? 0) - (times[0] ?? 0)).to.be.closeTo(2_000, 0.01);
    }
    const firstTenth = seen.filter((each) => each.atMs < 100).length;
    expect(firstTenth).to.be.within(3, 5);
    expect(wheel.stats()).to.include({ scheduled: 40, running: 0, queued: 0, skipped: 0 });
    expect(seen.map(({ verdict }) => verdict)).to.deep.equal(Array.from({ length: 120 }, () => PASS));
    await wheel.stop();
  });

  it("createProbeWheel() begins together what is due within ten milliseconds, and nothing later than that", async () => {
    const { clock, seen, wheel } = fakeWheel(() => Promise.resolve(PASS));
    // One is due every two milliseconds and a half.
    wheel.setTargets(targets(200, "500ms"));
    wheel.start();
    await clock.advanceTo(2_000);
    expect(seen.length).to.be.within(780, 800);
    expect(new Set(seen.map(({ atMs }) => atMs)).size).to.be.within(150, 201);
    expect(wheel.stats().lateness.maxSeconds).to.be.within(0.005, 0.010_001);
    await wheel.stop();
  });

  it("setTargets() keeps the phase of what stays and forgets what goes", async () => {
    const { clock, seen, wheel } = fakeWheel(() => Promise.resolve(PASS));
    const [first, second, third] = targets(3);
    if (first === undefined || second === undefined || third === undefined) {
      throw new Error("three targets expected");
    }
    wheel.setTargets([first, second]);
    wheel.start();
    await clock.advanceTo(1_000);
    wheel.setTargets([third, { ...first }]);
    await clock.advanceTo(2_000);
    const times = (key: string) => seen.filter((each) => each.key === key).map((each) => each.atMs);
    expect(times(first.key)).to.have.length(2);
    expect((times(first.key)[1] ?? 0) - (times(first.key)[0] ?? 0)).to.be.closeTo(1_000, 0.01);
    expect(times(second.key)).to.have.length(1);
    expect(times(third.key)).to.have.length(1);
    expect(wheel.stats().scheduled).to.equal(2);
    await wheel.stop();
  });

  it("createProbeWheel() makes a probe again that failed while it stood still, a few times", async () => {
    // How long the thread stands still within each probe of 200 ms, and what comes of them.
    const rows: readonly [
      lossesMs: readonly number[],
      oks: readonly boolean[],
      verdicts: readonly boolean[],
    ][] = [
      [[0], [false], [false]],
      [[90], [false], [false]],
      [[500], [true], [true]],
      [[500, 0], [false, true], [true]],
      [[500, 0], [false, false], [false]],
      [[500, 500, 500, 500], [false, false, false, false], [false]],
      [[500, 500, 500, 500], [false, false, false, true], [true]],
    ];
    for (const [lossesMs, oks, verdicts] of rows) {
      let made = 0;
      const { clock, seen, wheel } = fakeWheel(async () => {
        const at = made++;
        await settle();
        clock.nowMs += lossesMs[at] ?? 0;
        return { ...PASS, ok: oks[at] ?? false };
      });
      wheel.setTargets(targets(1));
      await wheel.runRound(1_000_000);
      expect(seen.map(({ verdict }) => verdict.ok)).to.deep.equal(verdicts);
      expect(made).to.equal(lossesMs.length);
      await wheel.stop();
    }
  });

  it("createProbeWheel() skips and counts a target whose probe still runs", async () => {
    const held = heldProbe();
    const { clock, wheel } = fakeWheel(held.probe);
    wheel.setTargets(targets(1));
    wheel.start();
    await clock.advanceTo(2_999);
    expect(held.started).to.have.length(1);
    expect(wheel.stats()).to.include({ running: 1, skipped: 2 });
    held.releases[0]?.();
    await settle();
    await clock.advanceTo(3_999);
    expect(held.started).to.have.length(2);
    await wheel.stop();
  });

  it("createProbeWheel() stands still when the clock goes back and makes up for nothing when it leaps", async () => {
    const { clock, seen, wheel } = fakeWheel(() => Promise.resolve(PASS));
    wheel.setTargets(targets(1));
    wheel.start();
    await clock.advanceTo(1_000);
    clock.nowMs = -1_000_000;
    await clock.advanceTo(-999_000);
    expect(seen.length).to.be.at.least(1);
    const before = seen.length;
    clock.nowMs = 5_000_000;
    await clock.advanceTo(5_001_000);
    expect(seen.length - before).to.be.within(1, 3);
    expect(wheel.stats().skipped).to.be.at.least(4_900);
    await wheel.stop();
  });

  it("runRound() probes all targets once, no more at a time than allowed, and ends when all are in", async () => {
    const held = heldProbe();
    const { clock, seen, wheel } = fakeWheel(held.probe, 7);
    wheel.setTargets(targets(50));
    let over = false;
    const round = wheel.runRound(5_000).then(() => {
      over = true;
      return over;
    });
    while (seen.length < 50) {
      expect(over).to.equal(false);
      held.releases.splice(0).forEach((release) => release());
      await settle();
    }
    await round;
    expect(held.most()).to.equal(7);
    expect(new Set(seen.map((each) => each.key)).size).to.equal(50);
    expect(clock.nowMs).to.equal(0);
    await wheel.stop();
  });

  it("runRound() ends at its deadline while probes still run", async () => {
    const held = heldProbe();
    const { clock, seen, wheel } = fakeWheel(held.probe);
    wheel.setTargets(targets(3));
    const round = wheel.runRound(500);
    await clock.advanceTo(500);
    await round;
    expect(seen).to.have.length(0);
    await wheel.stop();
  });

  it("runRound() ends at once without targets, and when the last awaited target is taken away", async () => {
    const { wheel } = fakeWheel(heldProbe().probe);
    await wheel.runRound(1_000_000);
    wheel.setTargets(targets(2));
    const round = wheel.runRound(1_000_000);
    wheel.setTargets([]);
    await round;
    await wheel.stop();
  });

  it("createProbeWheel() runs few commands at a time, and lets nothing else wait for them", async () => {
    const running = new Map<string, number>();
    let most = 0;
    const { clock, wheel, seen } = fakeWheel(async ({ monitor: { kind } }, signal) => {
      running.set(kind, (running.get(kind) ?? 0) + 1);
      most = Math.max(most, running.get("exec") ?? 0);
      if (kind === "exec") await new Promise((resolve) => signal.addEventListener("abort", resolve));
      running.set(kind, (running.get(kind) ?? 0) - 1);
      return PASS;
    });
    const command = monitorOf("exec", { command: "/bin/sleep 9", every: "1s", timeout: "50ms" }, "c");
    const commands = Array.from({ length: 10 }, (_, index) => targetOf(command, `127.0.1.${index}`));
    wheel.setTargets([...commands, ...targets(10)]);
    const round = wheel.runRound(10_000);
    await settle();
    expect(seen.filter(({ key }) => key.startsWith("m "))).to.have.length(10);
    expect(wheel.stats()).to.include({ running: 2, queued: 8 });
    await round;
    await clock.advanceTo(1);
    expect(most).to.equal(2);
    expect(seen).to.have.length(20);
    await wheel.stop();
  });

  it("createProbeWheel() lets no monitor keep the others from their slots", async () => {
    const held = heldProbe();
    const { wheel } = fakeWheel(held.probe, 1);
    const [, ...greedy] = targets(30, "1s", "greedy");
    wheel.setTargets([...greedy, ...targets(2, "1s", "modest")]);
    void wheel.runRound(1_000_000);
    for (let served = 0; served < 3; served++) {
      held.releases.shift()?.();
      await settle();
    }
    expect(held.started.filter((key) => key.startsWith("modest"))).to.have.length(2);
    await wheel.stop();
  });

  it("stop() aborts what runs, waits for it, and lets none of it count as a verdict", async () => {
    const held = heldProbe();
    const { seen, wheel } = fakeWheel(held.probe, 4);
    wheel.setTargets(targets(10));
    const round = wheel.runRound(1_000_000);
    await settle();
    expect(wheel.stats().running).to.equal(4);
    await wheel.stop();
    await round;
    expect(wheel.stats()).to.include({ running: 0, queued: 0 });
    expect(seen).to.have.length(0);
    expect(held.started).to.have.length(4);
  });
});

describe("createProbeWheel() on the real clock", () => {
  async function oneRound(probe: Probe): Promise<Verdict | undefined> {
    let seen: Verdict | undefined;
    const wheel: ProbeWheel = createProbeWheel({
      probe,
      concurrency: 1,
      commandConcurrency: 1,
      now: () => performance.now(),
      random: () => 0,
      onVerdict: (_target, verdict) => {
        seen = verdict;
      },
    });
    wheel.setTargets(targets(1));
    await wheel.runRound(5_000);
    await wheel.stop();
    return seen;
  }

  it("createProbeWheel() gives up on a probe that ignores its deadline", async () => {
    const verdict = await oneRound(() => new Promise(() => undefined));
    expect(verdict).to.include({ ok: false, reason: "timed out after 200 ms" });
    expect(verdict?.elapsedMs).to.be.above(199);
  });

  it("createProbeWheel() leaves it to the probe to say what timed out", async () => {
    const verdict = await oneRound(
      (_target, signal) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () =>
            resolve({ ...PASS, ok: false, reason: "response timed out" }),
          );
        }),
    );
    expect(verdict).to.include({ ok: false, reason: "response timed out" });
  });

  it("createProbeWheel() survives a probe that throws", async () => {
    const verdict = await oneRound(() => {
      throw new Error("oops");
    });
    expect(verdict).to.include({ ok: false, reason: "the http probe itself failed: oops" });
  });

  it("createProbeWheel() leaves the event loop to others during a round over 10,000 targets", async () => {
    let passed = 0;
    const wheel = createProbeWheel({
      probe: () => Promise.resolve(PASS),
      concurrency: 1_000,
      commandConcurrency: 1,
      now: () => performance.now(),
      random: () => 0,
      onVerdict: (_target, { ok }) => {
        if (ok) passed++;
      },
    });
    const monitor = monitorOf("http", {});
    wheel.setTargets(Array.from({ length: 10_000 }, (_, index) => targetOf(monitor, `host${index}`)));
    let turns = 0;
    const watch = setInterval(() => {
      turns += 1;
    }, 0);
    await wheel.runRound(30_000);
    clearInterval(watch);
    expect(passed).to.equal(10_000);
    expect(turns).to.be.above(10);
    await wheel.stop();
  });
});
