/**
 * A set of zones as the checker accepts it: immutable, and all that serving, testing and explaining need to know of the
 * files. Definitions belong to the whole set; names and RRsets to their zone.
 */

import type { Name } from "../dns/name.ts";
import type { RRset } from "../dns/rrset.ts";
import type { Client } from "../geo/client.ts";
import type { Monitor } from "../health/monitor.ts";
import type { AddressFamily, Definitions, Policy } from "../policy/model.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { TestedExpectation } from "./expect.ts";
import type { JudgedFile } from "./judge.ts";
import type { ZoneNodes } from "./zone-nodes.ts";

/** Where something stands in the files. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One owner name of a zone; an empty non-terminal has neither RRsets nor a policy (RFC 4592 §2.2.2). */
export interface ZoneNode {
  readonly owner: Name;
  /** By RR type code. */
  readonly rrsets: ReadonlyMap<number, RRset>;
  /** Answers A and AAAA in place of RRsets. */
  readonly policy: Policy | undefined;
}

/** A POLICY record that says `dry-run`: evaluated, published and counted, and never answered from. */
export interface DryRun {
  readonly owner: Name;
  readonly policy: Policy;
}

export interface Zone {
  readonly apex: Name;
  readonly file: string;
  readonly serial: number;
  readonly soa: RRset;
  /** By `nameKey` of the owner: every owner and every empty non-terminal from the apex down. */
  readonly nodes: ZoneNodes;
  /** By `nameKey` of the owner, which need not be a name of the zone: what is never answered makes no name exist. */
  readonly dryRuns: ReadonlyMap<string, DryRun>;
}

export type SupposedState = "up" | "down" | "drain";

/** `ref=state` of a `when` clause, the glob already resolved to endpoint identifiers. */
export interface Supposition {
  readonly endpointIds: readonly string[];
  readonly state: SupposedState;
}

export type ExpectedOutcome =
  | { readonly kind: "nodata" }
  | { readonly kind: "servfail" }
  /** Per cent and the number of decimals written; a REF without a share is 100. */
  | {
      readonly kind: "shares";
      readonly shares: readonly {
        readonly ref: string;
        readonly percent: number;
        readonly decimals: number;
      }[];
    };

export interface Expectation {
  readonly position: Position;
  /** As written, for messages. */
  readonly text: string;
  readonly owner: Name;
  readonly family: AddressFamily;
  readonly client: Client;
  readonly suppositions: readonly Supposition[];
  readonly outcome: ExpectedOutcome;
}

export interface Rule {
  readonly position: Position;
  readonly atLeast: number;
  readonly refs: readonly string[];
}

export interface MaintenanceWindow {
  readonly position: Position;
  readonly ref: string;
  readonly state: "drain" | "down";
  readonly cron: string;
  readonly forMs: number;
  readonly timeZone: string | undefined;
}

export interface ZoneSet {
  readonly zones: readonly Zone[];
  readonly monitors: ReadonlyMap<string, Monitor>;
  readonly definitions: Definitions;
  readonly expectations: readonly Expectation[];
  readonly rules: readonly Rule[];
  readonly windows: readonly MaintenanceWindow[];
  /** Every file read, included ones too: what a reload watches. */
  readonly files: readonly SourceDigest[];
}

/** What a file held, told by a digest of it; `undefined` where the load was given no way to make one. */
export interface SourceDigest {
  readonly path: string;
  readonly digest: string | undefined;
}

export interface SourceFile {
  readonly path: string;
  readonly octets: Uint8Array;
}

/** The result of loading. `set` is present only where no diagnostic is an error; diagnostics are sorted by their places. */
export interface LoadResult {
  readonly set: ZoneSet | undefined;
  /** The set before its expectations were tried: what `explain` may look into where one of them fails. */
  readonly untried: ZoneSet | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** Every `$EXPECT` with what came of it; none where something else was an error, and nothing could be tried. */
  readonly tested: readonly TestedExpectation[];
  /** What a later load may take over where files are unchanged; none without `untried`. */
  readonly judged: readonly JudgedFile[];
  /** Every file of the set with its octets, for whoever keeps them; none without `untried`. */
  readonly sources: readonly SourceFile[];
}
