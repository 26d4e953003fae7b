/** What `explain` and `whatif` are asked and say (CONTRACT.md §4). `daemon/explain` makes explanations. */

import type { Forced, Observed } from "../health/verdict.ts";
import type { TraceNode } from "../policy/evaluation.ts";
import type { OverrideStatus } from "./status/forcing.ts";

/** A question to `explain`, as text from outside: nothing of it has been checked. */
export interface ExplainQuery {
  readonly name: string;
  readonly type: string;
  /** An address, a network or `country:XX`; `undefined` for an unknown place. */
  readonly client: string | undefined;
  /** As if every dry run were served. */
  readonly dryRun?: true;
}

export interface ShareView {
  readonly pool: string;
  /** The endpoint's name in its pool. */
  readonly endpoint: string;
  /** Empty where a CNAME is answered in their place. */
  readonly addresses: readonly string[];
  /** Where that CNAME leads to, absolute. */
  readonly cname?: string;
  /** From 0 to 1; zeros are left out. */
  readonly share: number;
}

/** The shape of `explain` in CONTRACT.md §4. `null` where there is nothing to say: no client given, no policy asked. */
export interface Explanation {
  readonly name: string;
  readonly type: string;
  readonly client: string | null;
  readonly location: string | null;
  readonly ttlSeconds: number | null;
  readonly rung: number | null;
  readonly failingOpen: boolean;
  readonly outcome: "answer" | "nodata" | "servfail" | "nxdomain" | "referral";
  readonly shares: readonly ShareView[];
  /** Pools that get more of the policy's demand than their capacity. */
  readonly overCapacity: readonly string[];
  readonly trace: readonly TraceNode[];
  /** Those that the policy can reach, as they are; none where no policy is asked. */
  readonly endpoints: readonly ExplainedEndpoint[];
  /** What would change it, what has a time first; empty where everything is steady, and of a health that is supposed. */
  readonly next: readonly ExplainedChange[];
  /** Of what is not served: as if it were. */
  readonly dryRun?: true;
}

/** Why an endpoint is what it is. Times are ISO 8601 UTC. */
export interface ExplainedEndpoint {
  readonly pool: string;
  /** Its name in its pool. */
  readonly endpoint: string;
  readonly observed: Observed;
  readonly forced: Forced | null;
  /** Since when it is observed so; `null` while it was never probed. */
  readonly since: string | null;
  /** What the latest probes say. */
  readonly reason: string;
  /** What forces it. */
  readonly override: OverrideStatus | null;
  readonly addresses: readonly {
    readonly address: string;
    readonly observed: Observed;
    readonly since: string | null;
    readonly reason: string;
  }[];
}

/** Something that would change an answer. */
export interface ExplainedChange {
  /** Absent where no clock brings it about. */
  readonly at?: string;
  readonly what: string;
}

export interface ExplainRefusal {
  readonly ok: false;
  /** The one at fault; `undefined` where the name lies in no zone that is served. */
  readonly parameter: "name" | "type" | "client" | "down" | undefined;
  readonly message: string;
}

export type ExplainOutcome = { readonly ok: true; readonly explanation: Explanation } | ExplainRefusal;

/** An explanation of what would be answered, beside that of what is. */
export interface WhatIf extends Explanation {
  readonly before: Explanation;
}

export type WhatIfOutcome = { readonly ok: true; readonly whatIf: WhatIf } | ExplainRefusal;

/** One `$EXPECT` of what is served, and whether it holds. */
export interface ExpectationView {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** As written. */
  readonly text: string;
  readonly result: "ok" | "failed";
  /** What was found where it failed. */
  readonly message: string | null;
  /** It failed, and could hold with another geo database: a warning. */
  readonly byGeoDatabase: boolean;
}
