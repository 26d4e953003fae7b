/**
 * All that answers, as one part of the node: UDP and connections, over the same images, settings and counters. It is made
 * before there is an image, opens its addresses once there is one, and ends as a whole.
 */

import { type Counters, createAnswer, type Image, type SettingsCell } from "../answer/answer.ts";
import type { ServeOptions } from "../config/options.ts";
import type { ServerOptions } from "../server/handle.ts";
import { keyedHash } from "../server/keyed-hash.ts";
import type { TransferHandler } from "../server/transfer-handler.ts";
import type { UdpServers } from "../server/udp-servers.ts";
import { clientNetwork } from "./answer-settings.ts";
import type { Recorder } from "./events.ts";
import { type ListenResult, startListeners } from "./listeners.ts";
import type { Log, LogLimiter } from "./log.ts";
import type { NodeCertificate } from "./node-certificate.ts";
import type { Clock } from "./serving.ts";
import { createStreams, type StreamChoice, type Streams } from "./streams.ts";
import { createUdp, type UdpChoice } from "./udp.ts";

/** Nothing but what the system has, save in tests. */
export interface AnsweringChoice {
  readonly udp?: UdpChoice;
  readonly streams?: StreamChoice;
}

export interface AnsweringParts {
  readonly options: ServeOptions;
  readonly log: Log;
  readonly record: Recorder;
  readonly limiter: LogLimiter;
  readonly clock: Clock;
  readonly random: () => number;
  readonly counters: Counters;
  readonly settings: SettingsCell;
  readonly image: () => Image | undefined;
  /** There wherever TLS or HTTPS is listened for. */
  readonly certificate: NodeCertificate | undefined;
  readonly transfers: TransferHandler | undefined;
  readonly choice: AnsweringChoice;
}

export interface AnsweringSide {
  readonly udp: UdpServers;
  readonly streams: Streams;
  /** The image or the settings have changed. */
  publish(): void;
  /** Opens every address, or none; there is an image by then. */
  listen(): Promise<ListenResult>;
  /** Answers what has arrived and is gone after `deadlineMs` at the latest. */
  stop(deadlineMs: number): Promise<void>;
}

export type AnsweringResult =
  | { readonly ok: true; readonly side: AnsweringSide }
  /** In one line. */
  | { readonly ok: false; readonly message: string };

export async function createAnsweringSide(parts: AnsweringParts): Promise<AnsweringResult> {
  const { options, counters, settings, log, choice, certificate, transfers } = parts;
  const main = mainOptions(parts);
  const { workers, cpuAffinity: cores = [], busyPollUs } = options;
  const [udpResult, streams] = await Promise.all([
    createUdp({
      workers,
      tuning: { cores, busyPollUs },
      settings,
      counters,
      currentImage: main.currentImage,
      main,
      onFault: main.onFault,
      log,
      choice: choice.udp ?? {},
    }),
    createStreams({
      options: options.streams,
      settings,
      counters,
      main,
      certificate,
      transfers,
      log,
      choice: choice.streams ?? {},
    }),
  ]);
  if (!udpResult.ok) {
    await streams.servers.stop(0);
    return udpResult;
  }
  const udp = udpResult.servers;
  return {
    ok: true,
    side: {
      udp,
      streams,
      publish() {
        udp.publish();
        streams.servers.publish();
      },
      listen: () => startListeners(options, { udp, streams: streams.servers }, log),
      async stop(deadlineMs) {
        await Promise.all([udp.stop(deadlineMs), streams.servers.stop(deadlineMs)]);
      },
    },
  };
}

/** What the answer path on the main thread is made of. */
function mainOptions(parts: AnsweringParts): Omit<ServerOptions, "address" | "port"> {
  const { options, log, record, clock, random, counters, settings, image, limiter } = parts;
  return {
    answer: createAnswer({ random, now: clock.now, counters, settings, keyedHash }),
    currentImage() {
      const current = image();
      if (current === undefined) throw new Error("listening without an image");
      return current;
    },
    counters,
    proxyNetworks: options.streams.proxyNetworks.map(clientNetwork),
    onFault({ kind, listener, error, unreported }) {
      const heldBack = limiter.admit(`${listener} ${error.message}`);
      if (heldBack === undefined) return;
      const line = { event: "fault", kind, listener, unreported: unreported + heldBack };
      if (kind === "answer") log.error({ ...line, err: error }, "the answer path failed");
      else if (kind === "worker") {
        record({ kind: "worker", ref: listener, from: "died", to: "replaced", reason: error.message });
        log.error({ ...line, err: error }, "a worker died or hangs, and is replaced");
      } else log.warn({ ...line, error: error.message }, "socket fault");
    },
  };
}
