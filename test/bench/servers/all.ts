import { fairlead, fairleadOverDgram } from "./fairlead.ts";
import { gdnsd } from "./gdnsd.ts";
import { knot } from "./knot.ts";
import { nsd } from "./nsd.ts";
import type { BenchServer } from "./server.ts";

export function allServers(dist: string): readonly BenchServer[] {
  return [fairlead(dist), fairleadOverDgram(dist), gdnsd, nsd, knot];
}
