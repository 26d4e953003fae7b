/**
 * What a server sends to a client that is not the one who asks: queries at an even pace from one address that never
 * comes back over TCP, and what is sent to it, in octets out for an octet in.
 */

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { opt, packet, question } from "../support/packets.ts";
import type { Place } from "./asking.ts";

export interface ReflectionLoad {
  /** The address that the queries come from, and that is aimed at. */
  readonly client: string;
  readonly queries: number;
  readonly seconds: number;
  /** The query of that number. */
  readonly queryOf: (number: number) => Uint8Array;
}

export interface Reflection {
  readonly full: number;
  readonly truncated: number;
  readonly dropped: number;
  /** Octets of DNS out, over those in; headers of lower layers left out on both sides. */
  readonly gain: number;
}

/** As NSD was measured with: 200 responses a second, one in two of the others cut short. */
export const REFLECTION_RATE = { responsesPerSecond: 200, slip: 2 };
export const REFLECTION_QUERIES = 6_000;
export const REFLECTION_SECONDS = 3;

export interface Attack {
  readonly what: string;
  /** A network of its own, so that no attack pays for the one before. */
  readonly client: string;
  readonly queryOf: (number: number) => Uint8Array;
}

/** What can be asked of the sample zones, and how much of it there is. */
export const ATTACKS: readonly Attack[] = [
  { what: "one large answer", client: "127.0.1.1", queryOf: asking("mid.example.", opt()) },
  { what: "one small answer", client: "127.0.2.1", queryOf: asking("www.example.") },
  { what: "names that are not there", client: "127.0.3.1", queryOf: asking("N.example.") },
  { what: "names under a wildcard", client: "127.0.4.1", queryOf: asking("N.wild.example.") },
  { what: "a referral", client: "127.0.5.1", queryOf: asking("N.sub.example.") },
  { what: "names that are not ours", client: "127.0.6.1", queryOf: asking("N.elsewhere.test.") },
];

/** The letter `N` stands for a label that is another one in every query. */
function asking(name: string, ...additional: readonly Uint8Array[]): (number: number) => Uint8Array {
  return (id) => packet({ id, question: question(name.replace("N", `n${id}`), "A"), additional });
}

const FLAG_TC = 0x02;
const TICK_MS = 2;
/** Past the last reply by so long, no more will come. */
const QUIET_MS = 300;

export async function reflect(place: Place, load: ReflectionLoad): Promise<Reflection> {
  const socket = createSocket({ type: "udp4", recvBufferSize: 4_194_304 });
  let full = 0;
  let truncated = 0;
  let octetsOut = 0;
  let octetsIn = 0;
  let lastMs = performance.now();
  socket.on("message", (reply) => {
    if (((reply[2] ?? 0) & FLAG_TC) === 0) full++;
    else truncated++;
    octetsOut += reply.length;
    lastMs = performance.now();
  });
  socket.bind(0, load.client);
  await once(socket, "listening");
  socket.connect(place.port, place.address);
  await once(socket, "connect");
  const startedMs = performance.now();
  for (let sent = 0; sent < load.queries; ) {
    const share = Math.min(1, (performance.now() - startedMs) / (load.seconds * 1_000));
    for (const due = Math.ceil(share * load.queries); sent < due; sent++) {
      const query = load.queryOf(sent);
      octetsIn += query.length;
      socket.send(query);
    }
    await delay(TICK_MS);
  }
  lastMs = performance.now();
  while (performance.now() - lastMs < QUIET_MS) await delay(QUIET_MS);
  socket.close();
  return { full, truncated, dropped: load.queries - full - truncated, gain: octetsOut / octetsIn };
}

export function formatReflection({ full, truncated, dropped, gain }: Reflection): string {
  return `${full} full, ${truncated} truncated, ${dropped} dropped, out/in ${gain.toFixed(2)}`;
}
