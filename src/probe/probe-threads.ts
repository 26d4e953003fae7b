/**
 * Probing on threads of its own, so that nothing the main thread does makes a probe late, and no probe (a handshake, a
 * body, a regular expression) holds up the main thread. The daemon gives it targets as it would a wheel; each thread
 * turns one, over its share of them (`probe-load`), and verdicts come back here.
 *
 *   seat: starting ──ready──→ probing ──dies──→ waiting for a pause ──→ starting …
 *            └──dies before it was ever ready──→ local: a wheel on the main thread does the seat's work
 *
 * A thread that dies has a bug, in us or in Node, and is replaced; its targets go on being probed, at new phases, and
 * keep their states, which are not here. Where threads cannot be had at all the main thread probes.
 */

import { Worker } from "node:worker_threads";
import type { Verdict } from "../health/verdict.ts";
import { createProbe } from "./kinds.ts";
import type { ProbeTarget } from "./probe.ts";
import { shareOut, threadsFor } from "./probe-load.ts";
import type { KeyedVerdict, ProbeOrder, ProbeReport, ProbeThreadData } from "./probe-thread.ts";
import type { Prober } from "./prober.ts";
import { createProbeWheel } from "./wheel.ts";
import type { WheelStats } from "./wheel-stats.ts";

/** A thread that lived for less is replaced after a pause, which doubles up to the longest. */
const SHORT_LIFE_MS = 10_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;
/** How long a thread has to report the end of a round once its deadline has passed, and to go home. */
const PATIENCE_MS = 1_000;

export interface ProbeThreadsOptions extends ProbeThreadData {
  /** The thread's program, which calls `runProbeThread`. */
  readonly entry: URL;
  /** At most so many threads; there is always one. */
  readonly threadsMax: number;
  readonly onVerdict: (target: ProbeTarget, verdict: Verdict) => void;
  /** `replaced`: by another thread, else by the main thread. */
  readonly onDeath: (error: Error, replaced: boolean) => void;
}

export interface ProbeThreads extends Prober {
  /** Of each thread; those that the main thread stands in for are left out. */
  stats(): Promise<WheelStats[]>;
}

export function createProbeThreads(options: ProbeThreadsOptions): ProbeThreads {
  return new Threads(options);
}

/** The place of one thread, whoever fills it. */
interface Seat {
  thread: Worker | undefined;
  /** Stands in for threads that cannot be had. */
  local: Prober | undefined;
  share: readonly ProbeTarget[];
  /** Whether a thread of this seat has ever been ready. */
  seated: boolean;
  startedMs: number;
  pauseMs: number;
  timer: NodeJS.Timeout | undefined;
  /** Answers that are waited for, by their numbers; called with nothing when the thread dies. */
  readonly waiting: Map<number, (report: ProbeReport | undefined) => void>;
}

class Threads implements ProbeThreads {
  readonly #options: ProbeThreadsOptions;
  readonly #seats: Seat[] = [];
  /**
   * By what threads know them as: a number, which a target keeps for as long as it is there. Keys tell all of how a monitor
   * asks, and would be most of what a verdict is in a message.
   */
  #targets = new Map<string, ProbeTarget>();
  #numbers = new Map<string, string>();
  #lastNumber = 0;
  #started = false;
  #stopping: Promise<void> | undefined;
  #number = 0;

  constructor(options: ProbeThreadsOptions) {
    this.#options = options;
  }

