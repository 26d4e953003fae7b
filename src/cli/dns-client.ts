/**
 * One question to one name server, as `fairlead query` asks it. dns2 writes the query, frames it on TCP and reads what
 * it knows of EDNS; the sockets, the deadline and the checks are ours, and so is the reading of records, since dns2
 * knows a third of the types.
 *
 * A reply counts if it comes from the server asked, with the identifier and the question of the query (RFC 5452 §9.1);
 * anything else is passed over until the deadline. TC is followed by the same question over TCP (RFC 7766 §5).
 */

import { createSocket } from "node:dgram";
import { on, once } from "node:events";
import { connect, isIPv6 } from "node:net";
import { Packet } from "dns2";
import type { SocketAddress } from "../config/socket-address.ts";
import { type Message, parseMessage } from "../dns/message.ts";
import { labelsOf, type Name, namesEqual } from "../dns/name.ts";
import { CLASS } from "../dns/types.ts";

/** The size that survives every path (DNS flag day 2020). */
const UDP_PAYLOAD_OCTETS = 1232;
/** A datagram may be lost, so it is sent again; the deadline is the same for all attempts together. */
const UDP_ATTEMPTS = 3;
const DOT = 0x2e;

export interface DnsReply {
  readonly message: Message;
  readonly octets: number;
  readonly transport: "udp" | "tcp";
  readonly elapsedMs: number;
  /** Extended DNS errors (RFC 8914). */
  readonly errors: readonly { readonly code: number; readonly text: string }[];
}

export type DnsOutcome =
  | { readonly ok: true; readonly reply: DnsReply }
  | { readonly ok: false; readonly message: string };

export interface DnsQuestion {
  readonly name: Name;
  readonly type: number;
}

/** Never rejects for what the network or the server does. */
export async function askServer(
  server: SocketAddress,
  question: DnsQuestion,
  options: { readonly overTcp: boolean; readonly deadlineMs: number },
): Promise<DnsOutcome> {
  if (labelsOf(question.name).some((label) => label.includes(DOT))) {
    return { ok: false, message: "a name with a dot within a label cannot be asked for" };
  }
  const signal = AbortSignal.timeout(options.deadlineMs);
  const startedMs = performance.now();
  const exchange: Exchange = { server, question, id: Packet.uuid(), signal, deadlineMs: options.deadlineMs };
  try {
    const first = options.overTcp ? await overTcp(exchange) : await overUdp(exchange);
    const truncated = !options.overTcp && first.message.isTruncated;
    const { message, octets } = truncated ? await overTcp(exchange) : first;
    const transport = options.overTcp || truncated ? "tcp" : "udp";
    const elapsedMs = performance.now() - startedMs;
    const reply = { message, octets: octets.length, transport, elapsedMs, errors: errorsIn(octets) } as const;
    return { ok: true, reply };
  } catch (error) {
    return { ok: false, message: reasonOf(error, options.deadlineMs) };
  }
}

interface Exchange {
  readonly server: SocketAddress;
  readonly question: DnsQuestion;
  readonly id: number;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
}

interface Received {
  readonly message: Message;
  readonly octets: Buffer;
}

async function overUdp(exchange: Exchange): Promise<Received> {
  const { server, signal, deadlineMs } = exchange;
  const socket = createSocket(isIPv6(server.address) ? "udp6" : "udp4");
  const query = writeQuery(exchange);
  let again: NodeJS.Timeout | undefined;
  try {
    // A connected socket takes nothing from anybody else, and learns that nobody listens.
    socket.connect(server.port, server.address);
    await once(socket, "connect", { signal });
    const send = (): void => socket.send(query);
    again = setInterval(send, deadlineMs / UDP_ATTEMPTS);
    send();
    for await (const [octets] of on(socket, "message", { signal })) {
      const received = Buffer.isBuffer(octets) ? read(octets, exchange) : undefined;
      if (received !== undefined) return received;
    }
    throw new Error("the socket was closed");
  } finally {
    clearInterval(again);
    socket.close();
  }
}

async function overTcp(exchange: Exchange): Promise<Received> {
  const { server, signal } = exchange;
  const socket = connect({ host: server.address, port: server.port, signal });
  // `readStream` tells of the failure; without a listener of its own the socket would end the process.
  socket.on("error", () => undefined);
  try {
    const query = writeQuery(exchange);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
    const received = read(await Packet.readStream(socket), exchange);
    if (received === undefined) throw new Error("the reply is not to this question");
    return received;
  } finally {
    socket.destroy();
  }
}

function writeQuery({ id, question }: Exchange): Buffer {
  const packet = new Packet();
  packet.header.id = id;
  packet.questions.push(
    new Packet.Question({ name: dotted(question.name), type: question.type, class: CLASS.IN }),
  );
  packet.additionals.push(Packet.Resource.EDNS([], { udpPayloadSize: UDP_PAYLOAD_OCTETS }));
  return packet.toBuffer();
}

/** As dns2 takes names: labels between dots, one octet a character. */
function dotted(name: Name): string {
  return labelsOf(name)
    .map((label) => Buffer.from(label).toString("latin1"))
    .join(".");
}

function read(octets: Buffer, { id, question }: Exchange): Received | undefined {
  const parsed = parseMessage(octets);
  if (!parsed.ok) return undefined;
  const { message } = parsed;
  const [asked] = message.questions;
  if (!message.isResponse || message.id !== id || asked === undefined) return undefined;
  const isOurs =
    asked.type === question.type && asked.class === CLASS.IN && namesEqual(asked.name, question.name);
  return isOurs ? { message, octets } : undefined;
}

function errorsIn(octets: Buffer): { code: number; text: string }[] {
  const options = Packet.parse(octets).additionals.flatMap(({ rdata }) => rdata ?? []);
  return options.flatMap((option) =>
    "infoCode" in option && "extraText" in option
      ? [{ code: Number(option.infoCode), text: String(option.extraText) }]
      : [],
  );
}

function reasonOf(error: unknown, deadlineMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "AbortError" || error.name === "TimeoutError") {
    return `no reply within ${deadlineMs / 1000} s`;
  }
  if ("code" in error && error.code === "ECONNREFUSED") return "nobody listens there";
  return error.message;
}
