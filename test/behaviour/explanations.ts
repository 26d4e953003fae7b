/**
 * Where other servers say something else, and why both are right or we are: each with a name, the RFC that decides, and
 * a rule that holds for the difference and for nothing more.
 */

import type { BulkQuestion } from "./bulk-asking.ts";
import { isSame, type Sections } from "./sections.ts";

/** Whose answers ours are compared with. */
export type Comparison = "nsd" | "knot";

export interface Explanation {
  readonly name: string;
  readonly of: Comparison;
  readonly explains: (question: BulkQuestion, ours: Sections, theirs: Sections) => boolean;
}

const NAMES_IN_RDATA = / (?:ns|mx|srv) .*?(\S+)$/;

/** The names that the data of these records point to, where a server may add addresses. */
function targetsIn(records: readonly string[]): Set<string> {
  return new Set(records.map((line) => NAMES_IN_RDATA.exec(line)?.[1] ?? ""));
}

function isAddressOf(targets: ReadonlySet<string>, record: string): boolean {
  const [owner = "", , type] = record.split(" ");
  return targets.has(owner) && (type === "a" || type === "aaaa");
}

/** The same but for additional records of theirs, each of which is an address of what the answer names. */
function addsTargets(ours: Sections, theirs: Sections): boolean {
  const targets = targetsIn(theirs.answer);
  const isAdded = (record: string): boolean => isAddressOf(targets, record);
  return isSame(ours, { ...theirs, additional: theirs.additional.filter((record) => !isAdded(record)) });
}

function followsTo(outside: string, { answer }: Sections): boolean {
  return answer.some((record) => record.includes(" cname ") && record.endsWith(outside));
}

export const EXPLANATIONS: readonly Explanation[] = [
  {
    // A resolver that primes itself asks a root server this (RFC 8109 §3.3); below the root nobody needs to be told.
    name: "NSD adds the addresses of an apex's name servers, however minimal its answers are",
    of: "nsd",
    explains: ({ apex, name, type }, ours, theirs) =>
      type === "NS" && name === apex && addsTargets(ours, theirs),
  },
  {
    // A wildcard is of its zone (RFC 4592 §2.1), and in that zone the name of the other one's apex does not exist.
    name: "NSD keeps all zones in one tree: where there is no cut, an inner zone's apex keeps the outer one's wildcard away",
    of: "nsd",
    explains: ({ apex, name, type }, ours, theirs) =>
      type === "DS" &&
      name === apex &&
      ours.answer.some((record) => record.startsWith(`${name} `)) &&
      theirs.answer.length === 0,
  },
  {
    // RFC 1034 §4.3.2 step 3a: the target is looked up like any name, from step 1 on, which chooses the zone.
    name: "Knot stays in the zone in which a chain began",
    of: "knot",
    explains: ({ outside }, ours) => outside !== "out.example." && followsTo(outside, ours),
  },
  {
    // RFC 1034 §4.3.2 step 6 has it as something useful that may be added.
    name: "Knot, which knows no minimal answers, adds the addresses of what MX, NS and SRV point to",
    of: "knot",
    explains: (_question, ours, theirs) => addsTargets(ours, theirs),
  },
];
