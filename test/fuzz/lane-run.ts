/** Sends packets down a lane, window by window, and judges what comes back. */

import { TRANSPORT } from "../../src/answer/answer.ts";
import { asksForTransfer } from "../../src/server/transfer-handler.ts";
import { join } from "../support/packets.ts";
import { framed } from "../support/servers.ts";
import { ANSWER_LIMIT_MS } from "./decoder.ts";
import { type Connect, type Exchange, type Lane, numbered, writeRaw } from "./lanes.ts";
import type { Mutator } from "./mutation.ts";
import { shrink } from "./shrink.ts";
import { faultsOf, mustBeDropped, unreadableBy } from "./soundness.ts";

export interface LaneRun {
  packets: number;
  replies: number;
  /** Windows that took longer than one answer may, and packets without a reply, which were asked again one by one. */
  repeated: number;
  unreadable: number;
  toResponses: number;
  /** Too late, missing, or no reply to what was asked. */
  wrong: number;
  readonly failures: string[];
}

export function emptyRun(): LaneRun {
  return { packets: 0, replies: 0, repeated: 0, unreadable: 0, toResponses: 0, wrong: 0, failures: [] };
}

interface Fault {
  readonly kind: "unreadable" | "toResponses" | "wrong" | "late";
  readonly message: string;
}

export interface LaneWork {
  readonly lane: Lane;
  readonly seed: number;
  readonly packets: number;
  readonly next: () => Uint8Array;
  /** Whether packets may be mistaken for others, so that replies owe nothing but to be readable. */
  readonly isRaw?: boolean;
}

/** Few enough for any receive buffer and for what one connection may have under way. */
const WINDOW = 48;
/** A datagram may be lost, but not so many times in a row; and the machine be busy, for longer. */
const ATTEMPTS = 6;
const ATTEMPTS_IN_TIME = 24;
const MOST_FAILURES = 3;

export async function runLane(work: LaneWork, run: LaneRun): Promise<void> {
  const { lane, packets } = work;
  for (let sent = 0; sent < packets && run.failures.length < MOST_FAILURES; ) {
    const window = windowOf(work, Math.min(WINDOW, packets - sent));
    sent += window.length;
    run.packets += window.length;
    const exchange = await lane.exchange(window);
    for (const replies of exchange.replies.values()) run.replies += replies.length;
    const isLate = (exchange.tookMs ?? Number.POSITIVE_INFINITY) > ANSWER_LIMIT_MS;
    if (isLate) run.repeated++;
    for (const [at, packet] of window.entries()) {
      const fault = faultIn(work, packet, at, exchange);
      if (fault === undefined && !isLate) continue;
      if (fault !== undefined && fault.kind === "late") run.repeated++;
      const repeatable = fault === undefined || fault.kind === "late";
      const real = repeatable ? await faultAlone(work, packet) : fault;
      if (real !== undefined) await note(work, run, packet, real);
    }
  }
}

/** Over a stream one packet at most that ends its connection. */
function windowOf({ lane, next }: LaneWork, most: number): Uint8Array[] {
  const window: Uint8Array[] = [];
  let endings = 0;
  while (window.length < most) {
    const packet = numbered(next(), window.length);
    if (lane.transport !== TRANSPORT.udp && mustBeDropped(packet, lane.transport) && endings++ > 0) continue;
    window.push(packet);
  }
  return window;
}

