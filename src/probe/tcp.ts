/** The `tcp` kind: a connection, and what the monitor wants said over it. */

import type { Verdict } from "../health/verdict.ts";
import { connectPlain, probeOver } from "./connect.ts";
import { converse } from "./converse.ts";
import type { ProbeTarget } from "./probe.ts";

export function probeTcp(target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  return probeOver(connectPlain(target, signal), (socket) => converse(target, socket, signal));
}
