/** What the admin plane asks of forced state: overrides, windows and the file of overrides; `daemon/forcing` implements it. */

import type { Override } from "../health/override.ts";
import type { Forced } from "../health/verdict.ts";

/** What somebody says of endpoints, in force or about to end. */
export interface OverrideView extends Override {
  /** Who put it there: an operator by command or API, the file of overrides, a window of the zones. */
  readonly source: "operator" | "file" | "window";
  /** How many endpoints its REF matches now: none, where the zones have changed since. */
  readonly matches: number;
}

/** A `$WINDOW`, open or not. Times in milliseconds since the epoch. */
export interface WindowView {
  readonly ref: string;
  readonly state: Forced;
  readonly cron: string;
  readonly forMs: number;
  readonly timeZone: string;
  /** `file:line` */
  readonly place: string;
  readonly inForce: boolean;
  /** What speaks against it, while it is open and not in force. */
  readonly refused: string | undefined;
  /** Since when and until when it is open; `undefined` while it is not. */
  readonly fromMs: number | undefined;
  readonly untilMs: number | undefined;
  /** When it opens next; `undefined`: never. */
  readonly nextMs: number | undefined;
}

/** The file of overrides. */
export interface OverrideFileView {
  readonly path: string;
  /** Whether what it holds is what is in force. */
  readonly success: boolean;
  /** When what is in force was taken from it. */
  readonly loadedAtMs: number | undefined;
  /** What is wrong with what it holds. */
  readonly fault: string | undefined;
}

export interface OverrideWish {
  readonly ref: string;
  readonly state: Forced;
  readonly forMs: number;
  readonly reason: string;
  readonly owner: string;
  /** Also where it leaves a policy nothing that is up; never against a rule. */
  readonly force: boolean;
  /** Unique; without one it gets one. */
  readonly id?: string;
}

/** Why nothing was changed, in words. */
export interface OverrideRefusal {
  readonly ok: false;
  /**
   * `unknown`: no endpoint, or no override, is named so; `refused`: something speaks against it; `unavailable`: the node
   * serves nothing yet, or cannot write it down.
   */
  readonly kind: "unknown" | "refused" | "unavailable";
  readonly message: string;
}

export type SetOutcome = { readonly ok: true; readonly override: OverrideView } | OverrideRefusal;
export type ClearOutcome = { readonly ok: true; readonly cleared: readonly OverrideView[] } | OverrideRefusal;

export interface OverridesSource {
  /** All that is in force, in the order in which it counts: of several that match an endpoint the last. */
  list(): readonly OverrideView[];
  windows(): readonly WindowView[];
  /** `undefined` where there is none. */
  file(): OverrideFileView | undefined;
  /** Resolves once it is on disk and in force. */
  set(wish: OverrideWish): Promise<SetOutcome>;
  clear(which: { readonly id: string } | { readonly ref: string }): Promise<ClearOutcome>;
}
