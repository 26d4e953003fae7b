/**
 * What the answer path counts, in typed arrays that are laid out for the zones and policies of one set and made before
 * they are needed: a count is an index and an addition. Readers put the labels to them, for the metrics.
 *
 * When the zones change, what was counted so far is folded into totals by label, and new arrays are laid out. So no
 * value ever goes down, and a zone that comes back goes on from where it was. `answer` sees to that by itself when it
 * meets an image with other zones; the daemon may call `adopt` before, so that no query has to wait for it.
 */

import { formatRcode, formatType, parseType } from "../dns/types.ts";
import type { ZonePart } from "../image/zones.ts";
import { LabelledTotals } from "./labelled-totals.ts";
import { TRANSPORT_NAMES, type Transport } from "./transport.ts";

/** Why a query got no answer. */
export const DROP_REASONS = [
  "short",
  "response",
  "port-zero",
  "client-address",
  "send-queue-full",
  "send-failed",
  "internal-error",
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** The types that have a label of their own; all others share one, as a client could make up 65,536. */
const LABELLED_TYPES: readonly number[] = (
  "A AAAA NS SOA CNAME DNAME PTR MX TXT SRV CAA NAPTR SSHFP TLSA DS SVCB HTTPS LOC HINFO RP URI SPF " +
  "DNSKEY RRSIG ANY AXFR IXFR"
)
  .split(" ")
  .map((mnemonic) => parseType(mnemonic) ?? 0);
const OTHER_TYPE = LABELLED_TYPES.length;
const TYPE_SLOTS = LABELLED_TYPES.length + 1;
const LABELLED_TYPE_LIMIT = 258;
/** By RR type below the limit: its slot. */
const SLOT_OF_TYPE = Uint8Array.from({ length: LABELLED_TYPE_LIMIT }, (_, type) => {
  const slot = LABELLED_TYPES.indexOf(type);
  return slot === -1 ? OTHER_TYPE : slot;
});
/** The codes that we send are all below this. */
const RCODE_SLOTS = 24;
/** The zone label of queries for names that are not ours. */
const NO_ZONE = "none";

/** Upper bounds, ascending: from a few microseconds, where an answer belongs, to where something is badly wrong. */
export const RESPONSE_BOUNDS_SECONDS: readonly number[] = [
  0.000_005, 0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.01, 0.1,
];

/** The arrays for one set of zones. Zone slots are one more than zone numbers: slot 0 is `none`. */
interface Layout {
  readonly zones: ZonePart | undefined;
  /** [zone][transport][type] */
  readonly queries: Float64Array;
  /** [zone][rcode] */
  readonly responses: Float64Array;
  /** By policy number: where its endpoints begin in `answers`. */
  readonly answerBases: Uint32Array;
  readonly answers: Float64Array;
}

function layOut(zones: ZonePart | undefined): Layout {
  const zoneSlots = 1 + (zones?.zones.length ?? 0);
  const policies = zones?.policies ?? [];
  const answerBases = new Uint32Array(policies.length);
  let endpoints = 0;
  policies.forEach((policy, number) => {
    answerBases[number] = endpoints;
    endpoints += policy.endpoints.length;
  });
  return {
    zones,
    queries: new Float64Array(zoneSlots * TRANSPORT_NAMES.length * TYPE_SLOTS),
    responses: new Float64Array(zoneSlots * RCODE_SLOTS),
    answerBases,
    answers: new Float64Array(endpoints),
  };
}

function add(counts: Float64Array, index: number): void {
  counts[index] = (counts[index] ?? 0) + 1;
}

export class Counters {
  #layout: Layout = layOut(undefined);
  readonly #pastQueries = new LabelledTotals(["zone", "qtype", "transport"]);
  readonly #pastResponses = new LabelledTotals(["zone", "rcode"]);
  readonly #pastAnswers = new LabelledTotals(["policy", "pool", "endpoint"]);
  readonly #drops = new Float64Array(DROP_REASONS.length);
  readonly #responseCounts = new Float64Array(RESPONSE_BOUNDS_SECONDS.length + 1);
  #responseSumSeconds = 0;

  /** Folds what was counted and lays out for other zones; nothing to do where they are the same. */
  adopt(zones: ZonePart): void {
    if (this.#layout.zones === zones) return;
    this.#eachQuery(this.#pastQueries);
    this.#eachResponse(this.#pastResponses);
    this.#eachAnswer(this.#pastAnswers);
    this.#layout = layOut(zones);
  }

  /** `zoneNumber` is −1 for a name that is not ours. */
  countQuery(zoneNumber: number, qtype: number, transport: Transport): void {
    const type = qtype < LABELLED_TYPE_LIMIT ? (SLOT_OF_TYPE[qtype] ?? OTHER_TYPE) : OTHER_TYPE;
    add(this.#layout.queries, ((zoneNumber + 1) * TRANSPORT_NAMES.length + transport) * TYPE_SLOTS + type);
  }

  countResponse(zoneNumber: number, rcode: number): void {
    add(this.#layout.responses, (zoneNumber + 1) * RCODE_SLOTS + rcode);
  }

  /** One endpoint in one answer; `endpointNumber` is its place among those that the policy reaches. */
  countAnswer(policyNumber: number, endpointNumber: number): void {
    add(this.#layout.answers, (this.#layout.answerBases[policyNumber] ?? 0) + endpointNumber);
  }

  countDrop(reason: DropReason): void {
    add(this.#drops, DROP_REASONS.indexOf(reason));
  }

  observeResponse(seconds: number): void {
    let bucket = 0;
    while (seconds > (RESPONSE_BOUNDS_SECONDS[bucket] ?? Infinity)) bucket++;
    add(this.#responseCounts, bucket);
    this.#responseSumSeconds += seconds;
  }

  queries(): { zone: string; qtype: string; transport: string; value: number }[] {
    const totals = this.#pastQueries.copy();
    this.#eachQuery(totals);
    return totals.entries();
  }

  responses(): { zone: string; rcode: string; value: number }[] {
    const totals = this.#pastResponses.copy();
    this.#eachResponse(totals);
    return totals.entries();
  }

  answers(): { policy: string; pool: string; endpoint: string; value: number }[] {
    const totals = this.#pastAnswers.copy();
    this.#eachAnswer(totals);
    return totals.entries();
  }

  /** Every reason, those that never occurred as well. */
  dropped(): { reason: DropReason; value: number }[] {
    return DROP_REASONS.map((reason, index) => ({ reason, value: this.#drops[index] ?? 0 }));
  }

  /** One count for each bound and a last one for what lies above, not summed up. */
  responseSeconds(): { boundsSeconds: readonly number[]; counts: ArrayLike<number>; sumSeconds: number } {
    return {
      boundsSeconds: RESPONSE_BOUNDS_SECONDS,
      counts: this.#responseCounts,
      sumSeconds: this.#responseSumSeconds,
    };
  }

  #zoneLabel(zoneSlot: number): string {
    return this.#layout.zones?.zones[zoneSlot - 1]?.name ?? NO_ZONE;
  }

  #eachQuery(totals: LabelledTotals<"zone" | "qtype" | "transport">): void {
    this.#layout.queries.forEach((value, index) => {
      if (value === 0) return;
      const type = LABELLED_TYPES[index % TYPE_SLOTS];
      const row = Math.floor(index / TYPE_SLOTS);
      totals.add(value, {
        zone: this.#zoneLabel(Math.floor(row / TRANSPORT_NAMES.length)),
        qtype: type === undefined ? "other" : formatType(type),
        transport: TRANSPORT_NAMES[row % TRANSPORT_NAMES.length] ?? "",
      });
    });
  }

  #eachResponse(totals: LabelledTotals<"zone" | "rcode">): void {
    this.#layout.responses.forEach((value, index) => {
      if (value === 0) return;
      totals.add(value, {
        zone: this.#zoneLabel(Math.floor(index / RCODE_SLOTS)),
        rcode: formatRcode(index % RCODE_SLOTS),
      });
    });
  }

  #eachAnswer(totals: LabelledTotals<"policy" | "pool" | "endpoint">): void {
    const { zones, answers, answerBases } = this.#layout;
    zones?.policies.forEach(({ policy, endpoints }, policyNumber) => {
      endpoints.forEach(({ pool, name }, number) => {
        const value = answers[(answerBases[policyNumber] ?? 0) + number] ?? 0;
        if (value > 0) totals.add(value, { policy: policy.name, pool, endpoint: name });
      });
    });
  }
}
