/**
 * The `dns` kind: one question, whose answer must have an expected response code and, where the monitor says so, a
 * record with the expected data. dns2 writes the question and reads the answer; sockets, deadline and checks are ours.
 *
 *   UDP ──answer──→ judged
 *       ──TC──→ the same question over TCP (RFC 7766 §5) ──answer──→ judged
 *
 * What comes counts if it comes from the server asked, with the identifier and the question of the query (RFC 5452
 * §9.1). Over UDP anything else is passed over until the deadline, since anybody can send a datagram; over TCP it is
 * the server's own and fails the probe. The socket is connected, so the system drops what others send and reports a
 * port where nobody listens. A datagram may be lost, and is sent again within the deadline.
 *
 * A hostile message can be made expensive to read, by names that are long chains of pointers. So only the part that is
 * judged is read: the answers, the first `ANSWERS_MAX` of them, of a message that is not longer than `MESSAGE_MAX_OCTETS`.
 */

import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { Packet } from "dns2";
import type { Monitor } from "../health/monitor.ts";
import type { Verdict } from "../health/verdict.ts";
import { connectPlain, probeOver } from "./connect.ts";
import { reasonOfAnswer } from "./dns-answer.ts";
import { fails, type Outcome, type ProbeTarget, verdictOf } from "./probe.ts";
import { codeOf, reasonOfAbort, reasonOfError } from "./reasons.ts";

const UDP_ATTEMPTS = 3;
const MESSAGE_MAX_OCTETS = 16_384;
const ANSWERS_MAX = 64;

/** Where the counts of the four sections stand in the header (RFC 1035 §4.1.1). */
const COUNTS_AT = { questions: 4, answers: 6, authorities: 8, additionals: 10 };

/** One question to one server. */
interface Exchange {
  readonly target: ProbeTarget;
  readonly signal: AbortSignal;
  readonly id: number;
  readonly query: Buffer;
}

type Received =
  | { readonly kind: "answer"; readonly packet: Packet }
  | { readonly kind: "truncated" }
  | { readonly kind: "failed"; readonly reason: string };

export async function probeDns(target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  const startedMs = performance.now();
  const id = Packet.uuid();
  const exchange = { target, signal, id, query: writeQuery(id, target.monitor) };
  const received = await overUdp(exchange);
  if (received.kind === "truncated") {
    const verdict = await probeOver(connectPlain(target, signal), (socket) => overTcp(exchange, socket));
    return verdictOf(verdict, startedMs);
  }
  return verdictOf(judge(received, target.monitor), startedMs);
}

function judge(received: Received, monitor: Monitor): Outcome {
  switch (received.kind) {
    case "failed":
      return fails(received.reason);
    case "truncated":
      return fails("answer is truncated, also over TCP");
    case "answer":
      return reasonOfAnswer(received.packet, monitor);
  }
}

function writeQuery(id: number, { query, qtype }: Monitor): Buffer {
  const packet = new Packet();
  packet.header.id = id;
  // A resolver answers no other question, and an authoritative server does not mind.
  packet.header.rd = 1;
  packet.questions.push(
    new Packet.Question({ name: query ?? "", type: codeOfType(qtype), class: Packet.CLASS.IN }),
  );
  return packet.toBuffer();
}

function codeOfType(qtype: string | undefined): number {
  const codes: Readonly<Record<string, number>> = Packet.TYPE;
  return codes[qtype ?? "A"] ?? Packet.TYPE.A;
}

async function overUdp(exchange: Exchange): Promise<Received> {
  const { target, signal } = exchange;
  const address = await addressOf(target.host);
  if (typeof address !== "string") {
    return address;
  }
  return await new Promise((resolve) => {
    const socket = createSocket(isIP(address) === 6 ? "udp6" : "udp4");
    const { timeoutMs } = target.monitor;
    let passedOver: string | undefined;
    let again: NodeJS.Timeout | undefined;
    const settle = (received: Received): void => {
      clearInterval(again);
      signal.removeEventListener("abort", aborted);
      socket.removeAllListeners();
      // A late error, of a datagram on its way, belongs to nobody.
      socket.on("error", () => undefined);
      socket.close();
      resolve(received);
    };
    const aborted = (): void => {
      const beside = passedOver === undefined ? "" : ` (what came was passed over: ${passedOver})`;
      settle({ kind: "failed", reason: reasonOfAbort("DNS answer", signal, timeoutMs) + beside });
    };
    socket.on("error", (error) => settle({ kind: "failed", reason: reasonOfDatagramError(error) }));
    socket.on("message", (octets) => {
      const received = read(octets, exchange);
      if (received.kind === "failed") passedOver = received.reason;
      else settle(received);
    });
    signal.addEventListener("abort", aborted, { once: true });
    if (signal.aborted) {
      aborted();
      return;
    }
    socket.connect(target.port, address, () => {
      send(socket, exchange.query);
      again = setInterval(() => send(socket, exchange.query), timeoutMs / UDP_ATTEMPTS);
    });
  });
}

