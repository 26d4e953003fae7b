/**
 * Ways to a node: each takes some packets at once and tells what came back. Packets have their number in the exchange as
 * identifier, so that a reply tells what it is a reply to. Behind them goes a question that is always answered, over the
 * same socket: when its answer is there, nothing more will come.
 */

import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { TRANSPORT, type Transport } from "../../src/answer/answer.ts";
import { DEFAULT_HTTPS_PATH, DNS_MESSAGE } from "../../src/server/http-query.ts";
import { MARKER, type Place, TcpClient } from "../behaviour/asking.ts";
import { join, u16 } from "../support/packets.ts";
import { proxyHeader } from "../support/proxy-headers.ts";
import { framed } from "../support/servers.ts";
import { mustBeDropped } from "./soundness.ts";

export interface Exchange {
  /** By the packet's number; a zone transfer has many. */
  readonly replies: ReadonlyMap<number, readonly Uint8Array[]>;
  /** Replies to what was not asked. */
  readonly strangers: readonly Uint8Array[];
  /** From the last packet on its way to the last reply; undefined where the node fell silent. */
  readonly tookMs: number | undefined;
}

export interface Lane {
  readonly name: string;
  readonly transport: Transport;
  /** The packets carry their numbers. */
  exchange(packets: readonly Uint8Array[]): Promise<Exchange>;
  close(): void;
}

const ANSWER_LIMIT_MS = 5_000;
const MARKER_ID = ((MARKER[0] ?? 0) << 8) | (MARKER[1] ?? 0);
const RECEIVE_OCTETS = 1 << 22;
/** Of a query in a URL that is not too long. */
const MOST_GET_OCTETS = 1_400;

/** A packet too short for an identifier has none, and no reply. */
export function numbered(packet: Uint8Array, number: number): Uint8Array {
  return packet.length < 2 ? packet : join(u16(number), packet.subarray(2));
}

function numberOf(octets: Uint8Array): number {
  return ((octets[0] ?? 0) << 8) | (octets[1] ?? 0);
}

class Collected {
  readonly replies = new Map<number, Uint8Array[]>();
  readonly strangers: Uint8Array[] = [];
  readonly #count: number;

  constructor(count: number) {
    this.#count = count;
  }

