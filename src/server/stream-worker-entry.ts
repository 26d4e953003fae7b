/**
 * The program of the thread that holds the connections: a `StreamService` over the images that the main thread publishes,
 * on an event loop of its own, so that connections are served whatever the main thread does or fails to do.
 */

import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import {
  CounterWriter,
  createAnswer,
  type OpenImage,
  openImage,
  type PublishedAnswers,
  type SettingsCell,
} from "../answer/answer.ts";
import { DEFAULT_SETTINGS } from "../answer/settings.ts";
import { ImageCollector } from "./image-collector.ts";
import { keyedHash } from "./keyed-hash.ts";
import { loadLibc } from "./libc.ts";
import { StreamCounts } from "./stream-counts.ts";
import { StreamService } from "./stream-service.ts";
import { duplicateSocket } from "./stream-socket.ts";
import {
  type ListeningSocket,
  STREAM_SHARED,
  type StreamOrder,
  type StreamReport,
  type StreamWorkerStart,
} from "./stream-worker.ts";
import { connectTransfers } from "./transfer-channel.ts";

/** How often a thread looks whether images are to be let go. */
const TIDY_EVERY_MS = 1_000;

const { shared, images, counts, settings, identity, transfers }: StreamWorkerStart = workerData;
const port = parentPort;
if (port === null) throw new Error("a thread's program was run on the main thread");
const tell = (report: StreamReport): void => port.postMessage(report, []);

const counters = new CounterWriter();
const cell: SettingsCell = { current: DEFAULT_SETTINGS };
const collector = new ImageCollector();
let image: OpenImage | undefined;
let generation = -1;

function adopt(published: PublishedAnswers): void {
  image = openImage(published.image);
  cell.current = published.settings;
  counters.meet(image);
  collector.noteImage(published.image);
}

/** Where a newer image was published: adopts the newest and skips what lies between. */
function takeImages(): void {
  const published = Atomics.load(shared, STREAM_SHARED.generation);
  if (published === generation) return;
  let newest: { readonly message: PublishedAnswers } | undefined;
  for (;;) {
    const next = receiveMessageOnPort(images);
    if (next === undefined) break;
    newest = next;
  }
  if (newest !== undefined) adopt(newest.message);
  generation = published;
  Atomics.store(shared, STREAM_SHARED.held, published);
}

const { libc } = await (async () => {
  const loaded = await loadLibc();
  if (!loaded.ok) throw new Error(loaded.reason);
  return loaded;
})();
const service = new StreamService({
  answer: createAnswer({ random: Math.random, now: Date.now, counters, settings: cell, keyedHash }),
  currentImage() {
    takeImages();
    if (image === undefined) throw new Error("a thread serves without an image");
    return image;
  },
  counters,
  idleMs: () => cell.current.keepaliveMs,
  counts: new StreamCounts(counts),
  settings,
  identity,
  transfers: transfers === undefined ? undefined : connectTransfers(transfers),
  onFault: (fault) => tell({ kind: "fault", fault }),
});

// While nobody asks anything, an earlier image is not to be held either.
images.on("message", (published: PublishedAnswers) => {
  adopt(published);
  takeImages();
});
const tidying = setInterval(() => collector.collectWhereDue(), TIDY_EVERY_MS);

async function listen(sockets: readonly ListeningSocket[]): Promise<void> {
  for (const { transport, fd } of sockets) await service.listen(transport, { fd: duplicateSocket(libc, fd) });
  tell({ kind: "serving" });
}

async function stop(deadlineMs: number): Promise<void> {
  await service.stop(deadlineMs);
  clearInterval(tidying);
  images.close();
  transfers?.close();
  port?.close();
}

port.on("message", (order: StreamOrder) => {
  if (order.kind === "listen") void listen(order.sockets);
  else if (order.kind === "renew") service.renew(order.identity);
  else void stop(order.deadlineMs);
});
tell({ kind: "ready" });
