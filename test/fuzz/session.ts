/** What a run of fuzz comes to, over decoders and nodes: the failures, and the line that is printed of them. */

import { type AnswerSettings } from "../../src/answer/answer.ts";
import { DEFAULT_SETTINGS } from "../../src/answer/settings.ts";
import { KEYS } from "../support/tsig.ts";
import { type Decoder, liveHeapMib, runDecoder } from "./decoder.ts";
import { GEO_DATABASES } from "./geo-decoder.ts";
import type { NodeRun } from "./node-run.ts";
import { startProbedServer } from "./probe-replies.ts";
import { STATE_DECODERS } from "./state-decoders.ts";
import { TEXT_DECODERS } from "./text-decoders.ts";
import { answerPath, WIRE_DECODERS } from "./wire-decoders.ts";

/** Beyond that something is kept of what has been answered: a run has tens of thousands of packets. */
const MOST_NODE_GROWTH_MIB = 64;
const MOST_HEAP_GROWTH_MIB = 16;
/** Inputs that take milliseconds instead of microseconds come a tenth as often. */
const SLOW_SHARE = 0.1;
const SLOW_LIMIT_MS = 1_000;

const EVERYTHING: AnswerSettings = {
  ...DEFAULT_SETTINGS,
  nsid: new Uint8Array(128),
  minimalResponses: false,
  serverVersion: "fuzz",
  serverId: "x".repeat(255),
  cookieSecrets: [new Uint8Array(16), new Uint8Array(16).fill(1)],
  tsigKeys: KEYS,
  isStale: true,
};

export class FuzzSession {
  readonly failures: string[] = [];
  #packets = 0;
  #inputs = 0;
  #crashes = 0;
  #unreadable = 0;
  #toResponses = 0;
  #wrong = 0;
  #repeated = 0;
  #nodeGrownMib = 0;
  #heapGrownMib = 0;

  addNode(run: NodeRun): void {
    this.#packets += run.packets;
    this.#crashes += run.crashes;
    this.#unreadable += run.unreadable;
    this.#toResponses += run.toResponses;
    this.#wrong += run.wrong;
    this.#repeated += run.repeated;
    this.#nodeGrownMib = Math.max(this.#nodeGrownMib, run.grownMib);
    this.failures.push(...run.failures);
    if (run.grownMib > MOST_NODE_GROWTH_MIB) {
      this.failures.push(`The node's memory has grown by ${run.grownMib.toFixed(1)} MiB`);
    }
  }

  /** Every decoder with so many inputs each, and a part of them before the memory is looked at first. */
  async runDecoders(seed: number, inputs: number): Promise<void> {
    const probed = await startProbedServer();
    const decoders = [
      ...WIRE_DECODERS,
      ...TEXT_DECODERS,
      GEO_DATABASES,
      ...STATE_DECODERS,
      answerPath(EVERYTHING),
      probed.decoder,
    ];
    for (const decoder of decoders) await this.#runDecoder(decoder, seed, inputs / 4);
    const before = liveHeapMib();
    for (const decoder of decoders) await this.#runDecoder(decoder, seed + 1, inputs);
    const grownMib = liveHeapMib() - before;
    await probed.stop();
    this.#heapGrownMib = Math.max(this.#heapGrownMib, grownMib);
    if (grownMib > MOST_HEAP_GROWTH_MIB) {
      this.failures.push(`seed ${seed}: the decoders have kept ${grownMib.toFixed(1)} MiB`);
    }
  }

  async #runDecoder(decoder: Decoder, seed: number, inputs: number): Promise<void> {
    const share = decoder.limitMs >= SLOW_LIMIT_MS ? SLOW_SHARE : 1;
    const run = await runDecoder(decoder, seed, Math.ceil(inputs * share));
    this.#inputs += run.inputs;
    this.#repeated += run.repeated;
    this.#crashes += run.failures.length;
    this.failures.push(...run.failures);
  }

  /** One line, as continuous integration looks for it. */
  line(): string {
    return [
      `fuzz: packets ${this.#packets}`,
      `decoders ${this.#inputs} inputs`,
      `crashes ${this.#crashes}`,
      `replies that do not parse ${this.#unreadable}`,
      `replies to responses ${this.#toResponses}`,
      `missing, late or wrong ${this.#wrong}`,
      `asked again ${this.#repeated}`,
      `memory grown by ${this.#nodeGrownMib.toFixed(1)} MiB (node), ${this.#heapGrownMib.toFixed(1)} MiB (decoders)`,
    ].join(", ");
  }
}
