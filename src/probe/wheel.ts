/**
 * The wheel: probes every target once in its monitor's interval, each at a phase of its own (`probe/phases`), and hands
 * the verdicts on. The daemon makes one, gives it the targets of the zone set in force, lets it run one round before it
 * serves, and starts it.
 *
 *   idle ──due──→ queued ──free slot──→ running ──verdict, or the deadline──→ idle
 *
 * One timer serves all targets, for whatever is due next. A target that is due while it is still queued or running is
 * skipped and counted, never queued twice; so the queue holds at most one entry a target. At most `concurrency` probes
 * run at once, of them at most `commandConcurrency` commands, which wait in a queue of their own so that nothing waits
 * for them. At most `STARTS_PER_TURN` begin in one turn of the event loop, so that a round over ten thousand targets
 * does not stall it. A probe that is stopped, because its target is gone or the wheel ends, yields no verdict.
 *
 * A probe that fails while this thread stood still (`probe/standstill`) says nothing of its target, and is made again at
 * once, up to `AGAIN_MAX` times: a node that never goes on for as long as a probe takes has to go by what it gets.
 *
 * Time on the wheel only moves forward: when the clock goes back it stands still for that step, and when the clock leaps
 * the turns in between are skipped and not made up for.
 */

import type { Verdict } from "../health/verdict.ts";
import { DueHeap } from "./due-heap.ts";
import { FairQueue } from "./fair-queue.ts";
import { createPhases, nextDueMs, type Place } from "./phases.ts";
import type { Probe, ProbeTarget } from "./probe.ts";
import type { Prober } from "./prober.ts";
import { type RunningProbe, runProbe } from "./run-probe.ts";
import { isMuch, StandstillWatch } from "./standstill.ts";
import { type StartTimer, startNodeTimer } from "./timer.ts";
import { HistogramCounter, type WheelStats } from "./wheel-stats.ts";

const STARTS_PER_TURN = 16;
/**
 * Turns of the wheel are at least so far apart: where a thousand probes a second are due, those of ten milliseconds begin
 * together, and the thread wakes up for all of them once, which takes about a tenth off what they cost. A probe that is
 * alone still begins when it is due.
 */
const TURN_APART_MS = 10;
/** The timer looks at the clock this often even when nothing is due, lest a leap of the clock go unseen. */
const TIMER_MAX_MS = 1_000;

const AGAIN_MAX = 3;

export interface ProbeWheelOptions {
  readonly probe: Probe;
  /** How many probes run at once. */
  readonly concurrency: number;
  /** How many of them may be commands, which are processes. */
  readonly commandConcurrency: number;
  /** Milliseconds of any clock; a monotonic one is best. */
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly onVerdict: (target: ProbeTarget, verdict: Verdict) => void;
  /** Node's `setTimeout` by default. */
  readonly startTimer?: StartTimer;
}

export interface ProbeWheel extends Prober {
  stats(): WheelStats;
}

interface Entry {
  target: ProbeTarget;
  place: Place;
  /** On the wheel's clock. */
  dueMs: number;
  state: "idle" | "queued" | "running";
  /** Since when it has been due; `undefined` in a round, where nothing is late. */
  dueSinceMs: number | undefined;
  running: RunningProbe | undefined;
  /** How often its last probe was made again. */
  again: number;
  gone: boolean;
}

/** Probes that wait for each other. */
interface Lane {
  readonly queue: FairQueue<Entry>;
  readonly limit: number;
  running: number;
}

interface Round {
  readonly waitingFor: Set<Entry>;
  readonly finish: () => void;
}

export function createProbeWheel(options: ProbeWheelOptions): ProbeWheel {
  return new Wheel(options);
}

class Wheel implements ProbeWheel {
  readonly #options: ProbeWheelOptions;
  readonly #startTimer: StartTimer;
  readonly #standstill: StandstillWatch;
  readonly #phases;
  readonly #entries = new Map<string, Entry>();
  readonly #heap = new DueHeap<Entry>();
  readonly #network: Lane;
  readonly #commands: Lane;
  readonly #running = new Map<RunningProbe, Promise<void>>();
  readonly #rounds = new Set<Round>();
  readonly #lateness = new HistogramCounter();
  #skipped = 0;
  #wheelMs = 0;
  #clockMs: number;
  #phase: "waiting" | "turning" | "stopped" = "waiting";
  #cancelTimer: (() => void) | undefined;
  #turnedMs = Number.NEGATIVE_INFINITY;
  #moreStarts: NodeJS.Immediate | undefined;

