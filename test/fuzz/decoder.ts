/**
 * A decoder under fuzz, and how one is run: the same inputs for the same seed, each of them checked and timed. What fails
 * is made smaller and told with its seed.
 */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Mutator } from "./mutation.ts";
import { createMutator } from "./mutation.ts";
import { shrink } from "./shrink.ts";

export interface Decoder {
  readonly name: string;
  /** Longer than that none of several attempts may take. */
  readonly limitMs: number;
  /** Makes inputs, right ones and others. */
  source(mutator: Mutator, seed: number): () => Uint8Array;
  /** Reads the input and throws where something about that is wrong. */
  check(input: Uint8Array): void | Promise<void>;
}

export interface DecoderRun {
  readonly inputs: number;
  /** Took longer than the limit at first, for whatever reason. */
  readonly repeated: number;
  /** In words, with all that it takes to see them again. */
  readonly failures: readonly string[];
}

/** What an answer may take. */
export const ANSWER_LIMIT_MS = 20;
/** The machine may be busy with something else; not so many times in a row with an input that is read in time. */
const TIMING_ATTEMPTS = 6;
/** Whoever reads the failures needs no more of one kind. */
const MOST_FAILURES = 3;

export async function runDecoder(decoder: Decoder, seed: number, inputs: number): Promise<DecoderRun> {
  const next = decoder.source(createMutator(seed), seed);
  const failures: string[] = [];
  let repeated = 0;
  for (let index = 0; index < inputs && failures.length < MOST_FAILURES; index++) {
    const input = next();
    const first = await attempt(decoder, input);
    if (first.fault === undefined && first.tookMs <= decoder.limitMs) continue;
    if (first.fault === undefined) repeated++;
    const fault = first.fault ?? (await faultOf(decoder, input));
    if (fault === undefined) continue;
    const fails = async (candidate: Uint8Array): Promise<boolean> =>
      (await faultOf(decoder, candidate)) !== undefined;
    const smallest = await shrink(input, fails);
    const hex = Buffer.from(smallest).toString("hex");
    failures.push(`${decoder.name}, seed ${seed}, input ${index}, made smaller: ${hex}\n${fault}`);
  }
  return { inputs, repeated, failures };
}

interface Attempt {
  readonly fault: string | undefined;
  readonly tookMs: number;
}

async function attempt(decoder: Decoder, input: Uint8Array): Promise<Attempt> {
  const startedMs = performance.now();
  try {
    const checked = decoder.check(input);
    if (checked instanceof Promise) await checked;
    return { fault: undefined, tookMs: performance.now() - startedMs };
  } catch (error) {
    return { fault: error instanceof Error ? (error.stack ?? error.message) : String(error), tookMs: 0 };
  }
}

/** The fault of an input, one that takes too long in all of some attempts among them. */
async function faultOf(decoder: Decoder, input: Uint8Array): Promise<string | undefined> {
  let leastMs = Number.POSITIVE_INFINITY;
  for (let times = 0; times < TIMING_ATTEMPTS; times++) {
    const { fault, tookMs } = await attempt(decoder, input);
    if (fault !== undefined) return fault;
    leastMs = Math.min(leastMs, tookMs);
    if (leastMs <= decoder.limitMs) return undefined;
  }
  return `takes ${leastMs.toFixed(1)} ms at best`;
}

/** Fails an input unless the two are the same octets. */
export function expectSame(actual: Uint8Array | undefined, expected: Uint8Array, what: string): void {
  if (actual !== undefined && Buffer.compare(actual, expected) === 0) return;
  const shown = actual === undefined ? "nothing" : Buffer.from(actual).toString("hex");
  throw new Error(`${what}: ${shown}, expected ${Buffer.from(expected).toString("hex")}`);
}

export function expectThat(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** What lives, in MiB, once all that is dead has gone. */
export function liveHeapMib(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
}
