/**
 * A worker: a thread that blocks in the kernel until datagrams come and answers them in place. It has no event loop to
 * speak of and never waits for the main thread, so it goes on answering from the last image whatever happens there.
 *
 * `udp-workers` starts it, publishes images to it and stops it; a thread's entry (`udp-worker-entry`) brings what answers.
 * The two threads share a few numbers (`worker-shared`):
 *
 * ```
 *             main thread                              worker
 *  images     port.postMessage, then generation + 1 →  looks at the generation once a batch; reads the port where it moved
 *             held[worker]                          ←  the generation that it answers from
 *  watch      looks at turns[worker], ends one that ←  turns[worker] + 1, whenever it looks for queries
 *             stands still (`worker-watch`)
 *  stop       stopping = 1, then shutdown(2)        →  woken at once, or after the socket's timeout
 * ```
 *
 * Reading a number costs nothing, reading a port that is empty 60 ns.
 */

import { once } from "node:events";
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { TIMED_ONE_IN } from "./answering.ts";
import { busyPoll } from "./busy-poll.ts";
import { pinThread } from "./cpu-affinity.ts";
import {
  type AnswerInPlace,
  type BatchDrop,
  type BatchLookAhead,
  DatagramBatch,
  RECEIVE_FAILED,
  RECEIVED_NOTHING,
} from "./datagram-batch.ts";
import { createFaultReporter, type ServerFault } from "./handle.ts";
import { type Libc, loadLibc, systemError } from "./libc.ts";
import { STOP_READING_MS } from "./udp-limits.ts";
import { RECEIVE_TIMEOUT_MS } from "./udp-socket.ts";
import { GENERATION_AT, heldAt, STOPPING_AT, turnsAt } from "./worker-shared.ts";

/** What a worker is started with. */
export interface WorkerStart<Data> {
  readonly index: number;
  /** See `worker-shared`. */
  readonly shared: Int32Array;
  /** Images come from here. */
  readonly images: MessagePort;
  /** For the entry, which knows what it is. */
  readonly data: Data;
  readonly tuning: UdpWorkerTuning;
}

/** How a worker uses the machine. */
export interface UdpWorkerTuning {
  /** The only core that it runs on; `undefined`: any. */
  readonly core: number | undefined;
  /**
   * How long it goes on looking for the next query before it blocks: its core's whole time for the microseconds that
   * falling asleep and waking up take.
   */
  readonly busyPollUs: number;
}

/**
 * What a worker tells the main thread: `ready` when it has made itself warm and waits for its sockets, `serving` when it
 * has them and holds the image.
 */
export type WorkerReport =
  | { readonly kind: "ready" | "serving" }
  | { readonly kind: "fault"; readonly fault: ServerFault };

/** What the main thread answers to `ready`, once the addresses are bound: the worker's own socket of every one. */
export interface WorkerSockets {
  readonly fds: readonly number[];
}

/** What answers on a worker. `Published` is what was handed to `publish`, as structured cloning leaves it. */
export interface WorkerAnswers<Published> {
  /** From now on answers come from this image, and nothing is kept of the one before. */
  adopt(published: Published): void;
  readonly answer: AnswerInPlace;
  readonly ahead?: BatchLookAhead;
  readonly drop: (reason: BatchDrop) => void;
  /** One answer of those that are timed. */
  readonly observe: (seconds: number) => void;
  /** Called now and then, and while nothing is asked. */
  readonly tidy?: () => void;
  /** Runs through all paths before there is anything to serve, until they are compiled. */
  readonly warmUp?: (batch: DatagramBatch) => void;
}

/** After a socket has failed, so that a fault that stays does not become a busy loop. */
const FAILURE_PAUSE_MS = 10;

const MS_PER_SECOND = 1_000;

const POLLFD_OCTETS = 8;
const POLLIN = 1;
const EINTR = 4;

type Report = ReturnType<typeof createFaultReporter>;

/** Serves on this thread until it is told to stop. `create` is called once, before there is anything to serve. */
export async function runUdpWorker<Published, Data>(
  create: (start: WorkerStart<Data>, report: Report) => WorkerAnswers<Published>,
): Promise<void> {
  const start: WorkerStart<Data> = workerData;
  const tell = (report: WorkerReport): void => parentPort?.postMessage(report, []);
  const report = createFaultReporter(`udp worker ${start.index}`, (fault) => tell({ kind: "fault", fault }));
  const loaded = await loadLibc();
  if (!loaded.ok) throw new Error(loaded.reason);
  if (start.tuning.core !== undefined) pinThread(loaded.libc, start.tuning.core);
  const worker = new UdpWorker(loaded.libc, start, create(start, report), report);
  worker.warmUp();
  if (parentPort === null) throw new Error("a worker was run on the main thread");
  const sockets = once(parentPort, "message");
  tell({ kind: "ready" });
  const [message]: WorkerSockets[] = await sockets;
  worker.takeImages();
  tell({ kind: "serving" });
  worker.serve(message?.fds ?? []);
  start.images.close();
  parentPort.close();
}

class UdpWorker<Published> {
  readonly #libc: Libc;
  readonly #start: WorkerStart<unknown>;
  readonly #answers: WorkerAnswers<Published>;
  readonly #report: Report;
  readonly #batch: DatagramBatch;
  readonly #turnsAt: number;
  #generation = 0;
  /** Batches until the next one that is timed. */
  #untilTimed = 0;

