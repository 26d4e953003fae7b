/** A name server on a UDP port that answers one address for every name, and not always rightly: the generator's test. */

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";

export const TRUE_ADDRESS = Uint8Array.of(192, 0, 2, 1);

/** What becomes of the right reply to the query of that number, counted from 0: the datagrams that are sent. */
export type Lie = (reply: Buffer, number: number) => readonly Buffer[];

export interface LyingServer {
  readonly address: string;
  readonly port: number;
  stop(): Promise<void>;
}

const HEADER_OCTETS = 12;
/** An A record of the question's name, without its address. */
const ANSWER_HEAD = [0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4];
const OPT = [0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0];

export async function startLyingServer(lie: Lie): Promise<LyingServer> {
  const socket = createSocket("udp4");
  let number = 0;
  socket.on("message", (query, from) => {
    for (const datagram of lie(rightReply(query), number)) reply(socket, datagram, from);
    number++;
  });
  const listening = once(socket, "listening");
  socket.bind(0, "127.0.0.1");
  await listening;
  const { address, port } = socket.address();
  return {
    address,
    port,
    stop: async () => {
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}

function reply(socket: Socket, datagram: Buffer, to: RemoteInfo): void {
  socket.send(datagram, to.port, to.address);
}

/** The query's header and question, one answer, and an OPT record where the query has one. */
function rightReply(query: Buffer): Buffer {
  const questionEnd = query.indexOf(0, HEADER_OCTETS) + 5;
  const head = Buffer.from(query.subarray(0, questionEnd));
  head[2] = 0x84;
  head[7] = 1;
  const opt = head[11] === 1 ? OPT : [];
  return Buffer.concat([head, Uint8Array.from(ANSWER_HEAD), TRUE_ADDRESS, Uint8Array.from(opt)]);
}
