/** Listeners on loopback for tests, and plain clients for them. */

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Counters, createAnswer, type Image } from "../../src/answer/answer.ts";
import type { ServerFault, ServerHandle, ServerOptions } from "../../src/server/handle.ts";
import { startTcp } from "../../src/server/tcp.ts";
import { createUdpServers, type UdpServers, type UdpTransport } from "../../src/server/udp-servers.ts";
import type { WorkerData } from "../../src/server/udp-worker-entry.ts";
import { WorkerImages } from "../../src/server/worker-images.ts";
import { SETTINGS, seededRandom } from "./answering.ts";
import { typescriptThread } from "./threads.ts";

/** What answers over UDP is held to the same tests, whichever way its datagrams go. */
export const UDP_TRANSPORTS: readonly UdpTransport[] = ["batch", "dgram"];
const WORKER = typescriptThread(new URL("../../src/server/udp-worker-entry.ts", import.meta.url));

export interface Listeners {
  readonly udp: ServerHandle;
  readonly udpServers: UdpServers;
  readonly tcp: ServerHandle;
  readonly counters: Counters;
  readonly faults: ServerFault[];
  stop(deadlineMs?: number): Promise<void>;
}

export interface ListenerChanges extends Partial<ServerOptions> {
  readonly udpTransport?: UdpTransport;
  readonly workers?: number;
  /** Instead of the worker's own program. */
  readonly workerEntry?: URL;
}

/** UDP and TCP on free ports of one loopback address; parts of the options may be replaced. */
export async function startListeners(
  image: () => Image,
  { udpTransport = "dgram", workers = 1, workerEntry = WORKER, ...changes }: ListenerChanges = {},
): Promise<Listeners> {
  const counters = new Counters();
  const faults: ServerFault[] = [];
  const settings = { current: SETTINGS };
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
  const data: WorkerData = { warmUp: undefined };
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
  const [{ address, port }, tcp] = await Promise.all([
    udpServers.bind(options.address, options.port),
    startTcp(options),
  ]);
  await udpServers.start();
  const udp = { address, port, stop: (deadlineMs: number) => udpServers.stop(deadlineMs) };
  return {
    udp,
    udpServers,
    tcp,
    counters,
    faults,
    stop: async (deadlineMs = 1_000) => {
      await Promise.all([udp.stop(deadlineMs), tcp.stop(deadlineMs)]);
    },
  };
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