  constructor(libc: Libc, start: WorkerStart<unknown>, answers: WorkerAnswers<Published>, report: Report) {
    this.#libc = libc;
    this.#start = start;
    this.#answers = answers;
    this.#report = report;
    this.#batch = new DatagramBatch(libc, answers.drop);
    this.#turnsAt = turnsAt(start.index);
  }

  warmUp(): void {
    this.#answers.warmUp?.(this.#batch);
  }

  /** Until the stop. */
  serve(fds: readonly number[]): void {
    const [only] = fds;
    if (fds.length === 1 && only !== undefined) this.#serveOne(only);
    else this.#serveSeveral(fds);
    for (const fd of fds) this.#drain(fd);
  }

  /** Where a newer image was published: adopts the newest and skips what lies between. */
  takeImages(): void {
    const { shared, images, index } = this.#start;
    const generation = Atomics.load(shared, GENERATION_AT);
    if (generation === this.#generation) return;
    let newest: { readonly message: Published } | undefined;
    for (;;) {
      const next = receiveMessageOnPort(images);
      if (next === undefined) break;
      newest = next;
    }
    if (newest !== undefined) this.#answers.adopt(newest.message);
    this.#generation = generation;
    Atomics.store(shared, heldAt(index), generation);
  }

  /** Begins a turn, which the watch of the main thread sees; `false` once it is to end. */
  #goesOn(): boolean {
    const { shared } = this.#start;
    const at = this.#turnsAt;
    // Nobody else writes it, and who reads it does not mind a moment's delay.
    shared[at] = ((shared[at] ?? 0) + 1) | 0;
    return Atomics.load(shared, STOPPING_AT) === 0;
  }

  /** Waits in `recvmmsg` itself: two system calls a batch. */
  #serveOne(fd: number): void {
    const batch = this.#batch;
    const { busyPollUs } = this.#start.tuning;
    if (busyPollUs === 0) {
      while (this.#goesOn()) this.#handle(fd, batch.receive(fd));
      return;
    }
    const look = (): number => batch.receiveNow(fd);
    while (this.#goesOn()) {
      const received = busyPoll(look, busyPollUs);
      this.#handle(fd, received === RECEIVED_NOTHING ? batch.receive(fd) : received);
    }
  }

  /** Waits in `poll`, as one thread can block on one socket only: a third system call a batch. */
  #serveSeveral(fds: readonly number[]): void {
    const octets = new Uint8Array(Math.max(fds.length * POLLFD_OCTETS, 128));
    const at = this.#libc.addressOf(octets);
    const view = new DataView(octets.buffer);
    fds.forEach((fd, index) => {
      view.setInt32(index * POLLFD_OCTETS, fd, true);
      view.setInt16(index * POLLFD_OCTETS + 4, POLLIN, true);
    });
    const { busyPollUs } = this.#start.tuning;
    const look = (): number => this.#libc.poll(at, fds.length, 0);
    while (this.#goesOn()) {
      let ready = busyPollUs === 0 ? 0 : busyPoll(look, busyPollUs);
      if (ready === 0) ready = this.#libc.poll(at, fds.length, RECEIVE_TIMEOUT_MS);
      if (ready < 0) this.#failed("poll", this.#libc.errno());
      if (ready <= 0) {
        this.takeImages();
        this.#answers.tidy?.();
        continue;
      }
      for (let index = 0; index < fds.length; index++) {
        if (view.getInt16(index * POLLFD_OCTETS + 6, true) === 0) continue;
        const fd = view.getInt32(index * POLLFD_OCTETS, true);
        this.#handle(fd, this.#batch.receiveNow(fd));
      }
    }
  }

  #handle(fd: number, received: number): void {
    this.takeImages();
    if (received > 0) {
      const batch = this.#batch;
      const timed = this.#untilTimed === 0;
      const startedMs = timed ? performance.now() : 0;
      const { ahead } = this.#answers;
      if (received > 1 && ahead?.pays() === true) batch.lookAhead(received, ahead);
      const answers = batch.answer(received, this.#answers.answer);
      this.#untilTimed = timed ? TIMED_ONE_IN - 1 : this.#untilTimed - 1;
      if (timed) this.#observe(answers, performance.now() - startedMs);
      if (answers > 0) batch.send(fd, answers);
      batch.makeReady(received);
      if (timed) this.#answers.tidy?.();
    } else if (received === RECEIVE_FAILED) {
      this.#failed("recvmmsg", this.#batch.errno);
    } else {
      this.#answers.tidy?.();
    }
  }

  /** All of a batch are handed to the kernel together, so each took as long as all. */
  #observe(answers: number, elapsedMs: number): void {
    for (let count = 0; count < answers; count++) this.#answers.observe(elapsedMs / MS_PER_SECOND);
  }

  #failed(call: string, errno: number): void {
    if (errno === EINTR) return;
    this.#report("socket", systemError(errno, call));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FAILURE_PAUSE_MS);
  }

  /** Answers what had arrived before the stop. */
  #drain(fd: number): void {
    const untilMs = performance.now() + STOP_READING_MS;
    while (performance.now() < untilMs) {
      const received = this.#batch.receiveNow(fd);
      if (received <= 0) return;
      this.#handle(fd, received);
      if (this.#batch.exhausted) return;
    }
  }
}