  add(reply: Uint8Array): void {
    const number = numberOf(reply);
    if (number >= this.#count) this.strangers.push(reply);
    else this.replies.set(number, [...(this.replies.get(number) ?? []), reply]);
  }
}

/** Datagrams from an address of a load balancer. */
export interface Balanced {
  readonly from: string;
  /** What stands before a packet, be it right or not; made anew for each. */
  readonly header: () => Uint8Array;
}

/** What a load balancer writes before a datagram. */
export const DATAGRAM_HEADER: Uint8Array = proxyHeader("10.1.2.3", 2);

export async function openUdpLane(name: string, place: Place, balanced?: Balanced): Promise<Lane> {
  const marker = balanced === undefined ? MARKER : join(DATAGRAM_HEADER, MARKER);
  const behindHeader = (each: Uint8Array): Uint8Array =>
    balanced === undefined ? each : join(balanced.header(), each);
  const socket: UdpSocket = createSocket({ type: "udp4", recvBufferSize: RECEIVE_OCTETS });
  if (balanced !== undefined) {
    socket.bind(0, balanced.from);
    await once(socket, "listening");
  }
  socket.connect(place.port, place.address);
  await once(socket, "connect");
  socket.on("error", () => undefined);
  const exchange = (packets: readonly Uint8Array[]): Promise<Exchange> =>
    new Promise((resolve) => {
      const collected = new Collected(packets.length);
      let sentMs = performance.now();
      const settleWith = (tookMs: number | undefined): void => {
        clearTimeout(timer);
        socket.off("message", onMessage);
        resolve({ ...pick(collected), tookMs });
      };
      const onMessage = (reply: Uint8Array): void => {
        if (numberOf(reply) === MARKER_ID) settleWith(performance.now() - sentMs);
        else collected.add(reply);
      };
      const timer = setTimeout(() => settleWith(undefined), ANSWER_LIMIT_MS);
      socket.on("message", onMessage);
      for (const each of packets) socket.send(behindHeader(each));
      socket.send(marker);
      sentMs = performance.now();
    });
  return { name, transport: TRANSPORT.udp, exchange, close: () => socket.close() };
}

export type Connect = () => Promise<Socket>;

export function plainConnection({ address, port }: Place, from?: string): Connect {
  return async () => {
    const local = from === undefined ? {} : { localAddress: from };
    const socket = connectPlain({ host: address, port, noDelay: true, allowHalfOpen: true, ...local });
    await once(socket, "connect");
    if (from !== undefined) socket.write(proxyHeader("2001:db8::7"));
    return socket;
  };
}

export function tlsConnection({ address, port }: Place): Connect {
  return async () => {
    const socket = connectTls({ host: address, port, rejectUnauthorized: false });
    await once(socket, "secureConnect");
    return socket;
  };
}

/**
 * Pipelined messages. One that deserves no answer ends a connection, which is what its reply is here: it goes out on a
 * connection of its own, and nothing may come back.
 */
export function openStreamLane(name: string, transport: Transport, connect: Connect): Lane {
  let kept: TcpClient | undefined;
  const askOn = async (
    client: TcpClient,
    packets: readonly Uint8Array[],
    collected: Collected,
  ): Promise<boolean> => {
    client.write(...packets.map(framed), framed(MARKER));
    for (;;) {
      const next = await client.next(ANSWER_LIMIT_MS);
      if (!(next instanceof Uint8Array)) return next === "closed";
      if (numberOf(next) === MARKER_ID) return true;
      collected.add(next);
    }
  };
  const exchange = async (packets: readonly Uint8Array[]): Promise<Exchange> => {
    const collected = new Collected(packets.length);
    const answered = packets.filter((each) => !mustBeDropped(each, transport));
    const dropped = packets.find((each) => mustBeDropped(each, transport));
    kept ??= TcpClient.of(await connect());
    const startedMs = performance.now();
    const isWell = await askOn(kept, answered, collected);
    const tookMs = performance.now() - startedMs;
    if (dropped === undefined && isWell) return { ...pick(collected), tookMs };
    kept.close();
    kept = undefined;
    if (dropped === undefined) return { ...pick(collected), tookMs: undefined };
    const client = TcpClient.of(await connect());
    const isClosed = await askOn(client, [dropped], collected);
    client.close();
    return { ...pick(collected), tookMs: isWell && isClosed ? tookMs : undefined };
  };
  return { name, transport, exchange, close: () => kept?.close() };
}

function pick({ replies, strangers }: Collected): Pick<Exchange, "replies" | "strangers"> {
  return { replies, strangers };
}

/** Requests of one session, the two methods in turns; of another one where the node has closed one that lay idle. */
export async function openHttpsLane(name: string, place: Place): Promise<Lane> {
  let session = await openSession(place);
  const exchange = async (packets: readonly Uint8Array[]): Promise<Exchange> => {
    if (session.closed || session.destroyed) session = await openSession(place);
    const collected = new Collected(packets.length);
    const startedMs = performance.now();
    const outcomes = await Promise.all(
      packets.map(async (each, number) => {
        const { status, body } = await request(
          session,
          each,
          number % 2 === 0 || each.length > MOST_GET_OCTETS,
        );
        if (status === 200) collected.add(body);
        return status === 200 || (status >= 400 && status < 500);
      }),
    );
    const tookMs = outcomes.every(Boolean) ? performance.now() - startedMs : undefined;
    return { ...pick(collected), tookMs };
  };
  return { name, transport: TRANSPORT.https, exchange, close: () => session.destroy() };
}

async function openSession({ address, port }: Place): Promise<ClientHttp2Session> {
  const session = connectHttp2(`https://${address}:${port}`, { rejectUnauthorized: false });
  session.on("error", () => undefined);
  await once(session, "connect");
  return session;
}

async function request(
  session: ClientHttp2Session,
  packet: Uint8Array,
  isPost: boolean,
): Promise<{ readonly status: number; readonly body: Uint8Array }> {
  // It may have been closed since the window began.
  if (session.closed || session.destroyed) return { status: 0, body: new Uint8Array(0) };
  const path = `${DEFAULT_HTTPS_PATH}?dns=${Buffer.from(packet).toString("base64url")}`;
  const stream = session.request(
    isPost
      ? { ":path": DEFAULT_HTTPS_PATH, ":method": "POST", "content-type": DNS_MESSAGE }
      : { ":path": path, ":method": "GET" },
    { endStream: !isPost },
  );
  if (isPost) stream.end(packet);
  const answered = once(stream, "response", { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
  try {
    const [fields]: Record<string, unknown>[] = await answered;
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(Buffer.from(chunk));
    return { status: Number(fields?.[":status"]), body: Uint8Array.from(Buffer.concat(chunks)) };
  } catch {
    return { status: 0, body: new Uint8Array(0) };
  }
}

/**
 * Octets on a connection of their own, as they are, and the end of what the client has to say: the messages that come
 * back, and whether the node has closed the connection then.
 */
export async function writeRaw(
  connect: Connect,
  octets: Uint8Array,
): Promise<{ readonly messages: readonly Uint8Array[]; readonly isClosed: boolean }> {
  const client = TcpClient.of(await connect());
  client.write(octets);
  client.end();
  const messages: Uint8Array[] = [];
  for (;;) {
    const next = await client.next(ANSWER_LIMIT_MS);
    if (next instanceof Uint8Array) {
      messages.push(next);
      continue;
    }
    client.close();
    return { messages, isClosed: next === "closed" };
  }
}