/** An error of the sending comes as the socket's `error` as well. */
function send(socket: Socket, query: Buffer): void {
  socket.send(query, () => undefined);
}

function reasonOfDatagramError(error: unknown): string {
  return codeOf(error) === "ECONNREFUSED" ? "port unreachable: nobody listens" : reasonOfError(error);
}

/** Of a host name, the address that the system finds first. */
async function addressOf(host: string): Promise<string | Received> {
  if (isIP(host) !== 0) {
    return host;
  }
  try {
    return (await lookup(host)).address;
  } catch (error) {
    return { kind: "failed", reason: reasonOfError(error) };
  }
}

function overTcp(exchange: Exchange, socket: NodeJS.ReadWriteStream): Promise<Outcome> {
  const { signal, query } = exchange;
  const { monitor } = exchange.target;
  return new Promise((resolve) => {
    const settle = (outcome: Outcome): void => {
      signal.removeEventListener("abort", aborted);
      resolve(outcome);
    };
    const aborted = (): void =>
      settle(fails(reasonOfAbort("DNS answer over TCP", signal, monitor.timeoutMs)));
    let held: Buffer = Buffer.alloc(0);
    socket.on("error", (error) => settle(fails(`${reasonOfError(error)} before the DNS answer`)));
    socket.on("close", () => settle(fails("connection closed before the DNS answer")));
    socket.on("end", () => settle(fails("connection closed before the DNS answer")));
    socket.on("data", (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      const octets = held.length < 2 ? undefined : held.readUInt16BE(0);
      if (octets === undefined) return;
      if (octets > MESSAGE_MAX_OCTETS) {
        settle(fails(`DNS answer of ${octets} octets is longer than ${MESSAGE_MAX_OCTETS}`));
      } else if (held.length >= 2 + octets) {
        settle(judge(read(held.subarray(2, 2 + octets), exchange), monitor));
      }
    });
    signal.addEventListener("abort", aborted, { once: true });
    if (signal.aborted) {
      aborted();
      return;
    }
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
  });
}

/** `failed` says why it is no answer to the question. */
function read(octets: Buffer, { id, query }: Exchange): Received {
  const failed = (reason: string): Received => ({ kind: "failed", reason });
  if (octets.length < Packet.HEADER_SIZE) return failed("a message without a whole header");
  if (octets.length > MESSAGE_MAX_OCTETS) return failed(`a message longer than ${MESSAGE_MAX_OCTETS} octets`);
  const header = Packet.Header.parse(octets);
  if (header.id !== id) return failed("a message with another identifier");
  if (header.qr !== 1 || header.opcode !== 0) return failed("a message that is no answer to a query");
  // Servers that do not take the question as one may leave it out, with an error code.
  const withoutQuestion = header.qdcount === 0 && header.ancount === 0 && header.rcode !== 0;
  if (!withoutQuestion && !echoesQuestion(octets, query)) return failed("an answer to another question");
  if (header.tc === 1) return { kind: "truncated" };
  const judged = Buffer.from(octets);
  judged.writeUInt16BE(Math.min(header.ancount, ANSWERS_MAX), COUNTS_AT.answers);
  judged.writeUInt16BE(0, COUNTS_AT.authorities);
  judged.writeUInt16BE(0, COUNTS_AT.additionals);
  return { kind: "answer", packet: Packet.parse(judged) };
}

/** Octet by octet but for the case of letters: nothing stands before a question that its name could point to. */
function echoesQuestion(octets: Buffer, query: Buffer): boolean {
  const questionOf = (message: Buffer): string =>
    message.toString("latin1", Packet.HEADER_SIZE, query.length).toLowerCase();
  return octets.readUInt16BE(COUNTS_AT.questions) === 1 && questionOf(octets) === questionOf(query);
}
