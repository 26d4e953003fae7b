/** Every directive. `$INCLUDE` is not among them: it needs the parser itself, which adds it. */

import type { Directive } from "./directive.ts";
import { EXPECT } from "./expect.ts";
import { GENERATE } from "./generate.ts";
import { MONITOR } from "./monitor.ts";
import { ORIGIN } from "./origin.ts";
import { POLICY } from "./policy.ts";
import { POOL } from "./pool.ts";
import { RULE } from "./rule.ts";
import { TTL } from "./ttl.ts";
import { WINDOW } from "./window.ts";

export const DIRECTIVES: readonly Directive[] = [
  ORIGIN,
  TTL,
  GENERATE,
  MONITOR,
  POOL,
  POLICY,
  RULE,
  WINDOW,
  EXPECT,
];
