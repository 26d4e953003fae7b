/** Thousands of questions, many under way at a time, and the answers in the order of the questions. */

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { opt, packet, parsed, question } from "../support/packets.ts";
import { framed } from "../support/servers.ts";
import { type Place, TcpClient } from "./asking.ts";
import { type Sections, sectionsOf } from "./sections.ts";

export interface BulkQuestion {
  /** The zone's, absolute as `name` is. */
  readonly apex: string;
  readonly name: string;
  readonly type: string;
  /** Where what leads out of its zone leads to: a name in another zone, or in none. */
  readonly outside: string;
}

const CONNECTIONS = 8;
/** Under way on one connection: within the limits of every server that is asked. */
const WINDOW = 64;

/** Over a few connections, pipelined. */
export async function askInBulk(place: Place, questions: readonly BulkQuestion[]): Promise<Sections[]> {
  const share = Math.ceil(questions.length / CONNECTIONS);
  const parts = Array.from({ length: CONNECTIONS }, (_, at) => questions.slice(at * share, (at + 1) * share));
  const answers = await Promise.all(parts.map((part) => askOnOne(place, part)));
  return answers.flat();
}

async function askOnOne(place: Place, questions: readonly BulkQuestion[]): Promise<Sections[]> {
  const client = await TcpClient.open(place);
  const answers: Sections[] = [];
  for (let from = 0; from < questions.length; from += WINDOW) {
    const asked = questions.slice(from, from + WINDOW);
    client.write(
      ...asked.map(({ name, type }, id) => framed(packet({ id, question: question(name, type) }))),
    );
    for (const [id, { name, type }] of asked.entries()) {
      const reply = await client.next();
      if (!(reply instanceof Uint8Array)) throw new Error(`${name} ${type}: ${reply}`);
      const message = parsed(reply);
      if (message.id !== id) throw new Error(`${name} ${type}: the answer to another question`);
      answers.push(sectionsOf(message));
    }
  }
  client.close();
  return answers;
}

const ANSWER_LIMIT_MS = 5_000;

/** In datagrams; `undefined` where the answer was cut. */
export async function askInDatagrams(
  { address, port }: Place,
  questions: readonly BulkQuestion[],
): Promise<(Sections | undefined)[]> {
  const socket = createSocket("udp4");
  const answers: (Sections | undefined)[] = [];
  let replies = new Map<number, Sections | undefined>();
  let arrived = (): void => undefined;
  socket.on("message", (reply) => {
    const message = parsed(reply);
    replies.set(message.id, message.isTruncated ? undefined : sectionsOf(message));
    arrived();
  });
  socket.connect(port, address);
  await once(socket, "connect");
  for (let from = 0; from < questions.length; from += WINDOW) {
    const asked = questions.slice(from, from + WINDOW);
    replies = new Map();
    const all = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("a datagram was not answered")), ANSWER_LIMIT_MS);
      arrived = () => {
        if (replies.size < asked.length) return;
        clearTimeout(timer);
        resolve();
      };
    });
    for (const [id, { name, type }] of asked.entries()) {
      socket.send(packet({ id, question: question(name, type), additional: [opt()] }));
    }
    await all;
    for (const id of asked.keys()) answers.push(replies.get(id));
  }
  socket.close();
  return answers;
}
