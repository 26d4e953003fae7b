/** A question of one type under one health: what must come of it, and whether what has come is that. */

import { formatRdata } from "../../src/dns/rdata.ts";
import { CLASS, RCODE, TYPE } from "../../src/dns/types.ts";
import type { Snapshot } from "../../src/health/snapshot.ts";
import { evaluate } from "../../src/policy/evaluate.ts";
import type { Candidate, Draw, Evaluation } from "../../src/policy/evaluation.ts";
import type { AddressFamily } from "../../src/policy/model.ts";
import type { ZoneSet } from "../../src/zone/model.ts";
import { opt, option, packet, parsed, question } from "../support/packets.ts";
import { NODATA, type Prediction, predict, SERVFAIL } from "./predicted.ts";
import type { Question } from "./world.ts";

const ECS = 8;
const TYPES: readonly (readonly ["A" | "AAAA", AddressFamily])[] = [
  ["A", "ipv4"],
  ["AAAA", "ipv6"],
];

export interface Row {
  readonly asked: Question;
  readonly type: "A" | "AAAA";
  readonly evaluation: Evaluation;
  readonly prediction: Prediction;
  readonly packet: Uint8Array;
}

export function rowsOf(set: ZoneSet, questions: readonly Question[], snapshot: Snapshot): Row[] {
  const policies = set.zones.flatMap(({ nodes }) => [...nodes.policies.values()]);
  return questions.flatMap((asked) =>
    TYPES.map(([type, family]): Row => {
      const policy = policies[asked.policyNumber];
      if (policy === undefined) throw new Error(`there is no policy ${asked.policyNumber}`);
      const evaluation = evaluate(policy, set.definitions, snapshot, asked.client, family);
      const prediction = predict(evaluation, asked.position);
      return { asked, type, evaluation, prediction, packet: packetOf(asked, type, CLASS.IN) };
    }),
  );
}

export function packetOf(
  { owner, octets }: Question,
  type: "A" | "AAAA" | "TXT",
  qclass: number,
): Uint8Array {
  const family = octets.length === 4 ? 1 : 2;
  const subnet = option(ECS, 0, family, octets.length * 8, 0, ...octets);
  return packet({ question: question(owner, type, qclass), additional: [opt({ options: [subnet] })] });
}

export function isCertain({ prediction }: Row): boolean {
  return prediction.shares.size === 1;
}

/** The first address of a reply, NODATA or SERVFAIL; throws where the rest of it does not go with that. */
export function outcomeOf(row: Row, octets: Uint8Array): string {
  const { rcode, answers, isTruncated } = parsed(octets);
  const fail = (what: string): never => {
    throw new Error(`${describeRow(row)}: ${what}`);
  };
  if (rcode === RCODE.SERVFAIL) return SERVFAIL;
  if (rcode !== RCODE.NOERROR || isTruncated) return fail(`rcode ${rcode}, truncated ${isTruncated}`);
  if (answers.length === 0) return NODATA;
  const { ttlSeconds, draws } = row.prediction;
  const type = row.type === "A" ? TYPE.A : TYPE.AAAA;
  const other = answers.find((answer) => answer.ttlSeconds !== ttlSeconds || answer.type !== type);
  if (other !== undefined) return fail(`TTL ${other.ttlSeconds} for ${ttlSeconds}, type ${other.type}`);
  const texts = answers.map(({ rdata }) => formatRdata(type, rdata));
  if (!draws.some((draw) => canCome(draw, texts))) return fail(`no draw comes to ${texts.join(" ")}`);
  return texts[0] ?? NODATA;
}

/** Whether a draw can come to these addresses: whole endpoints in some order, as many as it answers, no address twice. */
function canCome({ candidates, answers }: Draw, texts: readonly string[]): boolean {
  if (new Set(texts).size !== texts.length) return false;
  const wanted = Math.min(answers, candidates.length);
  const goOn = (
    at: number,
    taken: ReadonlySet<string>,
    left: readonly Candidate[],
    drawn: number,
  ): boolean => {
    if (drawn === wanted) return at === texts.length;
    return left.some((candidate) => {
      const next = candidate.addresses.map(({ text }) => text).filter((text) => !taken.has(text));
      if (!next.every((text, index) => texts[at + index] === text)) return false;
      const rest = left.filter((each) => each !== candidate);
      return goOn(at + next.length, new Set([...taken, ...next]), rest, drawn + 1);
    });
  };
  return goOn(0, new Set(), candidates, 0);
}

export function describeRow({ asked: { owner, address }, type, prediction }: Row): string {
  const shares = Array.from(prediction.shares, ([cell, share]) => `${cell} ${share}`).join(", ");
  return `${owner} ${type} from ${address} (${shares})`;
}

/** The strings of the one TXT record of a reply. */
export function stringsOf(octets: Uint8Array): string[] {
  const rdata = parsed(octets).answers[0]?.rdata ?? new Uint8Array(0);
  const strings: string[] = [];
  for (let at = 0; at < rdata.length; at += 1 + (rdata[at] ?? 0)) {
    strings.push(Buffer.from(rdata.subarray(at + 1, at + 1 + (rdata[at] ?? 0))).toString("latin1"));
  }
  return strings;
}
