/**
 * Clients that can tell a dropped packet from a slow answer without waiting for it: behind every packet goes a question
 * that has a certain answer, over the same socket or connection. A server takes what comes from one socket in its order,
 * so when that answer is there, nothing more will come for the packet before it.
 */

import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { packet, question } from "../support/packets.ts";
import { framed } from "../support/servers.ts";

export interface Place {
  readonly address: string;
  readonly port: number;
}

const MARKER_ID = 0xfeed;
/** Past any scheduling delay; a server that takes longer has lost the marker. */
const ANSWER_LIMIT_MS = 5_000;

/** The question behind every packet: one that each server of the sample zones answers. */
export const MARKER = packet({ id: MARKER_ID, question: question("ns1.example.", "A") });

function isMarker(octets: Uint8Array): boolean {
  return (octets[0] ?? 0) * 256 + (octets[1] ?? 0) === MARKER_ID;
}

/** One packet in one datagram: its reply, or `undefined` where there is none. Ask one at a time. */
export class UdpAsker {
  readonly #socket: UdpSocket;

  private constructor(socket: UdpSocket) {
    this.#socket = socket;
  }

  static async open({ address, port }: Place): Promise<UdpAsker> {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    socket.connect(port, address);
    await once(socket, "connect");
    // A port that is closed is reported on the next use; what is lost shows as a missing marker.
    socket.on("error", () => undefined);
    return new UdpAsker(socket);
  }

  async ask(octets: Uint8Array): Promise<Uint8Array | undefined> {
    const replies: Uint8Array[] = [];
    const done = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("the server has fallen silent")), ANSWER_LIMIT_MS);
      const onMessage = (reply: Uint8Array): void => {
        if (!isMarker(reply)) {
          replies.push(reply);
          return;
        }
        clearTimeout(timer);
        this.#socket.off("message", onMessage);
        resolve();
      };
      this.#socket.on("message", onMessage);
    });
    this.#socket.send(octets);
    this.#socket.send(MARKER);
    await done;
    if (replies.length > 1) throw new Error(`${replies.length} replies to one packet`);
    return replies[0];
  }

  close(): void {
    this.#socket.close();
  }
}

export type TcpOutcome = "answered" | "closed" | "ignored" | "silent";

export interface TcpReply {
  /** `answered`: there is a reply. `closed`: by the server, without one. `ignored`: it went on to the next message. */
  readonly outcome: TcpOutcome;
  readonly reply: Uint8Array | undefined;
}

/**
 * Writes octets on a connection of their own, as they are, each part by itself, with a marker behind; what comes back
 * before the marker's answer.
 */
export async function writeTcp(place: Place, ...parts: readonly Uint8Array[]): Promise<TcpReply> {
  const client = await TcpClient.open(place);
  for (const part of parts.slice(0, -1)) await client.flush(part);
  client.write(...parts.slice(-1), framed(MARKER));
  const replies: Uint8Array[] = [];
  let outcome: TcpOutcome = "ignored";
  for (;;) {
    const next = await client.next();
    if (next instanceof Uint8Array && !isMarker(next)) {
      replies.push(next);
      continue;
    }
    if (!(next instanceof Uint8Array)) outcome = next;
    break;
  }
  client.close();
  if (replies.length > 1) throw new Error(`${replies.length} replies to one message`);
  return { outcome: replies.length === 1 ? "answered" : outcome, reply: replies[0] };
}

/** A connection whose replies are read one by one. */
export class TcpClient {
  readonly #socket: Socket;
  #input = Buffer.alloc(0);
  #ended = false;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    socket.on("data", (chunk: Buffer) => {
      this.#input = Buffer.concat([this.#input, chunk]);
      this.#wake();
    });
    socket.on("end", end).on("close", end).on("error", end);
  }

  static async open({ address, port }: Place): Promise<TcpClient> {
    const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
    await once(socket, "connect");
    return TcpClient.of(socket);
  }

  /** Over a connection that is there, whatever is below it. */
  static of(socket: Socket): TcpClient {
    return new TcpClient(socket);
  }

  write(...parts: readonly Uint8Array[]): void {
    this.#socket.write(Buffer.concat(parts));
  }

  /** Resolves once the system has taken the octets, which leave in a segment of their own where it lets them. */
  async flush(octets: Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.write(octets, () => resolve()));
  }

  /** Says that nothing more will be asked. */
  end(): void {
    this.#socket.end();
  }

  /** Resets the connection. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** The next whole message, or how it ended. */
  async next(limitMs = ANSWER_LIMIT_MS): Promise<Uint8Array | "closed" | "silent"> {
    const endsAtMs = performance.now() + limitMs;
    for (;;) {
      const message = this.#take();
      if (message !== undefined) return message;
      if (this.#ended) return "closed";
      const leftMs = endsAtMs - performance.now();
      if (leftMs <= 0) return "silent";
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(): Uint8Array | undefined {
    if (this.#input.length < 2) return undefined;
    const end = 2 + this.#input.readUInt16BE(0);
    if (this.#input.length < end) return undefined;
    const message = Uint8Array.from(this.#input.subarray(2, end));
    this.#input = this.#input.subarray(end);
    return message;
  }
}
