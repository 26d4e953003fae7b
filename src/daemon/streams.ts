/** What answers over TCP, TLS and HTTPS, made for this node: a thread of its own where the system has what it needs. */

import type { Counters, PublishedAnswers, SettingsCell } from "../answer/answer.ts";
import type { StreamOptions } from "../config/streams.ts";
import type { ServerOptions } from "../server/handle.ts";
import { DEFAULT_HTTPS_PATH } from "../server/http-query.ts";
import { StreamCounts } from "../server/stream-counts.ts";
import { DEFAULT_STREAM_LIMITS, type StreamLimits } from "../server/stream-limits.ts";
import { createStreamServers, type StreamPlace, type StreamServers } from "../server/stream-servers.ts";
import type { TransferHandler } from "../server/transfer-handler.ts";
import { WorkerImages } from "../server/worker-images.ts";
import type { Log } from "./log.ts";
import type { NodeCertificate } from "./node-certificate.ts";

/** The program of the thread. */
const THREAD_ENTRY = new URL("../server/stream-worker-entry.js", import.meta.url);

export interface StreamParts {
  readonly options: StreamOptions;
  /** Published with every image. */
  readonly settings: SettingsCell;
  readonly counters: Counters;
  /** Answers on the main thread, where there is no other. */
  readonly main: Omit<ServerOptions, "address" | "port">;
  /** There wherever TLS or HTTPS is listened for. */
  readonly certificate: NodeCertificate | undefined;
  readonly transfers: TransferHandler | undefined;
  readonly log: Log;
  readonly choice: StreamChoice;
}

/** What is chosen otherwise than by the system, for tests that run the sources. */
export interface StreamChoice {
  readonly places?: readonly StreamPlace[];
  readonly entry?: URL;
}

export interface Streams {
  readonly servers: StreamServers;
  readonly counts: StreamCounts;
}

export async function createStreams(parts: StreamParts): Promise<Streams> {
  const { options, settings, counters, main, certificate, log, choice } = parts;
  const images = new WorkerImages(counters, main.currentImage);
  const counts = new StreamCounts();
  const servers = await createStreamServers<PublishedAnswers>({
    program: {
      entry: choice.entry ?? THREAD_ENTRY,
      publishedOf: (behind) => ({ image: images.imageOf(0, behind), settings: settings.current }),
    },
    main: {
      ...main,
      idleMs: () => settings.current.keepaliveMs,
      counts,
      settings: {
        limits: limitsOf(options),
        httpsPath: options.httpsPath ?? DEFAULT_HTTPS_PATH,
        proxyNetworks: main.proxyNetworks ?? [],
      },
      identity: certificate?.identity(),
      transfers: parts.transfers,
    },
    onFault: main.onFault,
    ...(choice.places === undefined ? {} : { places: choice.places }),
  });
  certificate?.onRenewed((identity) => servers.renew(identity));
  const line = { event: "streams", place: servers.place };
  if (servers.unavailable === undefined) log.info(line, "connections have a thread of their own");
  else log.warn({ ...line, reason: servers.unavailable }, "connections are served on the main thread");
  return { servers, counts };
}

function limitsOf({ tcp }: StreamOptions): StreamLimits {
  const limits = DEFAULT_STREAM_LIMITS;
  return {
    connections: tcp.connections ?? limits.connections,
    connectionsPerClient: tcp["connections-per-client"] ?? limits.connectionsPerClient,
    inFlight: tcp["in-flight"] ?? limits.inFlight,
    writeBacklogOctets: tcp["write-backlog"] ?? limits.writeBacklogOctets,
    messageMs: tcp["message-timeout"] ?? limits.messageMs,
    writeMs: tcp["write-timeout"] ?? limits.writeMs,
    handshakeMs: tcp["handshake-timeout"] ?? limits.handshakeMs,
  };
}
