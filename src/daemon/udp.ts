/** What answers over UDP, made for this node: workers where the system has what they need, else the main thread. */

import type { Counters, Image } from "../answer/answer.ts";
import type { ServerFault, ServerOptions } from "../server/handle.ts";
import { createUdpServers, type UdpServers, type UdpTransport } from "../server/udp-servers.ts";
import type { WorkerData } from "../server/udp-worker-entry.ts";
import { WorkerImages } from "../server/worker-images.ts";
import type { Log } from "./log.ts";
import { createWarmUp } from "./warm-up.ts";

/** The program of a worker's thread. */
const WORKER_ENTRY = new URL("../server/udp-worker-entry.js", import.meta.url);

export interface UdpParts {
  readonly workers: number;
  readonly nsid: Uint8Array;
  readonly counters: Counters;
  readonly currentImage: () => Image;
  /** Answers on the main thread, where workers do not. */
  readonly main: Omit<ServerOptions, "address" | "port">;
  readonly onFault: (fault: ServerFault) => void;
  readonly log: Log;
  readonly choice: UdpChoice;
}

/** What is chosen otherwise than by the system, for tests that run the sources. */
export interface UdpChoice {
  readonly transports?: readonly UdpTransport[];
  readonly workerEntry?: URL;
}

export async function createUdp(parts: UdpParts): Promise<UdpServers> {
  const { workers, counters, currentImage, main, onFault, log, choice } = parts;
  const images = new WorkerImages(counters, currentImage);
  const data: WorkerData = { nsid: parts.nsid, warmUp: createWarmUp() };
  const servers: UdpServers = await createUdpServers({
    workers,
    program: {
      entry: choice.workerEntry ?? WORKER_ENTRY,
      data,
      imageOf: (index) => images.imageOf(index, servers.behind(index)),
    },
    main,
    onFault,
    ...(choice.transports === undefined ? {} : { transports: choice.transports }),
  });
  const line = { event: "udp", transport: servers.transport, workers: servers.workers };
  if (servers.unavailable === undefined) log.info(line, "datagrams come in batches");
  else log.warn({ ...line, reason: servers.unavailable }, "datagrams come one by one, on the main thread");
  return servers;
}
