/** Which probe carries out which kind. Kinds without one are understood in zone files and refused when serving them. */

import type { MonitorKind } from "../health/monitor.ts";
import type { Verdict } from "../health/verdict.ts";
import { probeHttp } from "./http.ts";
import { fails, type Probe, type ProbeTarget, verdictOf } from "./probe.ts";
import { probeTcp } from "./tcp.ts";

export const PROBES: Readonly<Record<MonitorKind, Probe | undefined>> = {
  http: probeHttp,
  https: probeHttp,
  tcp: probeTcp,
  tls: undefined,
  dns: undefined,
  grpc: undefined,
  exec: undefined,
};

/** Probes a target by its monitor's kind. */
export async function probeByKind(target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  const { kind } = target.monitor;
  const probe = PROBES[kind];
  return probe === undefined
    ? verdictOf(fails(`${kind} probes are not built yet`), performance.now())
    : await probe(target, signal);
}
