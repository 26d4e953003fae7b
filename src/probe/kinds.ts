/** Which probe carries out which kind. */

import type { MonitorKind } from "../health/monitor.ts";
import { probeDns } from "./dns.ts";
import { createExecProbe, type Identity } from "./exec.ts";
import { probeGrpc } from "./grpc.ts";
import { probeHttp } from "./http.ts";
import type { Probe } from "./probe.ts";
import { probeTcp } from "./tcp.ts";
import { probeTls } from "./tls.ts";

/** Probes any target by its monitor's kind. `runAs`: who commands run as, where it is not who this process is. */
export function createProbe(runAs?: Identity): Probe {
  const probes: Readonly<Record<MonitorKind, Probe>> = {
    http: probeHttp,
    https: probeHttp,
    tcp: probeTcp,
    tls: probeTls,
    dns: probeDns,
    grpc: probeGrpc,
    exec: createExecProbe(runAs),
  };
  return (target, signal) => probes[target.monitor.kind](target, signal);
}
