/** Listeners on loopback for tests, and plain clients for them. */

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type AnswerSettings, Counters, createAnswer, type Image } from "../../src/answer/answer.ts";
import type { ServerFault, ServerHandle, ServerOptions } from "../../src/server/handle.ts";
import { DEFAULT_HTTPS_PATH } from "../../src/server/http-query.ts";
import { STREAM_TRANSPORTS, StreamCounts, type StreamTransport } from "../../src/server/stream-counts.ts";
import { DEFAULT_STREAM_LIMITS, type StreamLimits } from "../../src/server/stream-limits.ts";
import {
  createStreamServers,
  type StreamPlace,
  type StreamServers,
} from "../../src/server/stream-servers.ts";
import type { TlsIdentity } from "../../src/server/tls-identity.ts";
import type { TransferHandler } from "../../src/server/transfer-handler.ts";
import { createUdpServers, type UdpServers, type UdpTransport } from "../../src/server/udp-servers.ts";
import type { WorkerData } from "../../src/server/udp-worker-entry.ts";
import { WorkerImages } from "../../src/server/worker-images.ts";
import { SETTINGS, seededRandom } from "./answering.ts";
import { typescriptThread } from "./threads.ts";

/** What answers over UDP is held to the same tests, whichever way its datagrams go. */
export const UDP_TRANSPORTS: readonly UdpTransport[] = ["batch", "dgram"];
const WORKER = typescriptThread(new URL("../../src/server/udp-worker-entry.ts", import.meta.url));

const STREAM_WORKER = typescriptThread(new URL("../../src/server/stream-worker-entry.ts", import.meta.url));

export interface Listeners {
  readonly udp: ServerHandle;
  readonly udpServers: UdpServers;
  readonly streams: StreamServers;
  readonly streamCounts: StreamCounts;
  readonly tcp: ServerHandle;
  /** Where there is an identity. */
  readonly tls: ServerHandle;
  readonly https: ServerHandle;
  readonly counters: Counters;
  readonly faults: ServerFault[];
  stop(deadlineMs?: number): Promise<void>;
}

export interface ListenerChanges extends Partial<ServerOptions> {
  readonly udpTransport?: UdpTransport;
  readonly workers?: number;
  /** Instead of the worker's own program. */
  readonly workerEntry?: URL;
  readonly streamPlace?: StreamPlace;
  /** Instead of the program of the thread that holds the connections. */
  readonly streamEntry?: URL;
  readonly limits?: Partial<StreamLimits>;
  readonly idleMs?: number;
  readonly identity?: TlsIdentity;
  readonly transfers?: TransferHandler;
}

/** UDP and TCP on free ports of one loopback address, and TLS and HTTPS with an identity; parts may be replaced. */
export async function startListeners(
  image: () => Image,
  { udpTransport = "dgram", workers = 1, workerEntry = WORKER, ...changes }: ListenerChanges = {},
): Promise<Listeners> {
  const counters = new Counters();
  const faults: ServerFault[] = [];
  const settings = { current: { ...SETTINGS, keepaliveMs: changes.idleMs ?? SETTINGS.keepaliveMs } };
  const options: ServerOptions = {
    address: "127.0.0.1",
    port: 0,
    answer: createAnswer({ random: seededRandom(11), now: Date.now, counters, settings }),
    currentImage: image,
    counters,
    onFault: (fault) => faults.push(fault),
    ...changes,
  };
  const images = new WorkerImages(counters, image);
  const data: WorkerData = { warmUp: undefined, proxyNetworks: changes.proxyNetworks ?? [] };
  const udpServers: UdpServers = await createUdpServers({
    workers,
    program: {
      entry: workerEntry,
      data,
      imageOf: (index) => ({
        image: images.imageOf(index, udpServers.behind(index)),
        settings: settings.current,
      }),
    },
    main: options,
    onFault: options.onFault,
    transports: [udpTransport],
  });
  const { address } = options;
  const { port } = await udpServers.bind(address, options.port);
  await udpServers.start();
  const udp = { address, port, stop: (deadlineMs: number) => udpServers.stop(deadlineMs) };
  const connected = await startStreams(options, changes, () => settings.current).catch(
    async (error: unknown) => {
      await udp.stop(0);
      throw error;
    },
  );
  return {
    udp,
    udpServers,
    ...connected,
    counters,
    faults,
    stop: async (deadlineMs = 1_000) => {
      await Promise.all([udp.stop(deadlineMs), connected.streams.stop(deadlineMs)]);
    },
  };
}

