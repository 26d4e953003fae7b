/** Zone texts for tests, loaded by the loader that serves. */

import { loadZones } from "../../../src/zone/load.ts";
import type { ZoneSet } from "../../../src/zone/model.ts";

/** The records that every zone needs. */
export const ZONE_HEAD = "@ 300 SOA ns1 hostmaster ( 1 1h 10m 2w 30 )\n@ 300 NS ns1\nns1 300 A 192.0.2.53\n";

/** A zone `example.com.` of this text; a fault is a test's mistake and throws. */
export function loadText(text: string): ZoneSet {
  const octets = new TextEncoder().encode(ZONE_HEAD + text);
  const { set, diagnostics } = loadZones([{ path: "zones/example.com.zone", octets }], () => undefined);
  if (set === undefined) throw new Error(diagnostics.map(({ message }) => message).join("; "));
  return set;
}
