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
  type PublishedImage,
  TRANSPORT,
} from "../answer/answer.ts";
import { createAnswering } from "./answering.ts";
import { BATCH_DATAGRAMS } from "./datagram-batch.ts";
import { ImageCollector } from "./image-collector.ts";
import { runUdpWorker } from "./udp-worker.ts";

export interface WorkerData {
  readonly nsid: Uint8Array;
  /** An image that holds one of everything, and queries that find it all. */
  readonly warmUp: { readonly image: PublishedImage; readonly queries: readonly Uint8Array[] } | undefined;
}

/** Queries that a thread answers for itself before it answers anyone: by then all that they reach is compiled. */
const WARM_UP_QUERIES = 60_000;

await runUdpWorker<PublishedImage, WorkerData>(({ data }, report) => {
  const { nsid, warmUp } = data;
  const counters = new CounterWriter();
  const answer = createAnswer({ random: Math.random, counters, nsid });
  let image: OpenImage | undefined;
  const currentImage = (): OpenImage => {
    if (image === undefined) throw new Error("a worker serves without an image");
    return image;
  };
  const answering = createAnswering({ answer, currentImage, counters }, TRANSPORT.udp, report);
  const ahead = new LookAhead(currentImage, BATCH_DATAGRAMS);
  const collector = new ImageCollector();
  const adopt = (published: PublishedImage): void => {
    image = openImage(published);
    counters.meet(image);
    collector.noteImage(published);
  };
  return {
    adopt,
    answer: answering,
    ahead,
    drop: (reason) => counters.countDrop(reason),
    tidy: () => collector.collectWhereDue(),
    observe: (seconds) => counters.observeResponse(seconds),
    warmUp(batch) {
      if (warmUp === undefined) return;
      const { queries } = warmUp;
      for (let done = 0; done < WARM_UP_QUERIES; done += queries.length) {
        // Meeting another image is a path as well.
        adopt(warmUp.image);
        for (let at = 0; at < queries.length; at += BATCH_DATAGRAMS) {
          batch.rehearse(queries.slice(at, at + BATCH_DATAGRAMS), answering, ahead);
        }
      }
    },
  };
});
