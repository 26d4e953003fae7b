/** A fault or a lint, with its place. Rendered as `file:line:column: message`. */
export interface Diagnostic {
  /** As the caller named it, `zones/example.zone`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in octets of the line. */
  readonly column: number;
  readonly severity: "error" | "warning";
  /** A stable word for the rule, kebab-case: `unknown-pool`, `cname-beside-other-data`. */
  readonly code: string;
  readonly message: string;
}
