/**
 * What it costs to count a query, in nanoseconds of processor time, by what is counted; the least and the median of many
 * short rounds.
 *
 *     node --import tsx test/bench/counting.ts
 */

import { CounterWriter } from "../../src/answer/answer.ts";
import { createCounterBlock } from "../../src/answer/counter-layout.ts";
import { TRANSPORT } from "../../src/answer/transport.ts";
import { RCODE, TYPE } from "../../src/dns/types.ts";
import { createShared, turnsAt } from "../../src/server/worker-shared.ts";
import { medianOf } from "./report.ts";

const ROUNDS = 15;
const COUNTS = 4_000_000;
const ZONES = 16;
const ENDPOINTS = 64;

const block = createCounterBlock({ zoneCount: ZONES, answerCount: ENDPOINTS });
const counters = new CounterWriter(block, ZONES);
const shared = createShared(1);
const turns = turnsAt(0);

const WORK: readonly (readonly [what: string, count: (index: number) => void])[] = [
  ["nothing, for comparison", () => undefined],
  [
    "a query and its response, by zone, type and rcode",
    (index) => counters.countResponse(index % ZONES, TYPE.A, TRANSPORT.udp, RCODE.NOERROR),
  ],
  ["the endpoint of an answer", (index) => counters.countAnswer(index % ENDPOINTS)],
  ["a drop", () => counters.countDrop("port-zero")],
  ["a time, one in 64 batches", () => counters.observeResponse(0.000_02)],
  [
    "a turn of the worker, once a batch",
    () => {
      shared[turns] = ((shared[turns] ?? 0) + 1) | 0;
    },
  ],
];

function nanosecondsOf(count: (index: number) => void): number {
  const before = process.cpuUsage();
  for (let index = 0; index < COUNTS; index++) count(index);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / COUNTS;
}

for (const [what, count] of WORK) {
  const rounds = Array.from({ length: ROUNDS }, () => nanosecondsOf(count));
  const [least, median] = [Math.min(...rounds), medianOf(rounds)].map((value) =>
    value.toFixed(1).padStart(6),
  );
  console.log(`${what.padEnd(52)} ${least} ${median}`);
}
