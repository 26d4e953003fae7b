/**
 * What a query costs in the code above the kernel: the answer function alone, in nanoseconds a query, without sockets.
 *
 *     node --import tsx test/bench/answer-path.ts [names…] [a part of a row's name]
 *
 * Each row asks a working set of questions round and round, in place, as a server's slots are used: the part of the query
 * that the answer has overwritten is restored before each one. The cost of that alone is measured as well and taken off.
 * A row is the median of many short rounds, then the least of them and the quartiles, in processor time, as other work on
 * the machine comes and goes; behind them the octets that a query allocates.
 */

import { Counters, createAnswer, LookAhead, TRANSPORT } from "../../src/answer/answer.ts";
import {
  type ClientAddress,
  createClientAddress,
  setClientAddress,
} from "../../src/answer/client-address.ts";
import { Cookies } from "../../src/answer/cookies.ts";
import { createRateTable } from "../../src/answer/rate-limit.ts";
import { type AnswerSettings, DEFAULT_SETTINGS, type RateLimitSettings } from "../../src/answer/settings.ts";
import { loadGeoFile, packagedGeoFile } from "../../src/daemon/geo-file.ts";
import { compileDecisions, compilePlaces, compileZones, makeImage } from "../../src/image/image.ts";
import { seededRandom } from "../support/answering.ts";
import { opt, option, query } from "../support/packets.ts";
import { snapshot } from "../support/policies.ts";
import { benchSet, nameAt } from "./zone-sets.ts";

const SLOT_OCTETS = 256;
/** As many as a worker takes at once. */
const BATCH = 32;
const ROUNDS = 15;
const WARM_UP_QUERIES = 200_000;
const QUERIES_A_ROUND = 131_072;
const QUERIES_ALLOCATING = 4_096;
const CLIENT = createClientAddress();
setClientAddress(CLIENT, "127.0.0.1");

interface Row {
  readonly what: string;
  readonly octets: (random: () => number) => Uint8Array;
  readonly distinct: number;
  /** What is set otherwise than by default. */
  readonly settings?: Partial<AnswerSettings>;
}

const COOKIE_SECRETS = [new Uint8Array(16)];
const CLIENT_PART = [1, 2, 3, 4, 5, 6, 7, 8];

/** A cookie that the server whose secret that is has made for a client, at this moment. */
function goodCookie(client: ClientAddress): Uint8Array {
  const cookies = new Cookies();
  cookies.configure(COOKIE_SECRETS);
  const octets = new Uint8Array(40);
  octets.set(CLIENT_PART);
  cookies.judge({ octets, length: CLIENT_PART.length }, client, Date.now);
  return cookies.answer;
}

/** So much that nothing is ever held back. */
const rateLimit = (): RateLimitSettings => ({
  responsesPerSecond: 100_000,
  windowSeconds: 15,
  slip: 2,
  ipv4PrefixBits: 24,
  ipv6PrefixBits: 56,
  exempt: [],
  table: createRateTable(262_144),
  seed: 1,
});

/** What costs something only where it is asked for, or set. */
function extraRows(label: string, distinct: number, any: (random: () => number) => number): Row[] {
  const cookie = option(10, ...goodCookie(CLIENT));
  const staticA = (...options: Uint8Array[]) => ({
    distinct,
    octets: (random: () => number) => query(nameAt(any(random)), "A", opt({ options })),
  });
  return [
    { what: `${label} names, static A, NSID`, ...staticA(option(3)) },
    { what: `${label} names, static A, ECS`, ...staticA(option(8, 0, 1, 24, 0, 10, 1, 2)) },
    {
      what: `${label} names, static A, new cookie`,
      ...staticA(option(10, ...CLIENT_PART)),
      settings: { cookieSecrets: COOKIE_SECRETS },
    },
    {
      what: `${label} names, static A, good cookie`,
      ...staticA(cookie),
      settings: { cookieSecrets: COOKIE_SECRETS },
    },
    {
      what: `${label} names, static A, EDNS, rate limit`,
      ...staticA(),
      settings: { rateLimit: rateLimit() },
    },
    {
      what: `${label} names, static A, EDNS, not minimal`,
      ...staticA(),
      settings: { minimalResponses: false },
    },
  ];
}