function faultIn(
  { lane, isRaw = false }: LaneWork,
  packet: Uint8Array,
  at: number,
  exchange: Exchange,
): Fault | undefined {
  const replies = exchange.replies.get(at) ?? [];
  if (isRaw) {
    const unreadable = [...replies, ...exchange.strangers]
      .map(unreadableBy)
      .find((each) => each !== undefined);
    return unreadable === undefined ? undefined : { kind: "unreadable", message: unreadable };
  }
  if (exchange.strangers.length > 0) return { kind: "wrong", message: "a reply that nothing asked for" };
  if (mustBeDropped(packet, lane.transport)) {
    return replies.length === 0 ? undefined : { kind: "toResponses", message: "was replied to" };
  }
  if (replies.length === 0) return { kind: "late", message: "was not replied to" };
  const isTransfer = lane.transport !== TRANSPORT.udp && asksForTransfer(packet, 0, packet.length);
  if (replies.length > 1 && !isTransfer) return { kind: "wrong", message: `${replies.length} replies` };
  for (const reply of replies) {
    const { unreadable, wrong } = faultsOf(packet, reply, lane.transport);
    const hex = Buffer.from(reply).toString("hex");
    if (unreadable !== undefined) return { kind: "unreadable", message: `${unreadable}: ${hex}` };
    if (wrong !== undefined) return { kind: "wrong", message: `${wrong}: ${hex}` };
  }
  return undefined;
}

/** What stays wrong, or late, however often it is asked. */
async function faultAlone(work: LaneWork, packet: Uint8Array): Promise<Fault | undefined> {
  const alone = numbered(packet, 0);
  let leastMs = Number.POSITIVE_INFINITY;
  let fault: Fault | undefined;
  let unanswered = 0;
  for (let times = 0; times < ATTEMPTS_IN_TIME && unanswered < ATTEMPTS; times++) {
    const exchange = await work.lane.exchange([alone]);
    fault = faultIn(work, alone, 0, exchange);
    if (fault !== undefined && fault.kind !== "late") return fault;
    if (fault !== undefined) unanswered++;
    leastMs = Math.min(leastMs, exchange.tookMs ?? Number.POSITIVE_INFINITY);
    if (fault === undefined && leastMs <= ANSWER_LIMIT_MS) return undefined;
  }
  return fault ?? { kind: "late", message: `took ${leastMs.toFixed(1)} ms at best` };
}

async function note(
  { lane, seed, ...work }: LaneWork,
  run: LaneRun,
  packet: Uint8Array,
  fault: Fault,
): Promise<void> {
  if (fault.kind === "late") run.wrong++;
  else run[fault.kind]++;
  if (run.failures.length >= MOST_FAILURES) return;
  // What is late would take its time again with each attempt.
  const smallest =
    fault.kind === "late"
      ? packet
      : await shrink(
          packet,
          async (each) => (await faultAlone({ lane, seed, ...work }, each))?.kind === fault.kind,
        );
  const hex = Buffer.from(smallest).toString("hex");
  run.failures.push(
    `${lane.name}, seed ${seed}, packet ${run.packets}, made smaller: ${hex}\n${fault.message}`,
  );
}

const FRAMES = 6;
const AT_ONCE = 16;

export interface RawWork {
  readonly name: string;
  readonly connect: Connect;
  readonly seed: number;
  readonly streams: number;
  readonly next: () => Uint8Array;
  readonly mutator: Mutator;
}

/** Connections whose lengths lie, that end within a message, or begin with something else. */
export async function runRawStreams(
  { name, connect, seed, streams, next, mutator }: RawWork,
  run: LaneRun,
): Promise<void> {
  const one = async (): Promise<void> => {
    const octets = mutator.mutate(join(...Array.from({ length: FRAMES }, () => framed(next()))));
    run.packets += FRAMES;
    const { messages, isClosed } = await writeRaw(connect, octets);
    run.replies += messages.length;
    const unreadable = messages.map(unreadableBy).find((each) => each !== undefined);
    if (unreadable === undefined && isClosed) return;
    if (unreadable === undefined) run.wrong++;
    else run.unreadable++;
    run.failures.push(
      `${name}, seed ${seed}: ${Buffer.from(octets).toString("hex")}\n${unreadable ?? "was left open"}`,
    );
  };
  for (let opened = 0; opened < streams && run.failures.length < MOST_FAILURES; opened += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, streams - opened) }, one));
  }
}
