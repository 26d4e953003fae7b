/** Samples of the host names of endpoints, and of how they are resolved. */

import type { AdminSource } from "../source.ts";
import type { Sample } from "./sample.ts";

export function hostNameSamples({ hosts }: AdminSource) {
  return {
    fairlead_host_name_resolutions_total: (): Sample[] =>
      Object.entries(hosts.counts()).map(([result, value]) => ({ labels: { result }, value })),
    fairlead_host_name_addresses: (): Sample[] =>
      Array.from(hosts.readings(), ({ hostName, addresses }) => ({
        labels: { host: hostName },
        value: addresses.length,
      })),
    fairlead_host_name_resolved_timestamp_seconds: (): Sample[] =>
      Array.from(hosts.readings()).flatMap(({ hostName, resolvedAtMs }) =>
        resolvedAtMs === undefined ? [] : [{ labels: { host: hostName }, value: resolvedAtMs / 1000 }],
      ),
  };
}