/** By the countries that come along, of resolvers that speak of networks at random, most of which are somewhere. */
function placeRows(label: string, distinct: number): Row[] {
  const anywhere = (random: () => number): Uint8Array => {
    const octet = (): number => Math.floor(random() * 256);
    return option(8, 0, 1, 24, 0, 1 + Math.floor(random() * 223), octet(), octet());
  };
  return ["geo", "place", "nearest"].map((name) => ({
    what: `${label} names, ${name}, ECS anywhere`,
    distinct,
    octets: (random) => query(`${name}.bench.test.`, "A", opt({ options: [anywhere(random)] })),
  }));
}

function rowsFor(names: number): Row[] {
  const any = (random: () => number): number => Math.floor(random() * names);
  const distinct = Math.min(names, 65_536);
  const label = names.toLocaleString("en");
  return [
    { what: `${label} names, static A`, distinct, octets: (random) => query(nameAt(any(random)), "A") },
    {
      what: `${label} names, static A, EDNS`,
      distinct,
      octets: (random) => query(nameAt(any(random)), "A", opt()),
    },
    { what: `${label} names, weighted`, distinct, octets: () => query("weighted.bench.test.", "A") },
    {
      what: `${label} names, weighted, EDNS`,
      distinct,
      octets: () => query("weighted.bench.test.", "A", opt()),
    },
    {
      what: `${label} names, weighted with a dry run beside`,
      distinct,
      octets: () => query("tried.bench.test.", "A"),
    },
    {
      what: `${label} names, weighted, TXT: NODATA`,
      distinct,
      octets: () => query("weighted.bench.test.", "TXT"),
    },
    { what: `${label} names, as=cname`, distinct, octets: () => query("cloud.bench.test.", "A") },
    { what: `${label} names, failover`, distinct, octets: () => query("failover.bench.test.", "A") },
    { what: `${label} names, geo`, distinct, octets: () => query("geo.bench.test.", "A") },
    ...placeRows(label, distinct),
    {
      what: `${label} names, NXDOMAIN`,
      distinct,
      octets: (random) => query(`no${any(random)}.bench.test.`, "A"),
    },
    { what: `${label} names, NODATA`, distinct, octets: (random) => query(nameAt(any(random)), "MX") },
    {
      what: `${label} names, wildcard`,
      distinct,
      octets: (random) => query(`x${any(random)}.wild.bench.test.`, "A"),
    },
    {
      what: `${label} names, HTTPS with hints`,
      distinct,
      octets: () => query("hinted.bench.test.", "HTTPS"),
    },
    { what: `${label} names, SRV, health-aware`, distinct, octets: () => query("_aware.bench.test.", "SRV") },
    { what: `${label} names, CNAME`, distinct, octets: () => query("alias.bench.test.", "A") },
    {
      what: `${label} names, referral`,
      distinct,
      octets: (random) => query(`h${any(random)}.cut.bench.test.`, "A"),
    },
    {
      what: `${label} names, REFUSED`,
      distinct,
      octets: (random) => query(`h${any(random)}.elsewhere.`, "A"),
    },
    ...extraRows(label, distinct, any),
  ];
}

/** Slots side by side, each with a query; `tails` is what restores the part that an answer overwrites. */
interface Slots {
  readonly buffer: Uint8Array;
  readonly lengths: Uint16Array;
  readonly questionEnds: Uint16Array;
  readonly originals: Uint8Array;
}

function slotsFor({ octets, distinct }: Row): Slots {
  const random = seededRandom(11);
  const originals = new Uint8Array(distinct * SLOT_OCTETS + 65_536);
  const lengths = new Uint16Array(distinct);
  const questionEnds = new Uint16Array(distinct);
  for (let slot = 0; slot < distinct; slot++) {
    const packet = octets(random);
    originals.set(packet, slot * SLOT_OCTETS);
    lengths[slot] = packet.length;
    let at = 12;
    while ((packet[at] ?? 0) !== 0) at += (packet[at] ?? 0) + 1;
    questionEnds[slot] = at + 5;
  }
  return { buffer: originals.slice(), originals, lengths, questionEnds };
}

