/** Thousands of questions over a few connections, pipelined, and the answers in the order of the questions. */

import { packet, parsed, question } from "../support/packets.ts";
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
