/**
 * The workers' supervisor, on the main thread: starts them, hands each its image, starts another one where one has died or
 * hangs, and stops them. Whatever the main thread does or fails to do, workers that run go on (`udp-worker` draws how the
 * two speak to each other).
 *
 * Sockets are opened before, outlive a worker that dies, and are closed here at the end. So nothing that arrives while a
 * worker is being replaced is lost: it waits in the socket's buffer for the next one, which also needs no privilege any
 * more to bind a port. A thread that hangs is told to end, and its place is filled without waiting for that: the kernel
 * goes on giving its socket queries, but now there is somebody who reads them.
 */

import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { ServerFault } from "./handle.ts";
import type { Libc } from "./libc.ts";
import { restartPauseMs } from "./restart-pause.ts";
import { type UdpSocket, wakeReceiver } from "./udp-socket.ts";
import type { UdpWorkerTuning, WorkerReport, WorkerSockets, WorkerStart } from "./udp-worker.ts";
import { createShared, GENERATION_AT, heldAt, STOPPING_AT, turnsAt } from "./worker-shared.ts";
import { LOOK_EVERY_MS, LOOKS_UNTIL_HUNG, WorkerWatch } from "./worker-watch.ts";

/**
 * How long a thread has to end by itself, whatever the deadline. One that is ended from outside while it loads its
 * library takes the whole process along, so that is left for a thread that hangs.
 */
const SHORTEST_END_MS = 3_000;
const MS_PER_SECOND = 1_000;
/** A worker makes no objects while it answers; what the runtime would set aside for them is 6 MB more for each. */
const YOUNG_GENERATION_MB = 2;

export interface UdpWorkersOptions<Published> {
  readonly libc: Libc;
  readonly count: number;
  /** The thread's program, which calls `runUdpWorker`. */
  readonly entry: URL;
  /** What the program is told beside. */
  readonly data: unknown;
  readonly tuningOf: (index: number) => UdpWorkerTuning;
  /** What worker `index` is to answer from at this moment; asked at each publication and for each worker that begins. */
  readonly imageOf: (index: number) => Published;
  readonly onFault: (fault: ServerFault) => void;
}

export interface UdpWorkers {
  /**
   * Begins to answer; by worker: its own socket of every listen address. They are closed at the end. Resolves once every
   * worker answers.
   */
  serve(sockets: readonly (readonly UdpSocket[])[]): Promise<void>;
  /** Hands every worker the image of this moment; each goes on with it from its next batch on. */
  publish(): void;
  /** How many times worker `index` is behind with publications; 0 where it holds the latest. */
  behind(index: number): number;
  /** How often a worker has died or hung and been replaced. */
  restarts(): number;
  /** Answers what has arrived, and is gone after `deadlineMs` at the latest. */
  stop(deadlineMs: number): Promise<void>;
}

/** Resolves once every worker is ready to serve; rejects where one of them cannot begin. */
export async function startUdpWorkers<Published>(options: UdpWorkersOptions<Published>): Promise<UdpWorkers> {
  const supervisor = new Supervisor(options);
  try {
    await supervisor.start();
  } catch (error) {
    await supervisor.stop(0);
    throw error;
  }
  return supervisor;
}

/** The place of one worker, whichever thread fills it. */
interface Seat {
  readonly index: number;
  thread: Worker | undefined;
  images: MessagePort | undefined;
  ready: boolean;
  /** Its thread looks for queries, so it can be watched. */
  watched: boolean;
  /** Called when its thread answers. */
  serving: () => void;
  startedMs: number;
  pauseMs: number;
  timer: NodeJS.Timeout | undefined;
  /** Why its thread has died. */
  reason: Error | undefined;
}

class Supervisor<Published> implements UdpWorkers {
  readonly #options: UdpWorkersOptions<Published>;
  readonly #seats: readonly Seat[];
  readonly #shared: Int32Array;
  readonly #watch = new WorkerWatch();
  #watching: NodeJS.Timeout | undefined;
  #sockets: readonly (readonly UdpSocket[])[] | undefined;
  #restarts = 0;
  #starting = true;
  #stopping: Promise<void> | undefined;

