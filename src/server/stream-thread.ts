/**
 * The supervisor of the thread that holds the connections, on the main thread: opens its sockets, starts it, hands it
 * images and certificates, starts another one where it has died, and stops it. `stream-worker` draws how the two speak to
 * each other.
 */

import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { ServerFault } from "./handle.ts";
import type { Libc } from "./libc.ts";
import { restartPauseMs } from "./restart-pause.ts";
import type { StreamCounts, StreamTransport } from "./stream-counts.ts";
import type { StreamBinding, StreamServers } from "./stream-servers.ts";
import type { StreamSettings } from "./stream-service.ts";
import { openStreamSocket } from "./stream-socket.ts";
import {
  type ListeningSocket,
  STREAM_SHARED,
  type StreamOrder,
  type StreamReport,
  type StreamWorkerStart,
} from "./stream-worker.ts";
import type { TlsIdentity } from "./tls-identity.ts";
import { serveTransfers } from "./transfer-channel.ts";
import type { TransferHandler } from "./transfer-handler.ts";

/** What a thread has to end by itself, beyond the deadline of its connections. */
const END_MS = 1_000;

/** What the runtime sets aside for objects that are soon gone; by itself it would take three times as much. */
const YOUNG_GENERATION_MB = 16;

/** How the thread is made and fed. */
export interface StreamProgram<Published> {
  readonly entry: URL;
  /** What it is to answer from at this moment; asked at each publication and for each thread that begins. */
  readonly publishedOf: (behind: number) => Published;
}

export interface StreamThreadOptions<Published> {
  readonly libc: Libc;
  readonly program: StreamProgram<Published>;
  readonly counts: StreamCounts;
  readonly settings: StreamSettings;
  readonly identity: TlsIdentity | undefined;
  /** Answers on the main thread what the connections' thread is asked for. */
  readonly transfers: TransferHandler | undefined;
  readonly onFault: (fault: ServerFault) => void;
}

/** Resolves once the thread has loaded what it needs; rejects where it cannot. */
export async function startStreamThread<Published>(
  options: StreamThreadOptions<Published>,
): Promise<StreamServers> {
  const supervisor = new StreamThread(options);
  await supervisor.begin();
  return supervisor;
}

class StreamThread<Published> implements StreamServers {
  readonly place = "thread";
  readonly unavailable = undefined;
  readonly #options: StreamThreadOptions<Published>;
  readonly #shared = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  readonly #sockets = new Set<ListeningSocket>();
  #identity: TlsIdentity | undefined;
  #thread: Worker | undefined;
  #images: MessagePort | undefined;
  #started = false;
  #serving: () => void = () => undefined;
  #startedMs = 0;
  #pauseMs = 0;
  #replacing: NodeJS.Timeout | undefined;
  #restarts = 0;
  #stopping: Promise<void> | undefined;

  constructor(options: StreamThreadOptions<Published>) {
    this.#options = options;
    this.#identity = options.identity;
  }

  begin(): Promise<void> {
    return new Promise((resolve, reject) => this.#fill(resolve, reject));
  }

  async bind(transport: StreamTransport, address: string, port: number): Promise<StreamBinding> {
    const { libc } = this.#options;
    const opened = openStreamSocket(libc, address, port);
    const socket = { transport, fd: opened.fd };
    this.#sockets.add(socket);
    const close = async (): Promise<void> => {
      if (this.#sockets.delete(socket)) libc.close(socket.fd);
    };
    return { port: opened.port, close };
  }

  async start(): Promise<void> {
    this.#started = true;
    await new Promise<void>((resolve) => {
      this.#serving = resolve;
      this.#handOver();
    });
  }

  publish(): void {
    if (!this.#started) return;
    this.#images?.postMessage(this.#options.program.publishedOf(this.behind()), []);
    Atomics.add(this.#shared, STREAM_SHARED.generation, 1);
  }

  behind(): number {
    const held = Atomics.load(this.#shared, STREAM_SHARED.held);
    return Atomics.load(this.#shared, STREAM_SHARED.generation) - held;
  }

  renew(identity: TlsIdentity): void {
    this.#identity = identity;
    this.#order({ kind: "renew", identity });
  }

  restarts(): number {
    return this.#restarts;
  }

  stop(deadlineMs: number): Promise<void> {
    this.#stopping ??= this.#end(deadlineMs);
    return this.#stopping;
  }

  #order(order: StreamOrder): void {
    this.#thread?.postMessage(order, []);
  }

  #fill(ready: () => void, died: (reason: Error) => void): void {
    const { program, counts, settings, transfers, onFault } = this.#options;
    const { port1, port2 } = new MessageChannel();
    const channel = transfers === undefined ? undefined : new MessageChannel();
    const workerData: StreamWorkerStart = {
      shared: this.#shared,
      images: port2,
      counts: counts.block,
      settings,
      identity: this.#identity,
      transfers: channel?.port2,
    };
    const transferList = channel === undefined ? [port2] : [port2, channel.port2];
    const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB };
    const thread = new Worker(program.entry, { workerData, transferList, name: "streams", resourceLimits });
    port1.unref();
    if (channel !== undefined && transfers !== undefined) serveTransfers(channel.port1, transfers);
    this.#thread = thread;
    this.#images = port1;
    this.#startedMs = performance.now();
    let reason: Error | undefined;
    thread.on("message", (report: StreamReport) => {
      if (report.kind === "fault") onFault(report.fault);
      else if (report.kind === "serving") this.#serving();
      else ready();
    });
    thread.on("error", (error: Error) => {
      reason = error;
    });
    thread.on("exit", (status: number) => {
      this.#thread = undefined;
      this.#images = undefined;
      port1.close();
      channel?.port1.close();
      counts.forgetOpen();
      if (this.#stopping !== undefined) return;
      const why = reason ?? new Error(`the thread ended with status ${status}`);
      died(why);
      if (this.#started) this.#replace(why);
    });
  }

  /** The image of this moment goes ahead of the sockets, so that nothing is ever answered without one. */
  #handOver(): void {
    this.publish();
    this.#order({ kind: "listen", sockets: [...this.#sockets] });
  }

  #replace(error: Error): void {
    this.#options.onFault({ kind: "worker", listener: "streams", error, unreported: 0 });
    this.#pauseMs = restartPauseMs(performance.now() - this.#startedMs, this.#pauseMs);
    this.#restarts++;
    this.#replacing = setTimeout(() => {
      this.#fill(
        () => undefined,
        () => undefined,
      );
      this.#handOver();
    }, this.#pauseMs);
  }

  async #end(deadlineMs: number): Promise<void> {
    clearTimeout(this.#replacing);
    // From now on the thread's duplicates alone keep the ports.
    for (const { fd } of this.#sockets) this.#options.libc.close(fd);
    this.#sockets.clear();
    const thread = this.#thread;
    if (thread === undefined) return;
    const over = new Promise((resolve) => thread.once("exit", resolve));
    this.#order({ kind: "stop", deadlineMs });
    let overdue: NodeJS.Timeout | undefined;
    const patience = new Promise((resolve) => {
      overdue = setTimeout(resolve, deadlineMs + END_MS);
    });
    await Promise.race([over, patience]);
    clearTimeout(overdue);
    if (this.#thread !== undefined) await thread.terminate();
  }
}
