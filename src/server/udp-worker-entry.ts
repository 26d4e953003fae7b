/**
 * The program of a worker's thread: the answer path over the images that the main thread publishes. `udp-worker` is the
 * loop; `daemon/udp` says what the thread is started with.
 */

import {
  CounterWriter,
  createAnswer,
  LookAhead,
  type OpenImage,
  openImage,
  type PublishedAnswers,
  type SettingsCell,
  TRANSPORT,
} from "../answer/answer.ts";
import type { DropReason } from "../answer/counters.ts";
import { type ClientNetwork, DEFAULT_SETTINGS } from "../answer/settings.ts";
import { createAnswering } from "./answering.ts";
import { BATCH_DATAGRAMS } from "./datagram-batch.ts";
import { ImageCollector } from "./image-collector.ts";
import { keyedHash } from "./keyed-hash.ts";
import { withProxyHeaders } from "./proxied-datagrams.ts";
import { runUdpWorker } from "./udp-worker.ts";

export interface WorkerData {
  /** What holds one of everything, and queries that find it all. */
  readonly warmUp:
    | { readonly published: PublishedAnswers; readonly queries: readonly Uint8Array[] }
    | undefined;
  readonly proxyNetworks: readonly ClientNetwork[];
}

/** Queries that a thread answers for itself before it answers anyone: by then all that they reach is compiled. */
const WARM_UP_QUERIES = 60_000;

await runUdpWorker<PublishedAnswers, WorkerData>(({ data }, report) => {
  const { warmUp, proxyNetworks } = data;
  const counters = new CounterWriter();
  const settings: SettingsCell = { current: DEFAULT_SETTINGS };
  const answer = createAnswer({ random: Math.random, now: Date.now, counters, settings, keyedHash });
  let image: OpenImage | undefined;
  const currentImage = (): OpenImage => {
    if (image === undefined) throw new Error("a worker serves without an image");
    return image;
  };
  const answering = createAnswering({ answer, currentImage, counters }, TRANSPORT.udp, report);
  const ahead = new LookAhead(currentImage, BATCH_DATAGRAMS);
  const drop = (reason: DropReason): void => counters.countDrop(reason);
  const collector = new ImageCollector();
  const adopt = (published: PublishedAnswers): void => {
    image = openImage(published.image);
    settings.current = published.settings;
    counters.meet(image);
    collector.noteImage(published.image);
  };
  return {
    adopt,
    answer: withProxyHeaders(answering, proxyNetworks, drop),
    ahead,
    drop,
    tidy: () => collector.collectWhereDue(),
    observe: (seconds) => counters.observeResponse(seconds),
    warmUp(batch) {
      if (warmUp === undefined) return;
      const { published, queries } = warmUp;
      for (let done = 0; done < WARM_UP_QUERIES; done += queries.length) {
        // Meeting another image is a path as well.
        adopt(published);
        for (let at = 0; at < queries.length; at += BATCH_DATAGRAMS) {
          batch.rehearse(queries.slice(at, at + BATCH_DATAGRAMS), answering, ahead);
        }
      }
    },
  };
});
