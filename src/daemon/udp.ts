/** What answers over UDP, made for this node: workers where the system has what they need, else the main thread. */

import type { Counters, Image, PublishedAnswers, SettingsCell } from "../answer/answer.ts";
import type { ServerFault, ServerOptions } from "../server/handle.ts";
import {
  createUdpServers,
  type UdpServers,
  type UdpTransport,
  type UdpTuning,
} from "../server/udp-servers.ts";
import type { WorkerData } from "../server/udp-worker-entry.ts";
import { WorkerImages } from "../server/worker-images.ts";
import type { Log } from "./log.ts";
import { createWarmUp } from "./warm-up.ts";

/** The program of a worker's thread. */
const WORKER_ENTRY = new URL("../server/udp-worker-entry.js", import.meta.url);

export interface UdpParts {
  readonly workers: number;
  readonly tuning: UdpTuning;
  /** Published with every image. */
  readonly settings: SettingsCell;
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

export type UdpResult =
  | { readonly ok: true; readonly servers: UdpServers }
  | { readonly ok: false; readonly message: string };

/** Only what was asked for by name and cannot be had is a refusal; else the main thread answers where workers cannot. */
export async function createUdp(parts: UdpParts): Promise<UdpResult> {
  const { tuning, choice, log } = parts;
  const wanted = wantedOf(tuning);
  if (wanted === undefined) return { ok: true, servers: await create(parts, choice.transports) };
  try {
    const servers = await create(parts, ["batch"]);
    log.info({ event: "udp", ...tuning }, wanted);
    return { ok: true, servers };
  } catch (error) {
    return {
      ok: false,
      message: `Cannot ${wanted}: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

/** What only workers can do, in words; the main thread would not do it and say nothing. */
function wantedOf({ cores, busyPollUs }: UdpTuning): string | undefined {
  const wants: string[] = [];
  if (cores.length > 0) wants.push(`pin workers to cores ${cores.join(",")}`);
  if (busyPollUs > 0) wants.push(`busy-poll for ${busyPollUs} µs`);
  return wants.length === 0 ? undefined : wants.join(" and ");
}

async function create(parts: UdpParts, transports: readonly UdpTransport[] | undefined): Promise<UdpServers> {
  const { workers, tuning, settings, counters, currentImage, main, onFault, log, choice } = parts;
  const images = new WorkerImages(counters, currentImage);
  const data: WorkerData = { warmUp: createWarmUp(), proxyNetworks: main.proxyNetworks ?? [] };
  const servers: UdpServers = await createUdpServers({
    workers,
    tuning,
    program: {
      entry: choice.workerEntry ?? WORKER_ENTRY,
      data,
      imageOf: (index): PublishedAnswers => ({
        image: images.imageOf(index, servers.behind(index)),
        settings: settings.current,
      }),
    },
    main,
    onFault,
    ...(transports === undefined ? {} : { transports }),
  });
  const line = { event: "udp", transport: servers.transport, workers: servers.workers };
  if (servers.unavailable === undefined) log.info(line, "datagrams come in batches");
  else log.warn({ ...line, reason: servers.unavailable }, "datagrams come one by one, on the main thread");
  return servers;
}