type Connected = Pick<Listeners, "streams" | "streamCounts" | StreamTransport>;

async function startStreams(
  options: ServerOptions,
  {
    streamPlace = "main",
    streamEntry = STREAM_WORKER,
    limits,
    proxyNetworks = [],
    ...changes
  }: ListenerChanges,
  settingsNow: () => AnswerSettings,
): Promise<Connected> {
  const { address, port, counters, currentImage, onFault } = options;
  const images = new WorkerImages(counters, currentImage);
  const streamCounts = new StreamCounts();
  const streams = await createStreamServers({
    program: {
      entry: streamEntry,
      publishedOf: (behind) => ({ image: images.imageOf(0, behind), settings: settingsNow() }),
    },
    main: {
      ...options,
      idleMs: () => settingsNow().keepaliveMs,
      counts: streamCounts,
      settings: {
        limits: { ...DEFAULT_STREAM_LIMITS, ...limits },
        httpsPath: DEFAULT_HTTPS_PATH,
        proxyNetworks,
      },
      identity: changes.identity,
      transfers: changes.transfers,
    },
    onFault,
    places: [streamPlace],
  });
  const handleOf = async (transport: StreamTransport): Promise<ServerHandle> => {
    if (transport !== "tcp" && changes.identity === undefined)
      return { address, port: 0, stop: async () => undefined };
    const bound = await streams.bind(transport, address, port);
    return { address, port: bound.port, stop: (deadlineMs) => streams.stop(deadlineMs) };
  };
  const [tcp, tls, https] = await Promise.all(STREAM_TRANSPORTS.map(handleOf));
  if (tcp === undefined || tls === undefined || https === undefined)
    throw new Error("a transport is missing");
  await streams.start();
  return { streams, streamCounts, tcp, tls, https };
}

/** One datagram out, the first one back. */
export async function askUdp(
  { address, port }: ServerHandle,
  octets: Uint8Array,
  timeoutMs = 2_000,
): Promise<Uint8Array> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  try {
    const reply = once(socket, "message", { signal: AbortSignal.timeout(timeoutMs) });
    socket.send(octets, port, address);
    const [message]: unknown[] = await reply;
    if (!(message instanceof Uint8Array)) throw new Error("no datagram");
    return message;
  } finally {
    socket.close();
  }
}

export async function connectTcp({ address, port }: ServerHandle): Promise<Socket> {
  const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** A message behind its length. */
export function framed(octets: Uint8Array): Uint8Array {
  return Uint8Array.of(octets.length >> 8, octets.length & 0xff, ...octets);
}

/** Collects whole messages until there are as many, or the other side has ended. */
export async function readMessages(socket: Socket, count: number, timeoutMs = 5_000): Promise<Uint8Array[]> {
  const messages: Uint8Array[] = [];
  let input = Buffer.alloc(0);
  const deadline = AbortSignal.timeout(timeoutMs);
  while (messages.length < count) {
    const chunk: unknown = socket.read();
    if (chunk === null) {
      if (socket.readableEnded || socket.destroyed) break;
      await Promise.race([
        once(socket, "readable", { signal: deadline }),
        once(socket, "end", { signal: deadline }),
        once(socket, "close", { signal: deadline }),
      ]);
      continue;
    }
    if (chunk instanceof Buffer) input = Buffer.concat([input, chunk]);
    while (input.length >= 2 && input.length >= 2 + input.readUInt16BE(0)) {
      const end = 2 + input.readUInt16BE(0);
      messages.push(Uint8Array.from(input.subarray(2, end)));
      input = input.subarray(end);
    }
  }
  return messages;
}