  setTargets(targets: readonly ProbeTarget[]): void {
    if (this.#stopping !== undefined) return;
    const numbered = this.#numbered(targets);
    // Threads are added where they are needed and stay: one without work costs none.
    const wanted = threadsFor(targets, this.#options.threadsMax);
    while (this.#seats.length < wanted) this.#seats.push(this.#newSeat());
    for (const [index, share] of shareOut(numbered, this.#seats.length).entries()) {
      const seat = this.#seats[index];
      if (seat === undefined) continue;
      seat.share = share;
      if (seat.local === undefined) this.#order(seat, { kind: "targets", targets: share });
      else seat.local.setTargets(share);
    }
  }

  /** The targets, each once, as threads are to know them. */
  #numbered(targets: readonly ProbeTarget[]): ProbeTarget[] {
    const before = this.#numbers;
    this.#numbers = new Map();
    this.#targets = new Map();
    for (const target of targets) {
      const known = this.#numbers.get(target.key) ?? before.get(target.key);
      const number = known ?? String(++this.#lastNumber);
      this.#numbers.set(target.key, number);
      this.#targets.set(number, target);
    }
    return Array.from(this.#targets, ([key, target]) => ({ ...target, key }));
  }

  async runRound(deadlineMs: number): Promise<void> {
    await Promise.all(this.#seats.map((seat) => this.#runRound(seat, deadlineMs)));
  }

  async #runRound(seat: Seat, deadlineMs: number): Promise<void> {
    const endsAtMs = performance.now() + deadlineMs;
    if (seat.local === undefined) {
      const number = ++this.#number;
      await this.#ask(seat, { kind: "round", number, deadlineMs }, deadlineMs + PATIENCE_MS);
    }
    // Also where the thread turned out not to be had.
    await seat.local?.runRound(Math.max(0, endsAtMs - performance.now()));
  }

  start(): void {
    this.#started = true;
    for (const seat of this.#seats) {
      if (seat.local === undefined) this.#order(seat, { kind: "start" });
      else seat.local.start();
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  async stats(): Promise<WheelStats[]> {
    const asked = this.#seats.map((seat) =>
      this.#ask(seat, { kind: "stats", number: ++this.#number }, PATIENCE_MS),
    );
    const reports = await Promise.all(asked);
    return reports.flatMap((report) => (report?.kind === "stats" ? report.stats : []));
  }

  #newSeat(): Seat {
    const seat: Seat = {
      thread: undefined,
      local: undefined,
      share: [],
      seated: false,
      startedMs: 0,
      pauseMs: 0,
      timer: undefined,
      waiting: new Map(),
    };
    this.#fill(seat);
    return seat;
  }

  #fill(seat: Seat): void {
    const { entry, runAs, concurrency, commandConcurrency } = this.#options;
    const workerData: ProbeThreadData = { runAs, concurrency, commandConcurrency };
    const thread = new Worker(entry, { workerData, name: "probes" });
    let reason: Error | undefined;
    seat.thread = thread;
    seat.startedMs = performance.now();
    thread.on("message", (report: ProbeReport) => this.#take(seat, report));
    thread.on("error", (error: Error) => {
      reason = error;
    });
    thread.on("exit", (status: number) => {
      if (seat.thread === thread) seat.thread = undefined;
      for (const answer of seat.waiting.values()) answer(undefined);
      if (this.#stopping === undefined) {
        this.#replace(seat, reason ?? new Error(`the thread ended with status ${status}`));
      }
    });
    // What is posted before it runs waits for it.
    this.#order(seat, { kind: "targets", targets: seat.share });
    if (this.#started) this.#order(seat, { kind: "start" });
  }

  #replace(seat: Seat, error: Error): void {
    this.#options.onDeath(error, seat.seated);
    if (!seat.seated) {
      this.#standIn(seat);
      return;
    }
    const livedMs = performance.now() - seat.startedMs;
    const longerMs = Math.max(FIRST_PAUSE_MS, seat.pauseMs * 2);
    seat.pauseMs = livedMs > SHORT_LIFE_MS ? 0 : Math.min(LONGEST_PAUSE_MS, longerMs);
    seat.timer = setTimeout(() => this.#fill(seat), seat.pauseMs);
  }

  #standIn(seat: Seat): void {
    const { runAs, concurrency, commandConcurrency } = this.#options;
    seat.local = createProbeWheel({
      probe: createProbe(runAs),
      concurrency,
      commandConcurrency,
      now: () => performance.now(),
      random: Math.random,
      onVerdict: ({ key }, verdict) => this.#tell({ key, verdict }),
    });
    seat.local.setTargets(seat.share);
    if (this.#started) seat.local.start();
  }

  #take(seat: Seat, report: ProbeReport): void {
    switch (report.kind) {
      case "ready":
        seat.seated = true;
        return;
      case "verdicts":
        for (const verdict of report.verdicts) this.#tell(verdict);
        return;
      case "round":
      case "stats":
        seat.waiting.get(report.number)?.(report);
    }
  }

  /** One on its way when its target left is nobody's. */
  #tell({ key, verdict }: KeyedVerdict): void {
    const target = this.#targets.get(key);
    if (target !== undefined && this.#stopping === undefined) this.#options.onVerdict(target, verdict);
  }

  #order({ thread }: Seat, order: ProbeOrder): void {
    thread?.postMessage(order, []);
  }

  #ask(
    seat: Seat,
    order: ProbeOrder & { readonly number: number },
    patienceMs: number,
  ): Promise<ProbeReport | undefined> {
    if (seat.thread === undefined) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const answer = (report: ProbeReport | undefined): void => {
        clearTimeout(timer);
        seat.waiting.delete(order.number);
        resolve(report);
      };
      const timer = setTimeout(() => answer(undefined), patienceMs);
      seat.waiting.set(order.number, answer);
      this.#order(seat, order);
    });
  }

  async #end(): Promise<void> {
    await Promise.all(
      this.#seats.map(async (seat) => {
        clearTimeout(seat.timer);
        await seat.local?.stop();
        const { thread } = seat;
        if (thread === undefined) return;
        await new Promise<void>((resolve) => {
          const overdue = setTimeout(() => void thread.terminate(), PATIENCE_MS);
          thread.once("exit", () => {
            clearTimeout(overdue);
            resolve();
          });
          this.#order(seat, { kind: "stop" });
        });
      }),
    );
  }
}
