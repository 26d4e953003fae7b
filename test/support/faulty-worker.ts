/** A worker whose answer path throws, whatever it is asked. */

import {
  CounterWriter,
  type OpenImage,
  openImage,
  type PublishedAnswers,
  TRANSPORT,
} from "../../src/answer/answer.ts";
import { createAnswering } from "../../src/server/answering.ts";
import { runUdpWorker } from "../../src/server/udp-worker.ts";

await runUdpWorker<PublishedAnswers, unknown>((_start, report) => {
  const counters = new CounterWriter();
  const answer = (): number => {
    throw new Error("a bug");
  };
  let image: OpenImage | undefined;
  const currentImage = (): OpenImage => {
    if (image === undefined) throw new Error("there is no image");
    return image;
  };
  return {
    adopt(published) {
      image = openImage(published.image);
      counters.meet(image);
    },
    answer: createAnswering({ answer, currentImage, counters }, TRANSPORT.udp, report),
    drop: () => undefined,
    observe: () => undefined,
  };
});
