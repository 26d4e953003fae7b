/**
 * Where other servers say something else, and why both are right or we are: each with a name, the RFC that decides, and
 * a rule that holds for the difference and for nothing more.
 */

import { ADDRESS_BESIDE_DNAME } from "../support/zone-generator.ts";
import type { BulkQuestion } from "./bulk-asking.ts";
import { isSame, type Sections } from "./sections.ts";

/** Whose answers ours are compared with. */
export type Comparison = "nsd minimal" | "nsd complete" | "knot";

export interface Explanation {
  readonly name: string;
  /** One comparison, or all whose names begin so. */
  readonly of: string;
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

/** The same but for some of our additional records, which are all addresses of what the answer names. */
function lacks(ours: Sections, theirs: Sections, isLacking: (record: string) => boolean): boolean {
  const targets = targetsIn(ours.answer);
  const kept = ours.additional.filter((record) => !isAddressOf(targets, record) || !isLacking(record));
  return isSame({ ...ours, additional: kept }, theirs);
}

/** Of `a.b.c.`: `a.`, and what is left when more labels than that are gone. */
function isShortened(owner: string, whole: string): boolean {
  const [first = "", ...rest] = owner.split(".");
  return whole.startsWith(`${first}.`) && whole.endsWith(`.${rest.join(".")}`) && owner.length < whole.length;
}

function followsTo(outside: string, { answer }: Sections): boolean {
  return answer.some((record) => record.includes(" cname ") && record.endsWith(outside));
}

export const EXPLANATIONS: readonly Explanation[] = [
  {
    // A resolver that primes itself asks a root server this (RFC 8109 §3.3); below the root nobody needs to be told.
    name: "NSD adds the addresses of an apex's name servers, however minimal its answers are",
    of: "nsd minimal",
    explains: ({ apex, name, type }, ours, theirs) =>
      type === "NS" && name === apex && addsTargets(ours, theirs),
  },
  {
    // RFC 1034 §3.7 has NS go along with an answer as a convenience, whatever its type; BIND sends them with DS as well.
    name: "NSD, asked for DS, adds nothing",
    of: "nsd complete",
    explains: ({ apex, type }, ours, theirs) => {
      const servers = targetsIn(ours.authority);
      const authority = ours.authority.filter((record) => !record.startsWith(`${apex} `));
      const additional = ours.additional.filter((record) => !isAddressOf(servers, record));
      return type === "DS" && isSame({ ...ours, authority, additional }, theirs);
    },
  },
  {
    // RFC 4592 §2.1: what a wildcard makes has the name that was looked for. Ours and Knot's have.
    name: "NSD writes an additional record that a wildcard made with one label of the name above the wildcard's parent",
    of: "nsd complete",
    explains: (_question, ours, theirs) => {
      const odd = theirs.additional.filter((record) => !ours.additional.includes(record));
      const missing = ours.additional.filter((record) => !theirs.additional.includes(record));
      const isOdd = (record: string): boolean => {
        const [owner = "", ...data] = record.split(" ");
        return missing.some((other) => {
          const [whole = "", ...same] = other.split(" ");
          return same.join(" ") === data.join(" ") && isShortened(owner, whole);
        });
      };
      const isRest = isSame({ ...ours, additional: [] }, { ...theirs, additional: [] });
      return isRest && odd.length === missing.length && odd.every(isOdd);
    },
  },
  {
    // A DNAME speaks of what is below its owner, not of the owner itself (RFC 6672 §2.3).
    name: "NSD adds no addresses that stand beside a DNAME",
    of: "nsd complete",
    explains: (_question, ours, theirs) =>
      lacks(ours, theirs, (record) => record.endsWith(` a ${ADDRESS_BESIDE_DNAME}`)),
  },
  {
    // RFC 1034 §4.3.2 step 6 asks for local data, whichever zone of ours it is in.
    name: "NSD adds addresses from the zone of the answer alone",
    of: "nsd complete",
    explains: ({ outside }, ours, theirs) =>
      lacks(ours, theirs, (record) => record.startsWith(`${outside} `)),
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
