/** The `tls` kind: a handshake, the certificate that it shows, and what the monitor wants said over the connection. */

import type { Verdict } from "../health/verdict.ts";
import { connectSecure, probeOver } from "./connect.ts";
import { converse } from "./converse.ts";
import type { ProbeTarget } from "./probe.ts";

export function probeTls(target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  return probeOver(connectSecure(target, signal), (socket) => converse(target, socket, signal));
}