  constructor(options: UdpWorkersOptions<Published>) {
    this.#options = options;
    const { count } = options;
    this.#shared = createShared(count);
    this.#seats = Array.from({ length: count }, (_, index) => ({
      index,
      thread: undefined,
      images: undefined,
      ready: false,
      watched: false,
      serving: () => undefined,
      startedMs: 0,
      pauseMs: 0,
      timer: undefined,
      reason: undefined,
    }));
  }

  async start(): Promise<void> {
    await Promise.all(
      this.#seats.map(
        (seat) =>
          new Promise<void>((resolve, reject) => {
            this.#fill(seat, resolve, reject);
          }),
      ),
    );
    this.#starting = false;
  }

  async serve(sockets: readonly (readonly UdpSocket[])[]): Promise<void> {
    this.#sockets = sockets;
    this.#watching = setInterval(() => this.#lookAtAll(), LOOK_EVERY_MS);
    this.#watching.unref();
    Atomics.add(this.#shared, GENERATION_AT, 1);
    await Promise.all(
      this.#seats.map(
        (seat) =>
          new Promise<void>((resolve) => {
            seat.serving = resolve;
            this.#handOver(seat);
          }),
      ),
    );
  }

  publish(): void {
    if (this.#sockets === undefined) return;
    for (const { index, images } of this.#seats) images?.postMessage(this.#options.imageOf(index), []);
    Atomics.add(this.#shared, GENERATION_AT, 1);
  }

  behind(index: number): number {
    return Atomics.load(this.#shared, GENERATION_AT) - Atomics.load(this.#shared, heldAt(index));
  }

  restarts(): number {
    return this.#restarts;
  }

  stop(deadlineMs: number): Promise<void> {
    this.#stopping ??= this.#end(deadlineMs);
    return this.#stopping;
  }

  #fill(seat: Seat, ready: () => void, died: (reason: Error) => void): void {
    const { entry, data, tuningOf, onFault } = this.#options;
    const { port1, port2 } = new MessageChannel();
    const workerData: WorkerStart<unknown> = {
      index: seat.index,
      shared: this.#shared,
      images: port2,
      data,
      tuning: tuningOf(seat.index),
    };
    const thread = new Worker(entry, {
      workerData,
      transferList: [port2],
      name: `udp ${seat.index}`,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    port1.unref();
    seat.images = port1;
    seat.thread = thread;
    seat.ready = false;
    seat.watched = false;
    seat.reason = undefined;
    seat.startedMs = performance.now();
    thread.on("message", (report: WorkerReport) => {
      if (report.kind === "fault") return onFault(report.fault);
      if (seat.thread !== thread) return;
      if (report.kind === "serving") {
        seat.watched = true;
        return seat.serving();
      }
      seat.ready = true;
      ready();
      this.#handOver(seat);
    });
    thread.on("error", (error: Error) => {
      if (seat.thread === thread) seat.reason = error;
    });
    thread.on("exit", (status: number) => {
      port1.close();
      // One that was given up has been replaced.
      if (seat.thread !== thread) return;
      this.#vacate(seat);
      if (this.#stopping !== undefined) return;
      const reason = seat.reason ?? new Error(`the thread ended with status ${status}`);
      died(reason);
      if (!this.#starting) this.#replace(seat, reason);
    });
  }

  #vacate(seat: Seat): void {
    seat.thread = undefined;
    seat.images = undefined;
    seat.watched = false;
    this.#watch.forget(seat.index);
  }

  #lookAtAll(): void {
    for (const seat of this.#seats) {
      if (!seat.watched || !this.#watch.look(seat.index, this.#shared[turnsAt(seat.index)] ?? 0)) continue;
      const { thread } = seat;
      this.#vacate(seat);
      // It has loaded its library long ago, so this ends nothing but the thread, when its call returns if it is in one.
      void thread?.terminate();
      const seconds = (LOOKS_UNTIL_HUNG * LOOK_EVERY_MS) / MS_PER_SECOND;
      this.#replace(seat, new Error(`it hangs: for ${seconds} s it has not looked for queries`));
    }
  }

  /** The image of this moment goes ahead of the sockets, so that nothing is ever answered without one. */
  #handOver({ index, ready, thread, images }: Seat): void {
    const sockets = this.#sockets?.[index];
    if (!ready || sockets === undefined) return;
    images?.postMessage(this.#options.imageOf(index), []);
    const message: WorkerSockets = { fds: sockets.map(({ fd }) => fd) };
    thread?.postMessage(message, []);
  }

  #replace(seat: Seat, error: Error): void {
    const { onFault } = this.#options;
    onFault({ kind: "worker", listener: `udp worker ${seat.index}`, error, unreported: 0 });
    seat.pauseMs = restartPauseMs(performance.now() - seat.startedMs, seat.pauseMs);
    this.#restarts++;
    seat.timer = setTimeout(() => {
      this.#fill(
        seat,
        () => undefined,
        () => undefined,
      );
    }, seat.pauseMs);
  }

  async #end(deadlineMs: number): Promise<void> {
    clearInterval(this.#watching);
    Atomics.store(this.#shared, STOPPING_AT, 1);
    const sockets = this.#sockets?.flat() ?? [];
    for (const socket of sockets) wakeReceiver(this.#options.libc, socket);
    const threads: Worker[] = [];
    for (const { thread, timer } of this.#seats) {
      clearTimeout(timer);
      if (thread === undefined) continue;
      threads.push(thread);
      // One that still waits for its sockets, or will, gets none and goes home.
      const nothing: WorkerSockets = { fds: [] };
      thread.postMessage(nothing, []);
    }
    // Not by `once` of node:events, which gives up waiting where a thread ends with an error.
    const ends = threads.map((thread) => new Promise((resolve) => thread.once("exit", resolve)));
    let overdue: NodeJS.Timeout | undefined;
    const patience = new Promise((resolve) => {
      overdue = setTimeout(resolve, Math.max(deadlineMs, SHORTEST_END_MS));
    });
    await Promise.race([Promise.all(ends), patience]);
    clearTimeout(overdue);
    // One that is still in a call is ended when it returns, which its socket's timeout sees to.
    const hanging = this.#seats.flatMap(({ thread }) => thread ?? []);
    await Promise.all(hanging.map((thread) => thread.terminate()));
    for (const { fd } of sockets) this.#options.libc.close(fd);
  }
}
