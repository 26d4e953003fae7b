/** What clients do with TCP connections (RFC 7766), the crude ones included. */

import { join, packet, query, question } from "../../support/packets.ts";
import { framed } from "../../support/servers.ts";
import { type Place, TcpClient, UdpAsker, writeTcp } from "../asking.ts";
import { type Observation, observationOf, observe, without } from "../observation.ts";
import { exchange, type Row } from "./row.ts";

const WWW = query("www.example.", "A");
const PIPELINED = 64;
const STUCK = 150;
const RESETS = 50;

/** Octets with a length of their own, and then a query: what becomes of the query. */
function before(octets: Uint8Array): (server: Place) => Promise<Observation> {
  return async (server) => {
    const { outcome, reply } = await writeTcp(server, join(octets, framed(WWW)));
    return outcome === "answered" ? observe(WWW, reply) : without(outcome);
  };
}

async function pipelined(server: Place): Promise<Observation> {
  const client = await TcpClient.open(server);
  const ids = new Set(Array.from({ length: PIPELINED }, (_, id) => id));
  client.write(...[...ids].map((id) => framed(packet({ id, question: question("www.example.", "A") }))));
  for (let left = PIPELINED; left > 0; left--) {
    const reply = await client.next();
    if (!(reply instanceof Uint8Array)) break;
    ids.delete((reply[0] ?? 0) * 256 + (reply[1] ?? 0));
  }
  client.close();
  return observationOf({ result: "answered", missing: ids.size });
}

async function slowly(server: Place): Promise<Observation> {
  const client = await TcpClient.open(server);
  for (const octet of framed(WWW)) await client.flush(Uint8Array.of(octet));
  return lastWords(client);
}

async function halfClosed(server: Place): Promise<Observation> {
  const client = await TcpClient.open(server);
  client.write(framed(WWW));
  client.end();
  return lastWords(client);
}

async function lastWords(client: TcpClient): Promise<Observation> {
  const reply = await client.next();
  client.close();
  return reply instanceof Uint8Array ? observe(WWW, reply) : without(reply);
}

/** Clients that begin a message and leave it at that. */
async function besideStuckOnes(server: Place): Promise<Observation> {
  const stuck: TcpClient[] = [];
  for (let count = 0; count < STUCK; count++) {
    const client = await TcpClient.open(server);
    client.write(framed(WWW).subarray(0, 3));
    stuck.push(client);
  }
  const served = await servedOver(server);
  for (const client of stuck) client.close();
  return served;
}

async function afterResets(server: Place): Promise<Observation> {
  for (let count = 0; count < RESETS; count++) {
    const client = await TcpClient.open(server);
    client.write(framed(WWW));
    client.reset();
  }
  return servedOver(server);
}

async function servedOver(server: Place): Promise<Observation> {
  const asker = await UdpAsker.open(server);
  const overUdp = await asker.ask(WWW);
  asker.close();
  const { outcome } = await writeTcp(server, framed(WWW)).catch(() => ({ outcome: "closed" }));
  return observationOf({ result: "served", udp: overUdp !== undefined, tcp: outcome === "answered" });
}

export const CONNECTION_ROWS: readonly Row[] = [
  exchange("7766§6.2.1.1", "64 pipelined queries: 64 answers", pipelined, "answered missing=0"),
  exchange("7766§8", "query sent one byte at a time", slowly, "NOERROR an=2"),
  exchange("7766§6.2.4", "half-close after query: still answered", halfClosed, "NOERROR an=2 ‖ closed"),
  exchange("7766§8", "length prefix 0, then a query", before(Uint8Array.of(0, 0)), "closed ‖ NOERROR an=2"),
  exchange(
    "7766§6.2.3/10",
    "150 slowloris connections: UDP and TCP still served",
    besideStuckOnes,
    "served udp=1 tcp=1 ‖ served udp=1",
  ),
  exchange("7766§8", "5-byte TCP message", before(framed(new Uint8Array(5))), "closed ‖ NOERROR an=2"),
  exchange("-", "50 RSTs after query: server alive", afterResets, "served udp=1 tcp=1"),
];