  constructor(options: ProbeWheelOptions) {
    this.#options = options;
    this.#startTimer = options.startTimer ?? startNodeTimer;
    this.#standstill = new StandstillWatch(options.now, this.#startTimer);
    this.#phases = createPhases(options.random);
    this.#network = { queue: new FairQueue(), limit: options.concurrency, running: 0 };
    this.#commands = { queue: new FairQueue(), limit: options.commandConcurrency, running: 0 };
    this.#clockMs = options.now();
  }

  setTargets(targets: readonly ProbeTarget[]): void {
    const nowMs = this.#now();
    const wanted = new Map(targets.map((target) => [target.key, target]));
    for (const [key, entry] of this.#entries) {
      if (!wanted.has(key)) {
        this.#remove(key, entry);
      }
    }
    for (const [key, target] of wanted) {
      const entry = this.#entries.get(key);
      if (entry === undefined) {
        this.#entries.set(key, this.#newEntry(target, nowMs));
      } else {
        this.#retarget(entry, target, nowMs);
      }
    }
    this.#heap.replace(this.#entries.values());
    this.#arm();
  }

  #newEntry(target: ProbeTarget, nowMs: number): Entry {
    const place = this.#phases.take(target.monitor.name, target.host, target.monitor.everyMs);
    return {
      target,
      place,
      dueMs: nextDueMs(place, nowMs),
      state: "idle",
      dueSinceMs: undefined,
      running: undefined,
      again: 0,
      gone: false,
    };
  }

  #retarget(entry: Entry, target: ProbeTarget, nowMs: number): void {
    entry.target = target;
    const { place } = entry;
    if (place.intervalMs !== target.monitor.everyMs || place.host !== target.host) {
      this.#phases.release(place);
      entry.place = this.#phases.take(target.monitor.name, target.host, target.monitor.everyMs);
      entry.dueMs = nextDueMs(entry.place, nowMs);
    }
  }

  #remove(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#phases.release(entry.place);
    entry.gone = true;
    entry.running?.stop();
    this.#leaveRounds(entry);
  }

  start(): void {
    if (this.#phase === "waiting") {
      this.#phase = "turning";
      const nowMs = this.#now();
      for (const entry of this.#entries.values()) {
        entry.dueMs = nextDueMs(entry.place, nowMs);
      }
      this.#heap.replace(this.#entries.values());
      this.#arm();
    }
  }

  async runRound(deadlineMs: number): Promise<void> {
    if (this.#phase === "stopped" || this.#entries.size === 0) {
      return;
    }
    await new Promise<void>((resolve) => {
      const round: Round = {
        waitingFor: new Set(this.#entries.values()),
        finish: () => {
          cancel();
          this.#rounds.delete(round);
          resolve();
        },
      };
      const cancel = this.#startTimer(round.finish, deadlineMs);
      this.#rounds.add(round);
      for (const entry of round.waitingFor) {
        if (entry.state === "idle") {
          this.#enqueue(entry, undefined);
        }
      }
      this.#startQueued();
    });
  }

  async stop(): Promise<void> {
    this.#phase = "stopped";
    this.#cancelTimer?.();
    clearImmediate(this.#moreStarts);
    for (const { queue } of [this.#network, this.#commands]) queue.clear();
    for (const entry of this.#entries.values()) {
      entry.running?.stop();
    }
    for (const round of this.#rounds) {
      round.finish();
    }
    await Promise.all(this.#running.values());
  }

  stats(): WheelStats {
    return {
      scheduled: this.#entries.size,
      running: this.#running.size,
      queued: this.#network.queue.size + this.#commands.queue.size,
      skipped: this.#skipped,
      lateness: this.#lateness.read(),
    };
  }

  #now(): number {
    const clockMs = this.#options.now();
    this.#wheelMs += Math.max(0, clockMs - this.#clockMs);
    this.#clockMs = clockMs;
    return this.#wheelMs;
  }

  /** Sets the one timer to whatever is due next. */
  #arm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const next = this.#heap.peek();
    if (this.#phase === "turning" && next !== undefined) {
      const turnMs = Math.max(next.dueMs, this.#turnedMs + TURN_APART_MS);
      const delayMs = Math.min(Math.max(0, turnMs - this.#now()), TIMER_MAX_MS);
      this.#cancelTimer = this.#startTimer(() => this.#turn(), delayMs);
    }
  }

  #turn(): void {
    const nowMs = this.#now();
    this.#turnedMs = nowMs;
    for (let next = this.#heap.peek(); next !== undefined && next.dueMs <= nowMs; next = this.#heap.peek()) {
      this.#heap.pop();
      if (next.state === "idle") {
        this.#enqueue(next, next.dueMs);
      } else {
        this.#skipped++;
      }
      const turns = Math.floor((nowMs - next.dueMs) / next.place.intervalMs) + 1;
      this.#skipped += turns - 1;
      next.dueMs += turns * next.place.intervalMs;
      this.#heap.push(next);
    }
    this.#startQueued();
    this.#arm();
  }

  #enqueue(entry: Entry, dueSinceMs: number | undefined): void {
    entry.state = "queued";
    entry.dueSinceMs = dueSinceMs;
    this.#laneOf(entry.target).queue.push(entry.target.monitor.name, entry);
  }

  #laneOf({ monitor }: ProbeTarget): Lane {
    return monitor.kind === "exec" ? this.#commands : this.#network;
  }

  /** Commands first: they are few. */
  #nextLane(): Lane | undefined {
    if (this.#running.size >= this.#options.concurrency) return undefined;
    return [this.#commands, this.#network].find(
      ({ queue, limit, running }) => queue.size > 0 && running < limit,
    );
  }

  /** Starts what waits, as far as there are slots, a few a turn of the event loop. */
  #startQueued(): void {
    if (this.#moreStarts !== undefined) {
      return;
    }
    let starts = 0;
    for (let lane = this.#nextLane(); lane !== undefined; lane = this.#nextLane()) {
      if (starts === STARTS_PER_TURN) {
        this.#moreStarts = setImmediate(() => {
          this.#moreStarts = undefined;
          this.#startQueued();
        });
        return;
      }
      const entry = lane.queue.shift();
      if (entry !== undefined && !entry.gone) {
        starts++;
        this.#run(entry);
      }
    }
  }

  #run(entry: Entry): void {
    entry.state = "running";
    if (entry.dueSinceMs !== undefined) {
      this.#lateness.observe(this.#now() - entry.dueSinceMs);
    }
    const { target } = entry;
    this.#standstill.begin();
    const running = runProbe(this.#options.probe, target);
    entry.running = running;
    this.#laneOf(target).running++;
    this.#running.set(running, this.#finish(entry, target, running));
  }

  async #finish(entry: Entry, target: ProbeTarget, running: RunningProbe): Promise<void> {
    const lostBeforeMs = this.#standstill.lostMs();
    const verdict = await running.verdict;
    const lostMs = this.#standstill.lostMs() - lostBeforeMs;
    this.#running.delete(running);
    if (this.#running.size === 0) this.#standstill.end();
    this.#laneOf(target).running--;
    entry.running = undefined;
    entry.state = "idle";
    const isWanted = !entry.gone && this.#phase !== "stopped";
    const isDoubtful = verdict?.ok === false && isMuch(lostMs, target.monitor.timeoutMs);
    if (isDoubtful && isWanted && entry.again < AGAIN_MAX) {
      entry.again++;
      this.#enqueue(entry, undefined);
    } else {
      entry.again = 0;
      if (verdict !== undefined && isWanted) this.#options.onVerdict(target, verdict);
      this.#leaveRounds(entry);
    }
    this.#startQueued();
  }

  #leaveRounds(entry: Entry): void {
    for (const round of this.#rounds) {
      round.waitingFor.delete(entry);
      if (round.waitingFor.size === 0) {
        round.finish();
      }
    }
  }
}
