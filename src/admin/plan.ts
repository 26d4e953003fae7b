/** What a set of zones would change of the one that is served: asked with its files, answered by the node that would read them. */

import type { MoveView } from "./load.ts";
import type { DiagnosticView } from "./source.ts";

/** A set as text, from outside: nothing of it has been judged. Nothing else is read for it, also by `$INCLUDE`. */
export interface PlanRequest {
  /** Paths of the zone files among `files`; the others are included by them. */
  readonly roots: readonly string[];
  readonly files: readonly { readonly path: string; readonly text: string }[];
}

export interface NameChangeView {
  readonly name: string;
  readonly change: "added" | "removed" | "types";
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** `zone/plan` has the same shape, of one health. */
export interface PlanView {
  readonly names: readonly NameChangeView[];
  /** With everything up; and where that is another shift, as things are. */
  readonly moves: readonly MoveView[];
  /** The largest shift under either health; 0 without any. */
  readonly maxShift: number;
}

export type PlanOutcome =
  | { readonly ok: true; readonly plan: PlanView }
  | {
      readonly ok: false;
      /** `faulty`: the files are; `busy`: another plan is being made; `unavailable`: nothing is served yet. */
      readonly kind: "faulty" | "busy" | "unavailable";
      readonly message: string;
      readonly diagnostics: readonly DiagnosticView[];
    };
