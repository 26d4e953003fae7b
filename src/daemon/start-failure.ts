/** How the parts of a start say that it cannot go on. */

import type { Diagnostic } from "../zone/diagnostic.ts";

/** A start that cannot go on; caught by `startDaemon`. */
export class StartFailure extends Error {
  readonly diagnostics: readonly Diagnostic[];
  constructor(message: string, diagnostics: readonly Diagnostic[] = []) {
    super(message);
    this.diagnostics = diagnostics;
  }
}