function restore({ buffer, originals, lengths, questionEnds }: Slots, slot: number): void {
  const at = slot * SLOT_OCTETS;
  for (let octet = at + 2; octet < at + 12; octet++) buffer[octet] = originals[octet] ?? 0;
  const end = at + (lengths[slot] ?? 0);
  for (let octet = at + (questionEnds[slot] ?? 0); octet < end; octet++)
    buffer[octet] = originals[octet] ?? 0;
}

interface Spread {
  readonly least: number;
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  return { least: at(0), low: at(0.25), median: at(0.5), high: at(0.75) };
}

/** Processor time, which other work on the machine touches less than the clock. */
function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function measure(row: Row, ahead: LookAhead, answerSlot: (slots: Slots, slot: number) => number): string {
  const slots = slotsFor(row);
  const offsets = new Int32Array(BATCH);
  const lengths = new Int32Array(BATCH);
  const look = (first: number): void => {
    const count = Math.min(BATCH, row.distinct - first);
    for (let index = 0; index < count; index++) {
      offsets[index] = (first + index) * SLOT_OCTETS;
      lengths[index] = slots.lengths[first + index] ?? 0;
    }
    ahead.look(slots.buffer, offsets, lengths, count);
  };
  let sink = 0;
  const run = (count: number, answers: boolean): number => {
    const startedMicroseconds = cpuMicroseconds();
    let slot = 0;
    for (let asked = 0; asked < count; asked++) {
      restore(slots, slot);
      if (answers && slot % BATCH === 0 && ahead.pays()) look(slot);
      if (answers) sink += answerSlot(slots, slot);
      slot = slot + 1 === row.distinct ? 0 : slot + 1;
    }
    return ((cpuMicroseconds() - startedMicroseconds) * 1e3) / count;
  };
  run(WARM_UP_QUERIES, true);
  run(WARM_UP_QUERIES, false);
  const nanoseconds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    nanoseconds.push(run(QUERIES_A_ROUND, true) - run(QUERIES_A_ROUND, false));
  }
  const allocated = spreadOf(Array.from({ length: ROUNDS }, () => octetsAllocated(run))).median;
  if (sink === 0) throw new Error("no query was answered");
  const { least, low, median, high } = spreadOf(nanoseconds);
  const figures = [median, least, low, high].map((value) => value.toFixed(0).padStart(6));
  return `${row.what.padEnd(40)} ${figures.join(" ")} ${allocated.toFixed(1).padStart(7)}`;
}

/** A query's, of a run so short that nothing is collected in it; asking alone allocates as well, and is taken off. */
function octetsAllocated(run: (count: number, answers: boolean) => number): number {
  const grown = (answers: boolean): number => {
    const before = process.memoryUsage().heapUsed;
    run(QUERIES_ALLOCATING, answers);
    return (process.memoryUsage().heapUsed - before) / QUERIES_ALLOCATING;
  };
  return grown(true) - grown(false);
}

function benchmark(names: number): void {
  const set = benchSet(names);
  const startedMs = performance.now();
  const part = compileZones(set);
  const zonesMs = performance.now() - startedMs;
  const health = snapshot([...set.definitions.pools.values()]);
  const geo = loadGeoFile(packagedGeoFile());
  if (!geo.ok) throw new Error(geo.reason);
  const places = compilePlaces(part, geo.database);
  const decisions = compileDecisions(part, health, set.definitions, places);
  const image = makeImage(1, part, decisions);
  const ahead = new LookAhead(() => image, BATCH);
  console.log(`${names.toLocaleString("en")} names: zones compiled in ${zonesMs.toFixed(0)} ms`);
  for (const row of rowsFor(names)) {
    if (!row.what.includes(only)) continue;
    const answer = createAnswer({
      random: seededRandom(5),
      now: Date.now,
      counters: new Counters(),
      settings: { current: { ...DEFAULT_SETTINGS, ...row.settings } },
    });
    const line = measure(row, ahead, (slots, slot) =>
      answer(slots.buffer, slot * SLOT_OCTETS, slots.lengths[slot] ?? 0, CLIENT, TRANSPORT.udp, image),
    );
    console.log(line);
  }
}

const only = process.argv.slice(2).find((word) => Number.isNaN(Number(word))) ?? "";
const sizes = process.argv
  .slice(2)
  .map(Number)
  .filter((size) => size > 0);
for (const names of sizes.length > 0 ? sizes : [1_000, 1_000_000]) benchmark(names);
