/**
 * Asks a node many times over several sockets: as many questions are under way as its buffers hold easily, and what is lost
 * on the way is asked again. Every reply is handed over with the number of its question.
 */

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { Place } from "../behaviour/asking.ts";

const WINDOW = 24;
/** Where nothing has come for so long, it is asked again. */
const LOST_AFTER_MS = 3_000;
const IDS = 65_536;

/** A question and how often it is to be asked; its identifier is set for each. */
export interface Load {
  readonly packet: Uint8Array;
  readonly times: number;
}

export class QueryLoad {
  readonly #sockets: readonly Socket[];

  private constructor(sockets: readonly Socket[]) {
    this.#sockets = sockets;
  }

  /** The kernel gives all that comes from one socket to one worker. */
  static async open({ address, port }: Place, sockets: number): Promise<QueryLoad> {
    const opened = Array.from({ length: sockets }, () => createSocket("udp4"));
    for (const socket of opened) {
      socket.on("error", () => undefined);
      socket.connect(port, address);
      await once(socket, "connect");
    }
    return new QueryLoad(opened);
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }

  /** One question over every socket; asked again until there is an answer from each. */
  async askEach(packet: Uint8Array, onReply: (reply: Uint8Array) => void): Promise<void> {
    await Promise.all(
      this.#sockets.map((socket) => askAll(socket, [{ packet, times: 1 }], (_, reply) => onReply(reply))),
    );
  }

  /** All questions, so many to each socket, and in turns. */
  async ask(loads: readonly Load[], onReply: (load: number, reply: Uint8Array) => void): Promise<void> {
    await Promise.all(
      this.#sockets.map((socket, at) => {
        const share = ({ times }: Load): number =>
          Math.floor(times / this.#sockets.length) + (at < times % this.#sockets.length ? 1 : 0);
        return askAll(
          socket,
          loads.map((load) => ({ packet: load.packet, times: share(load) })),
          onReply,
        );
      }),
    );
  }
}

function* inTurns(loads: readonly Load[]): Generator<number> {
  const most = loads.reduce((times, load) => Math.max(times, load.times), 0);
  for (let round = 0; round < most; round++) {
    for (const [number, { times }] of loads.entries()) if (round < times) yield number;
  }
}

function askAll(
  socket: Socket,
  loads: readonly Load[],
  onReply: (load: number, reply: Uint8Array) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const turns = inTurns(loads);
    const underWay = new Map<number, { readonly load: number; readonly packet: Uint8Array }>();
    let id = 0;
    let lastMs = performance.now();
    const sendNext = (): boolean => {
      const next = turns.next();
      if (next.done === true) return false;
      id = (id + 1) % IDS;
      const packet = Uint8Array.from(loads[next.value]?.packet ?? []);
      packet[0] = id >> 8;
      packet[1] = id & 0xff;
      underWay.set(id, { load: next.value, packet });
      socket.send(packet);
      return true;
    };
    const end = (settle: () => void): void => {
      clearInterval(timer);
      socket.off("message", onMessage);
      settle();
    };
    const onMessage = (reply: Buffer): void => {
      const replied = reply.length < 2 ? -1 : reply.readUInt16BE(0);
      const asked = underWay.get(replied);
      // What was asked again may be answered twice.
      if (asked === undefined) return;
      underWay.delete(replied);
      lastMs = performance.now();
      try {
        onReply(asked.load, reply);
      } catch (error) {
        end(() => reject(error instanceof Error ? error : new Error("not an error", { cause: error })));
        return;
      }
      if (!sendNext() && underWay.size === 0) end(resolve);
    };
    const timer = setInterval(() => {
      if (performance.now() - lastMs < LOST_AFTER_MS) return;
      lastMs = performance.now();
      for (const { packet } of underWay.values()) socket.send(packet);
    }, LOST_AFTER_MS / 3);
    socket.on("message", onMessage);
    for (let first = 0; first < WINDOW && sendNext(); first++);
    if (underWay.size === 0) end(resolve);
  });
}
