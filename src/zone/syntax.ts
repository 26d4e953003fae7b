/**
 * What the parser makes of zone files before anything is resolved: entries with their places. Names of pools, endpoints
 * and policies are still text here; `zone/resolve` gives them their meaning and `zone/check` judges the whole.
 */

import type { Name } from "../dns/name.ts";
import type { Client } from "../geo/client.ts";
import type { HostPort, Monitor, MonitorUse } from "../health/monitor.ts";
import type { GeoMatch } from "../policy/expression.ts";
import type { Address, AddressFamily, Failback, Location, MinUp, WhenDown } from "../policy/model.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type {
  ExpectedOutcome,
  MaintenanceWindow,
  Position,
  Rule,
  SourceFile,
  SupposedState,
} from "./model.ts";
import type { RecordTable } from "./record-table.ts";

/** A REF as written: `pool`, `pool/endpoint` or a policy's name. */
export interface RefSyntax {
  readonly text: string;
  readonly position: Position;
}

export interface WeightedChildSyntax {
  readonly weight: number;
  readonly expression: ExpressionSyntax;
}

export interface GeoEntrySyntax {
  readonly position: Position;
  readonly match: GeoMatch;
  readonly expression: ExpressionSyntax | "nodata";
}

export type ExpressionSyntax =
  | { readonly kind: "ref"; readonly ref: RefSyntax }
  | {
      readonly kind: "failover" | "nearest" | "spill";
      readonly position: Position;
      readonly children: readonly ExpressionSyntax[];
    }
  | {
      readonly kind: "weighted" | "sticky" | "all";
      readonly position: Position;
      readonly children: readonly WeightedChildSyntax[];
    }
  | { readonly kind: "geo"; readonly position: Position; readonly entries: readonly GeoEntrySyntax[] };

export interface PolicyRecordEntry {
  readonly position: Position;
  readonly owner: Name;
  readonly maxSeconds: number;
  readonly minSeconds: number;
  readonly expression: ExpressionSyntax;
  readonly whenDown: WhenDown;
  readonly rtoMs: number | undefined;
  readonly demand: number | undefined;
  readonly dryRun: boolean;
  /** Where each option stands, by its key (`rto`, `demand`, `dry-run`), for later faults. */
  readonly optionPositions: ReadonlyMap<string, Position>;
}

export interface MonitorEntry {
  readonly position: Position;
  readonly monitor: Monitor;
  readonly keyPositions: ReadonlyMap<string, Position>;
}

/** `monitor=` as written, with the place of its value; the names in it are resolved later. */
export interface MonitorUseSyntax {
  readonly position: Position;
  readonly use: MonitorUse;
}

export interface EndpointEntry {
  readonly position: Position;
  readonly name: string;
  readonly addresses: readonly Address[];
  readonly hostName: string | undefined;
  readonly answerAs: "addresses" | "cname";
  readonly weight: number;
  readonly monitor: MonitorUseSyntax | undefined;
  readonly probe: HostPort | undefined;
}

export interface PoolEntry {
  readonly position: Position;
  readonly name: string;
  readonly monitor: MonitorUseSyntax | undefined;
  readonly location: Location | undefined;
  /** `undefined` where not written: the default is one, and a lint asks for it above two endpoints. */
  readonly minUp: MinUp | undefined;
  readonly answers: number;
  readonly failback: Failback;
  readonly slowStartMs: number;
  readonly graceMs: number;
  readonly capacity: number | undefined;
  readonly endpoints: readonly EndpointEntry[];
  readonly keyPositions: ReadonlyMap<string, Position>;
}

export interface NamedPolicyEntry {
  readonly position: Position;
  readonly name: string;
  readonly expression: ExpressionSyntax;
}

export interface RuleEntry {
  readonly rule: Rule;
  readonly refs: readonly RefSyntax[];
}

export interface WindowEntry {
  readonly window: MaintenanceWindow;
  readonly ref: RefSyntax;
}

export interface ExpectationEntry {
  readonly position: Position;
  /** The directive as written, blanks folded, for messages. */
  readonly text: string;
  readonly owner: Name;
  readonly family: AddressFamily;
  readonly client: Client;
  readonly suppositions: readonly { readonly ref: RefSyntax; readonly state: SupposedState }[];
  readonly outcome: ExpectedOutcome;
  /** The REFs of the outcome, in its order. */
  readonly outcomeRefs: readonly RefSyntax[];
}

/**
 * What a faulty entry meant to define. The parser has reported the entry itself; whoever looks for what it would have
 * defined holds his tongue, so that one slip of the pen is one diagnostic.
 */
export interface Damage {
  /** Monitors by name. */
  readonly monitors: ReadonlySet<string>;
  /** Pools and policies by name, endpoints as `pool/endpoint`. A pool with a faulty endpoint or key is still listed. */
  readonly names: ReadonlySet<string>;
  /** Records that could not be read: `nameKey` of the owner, and the type code or `POLICY` as far as it is known. */
  readonly records: readonly {
    readonly ownerKey: string;
    readonly type: number | "POLICY" | undefined;
  }[];
}

/** What one `*.zone` file holds beside records, with all that it includes. */
export interface ZoneFileEntries {
  readonly file: string;
  /** The first origin: the file's name without `.zone`. */
  readonly origin: Name;
  readonly policyRecords: readonly PolicyRecordEntry[];
  readonly monitors: readonly MonitorEntry[];
  readonly pools: readonly PoolEntry[];
  readonly namedPolicies: readonly NamedPolicyEntry[];
  readonly rules: readonly RuleEntry[];
  readonly windows: readonly WindowEntry[];
  readonly expectations: readonly ExpectationEntry[];
  readonly damage: Damage;
  /** Every fault that the parser met. */
  readonly diagnostics: readonly Diagnostic[];
}

/** The whole of a file, as the parser hands it on. */
export interface ZoneFileSyntax extends ZoneFileEntries {
  /** The ordinary records, their rdata in wire form. */
  readonly records: RecordTable;
  /** The file itself first, then what it includes, each once. */
  readonly sources: readonly SourceFile[];
}
