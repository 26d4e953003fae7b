/**
 * Lints: what works and is likely not meant (CONTRACT.md, «Load and reload»). All are warnings; `check --strict` makes
 * them errors. They are given only on a set without errors, so that one slip is not reported twice over.
 */

import { formatName } from "../dns/name.ts";
import { contains, type Network, networkOf } from "../geo/network.ts";
import type { Monitor } from "../health/monitor.ts";
import { poolNamed } from "../policy/definitions.ts";
import { mixesByChance } from "../policy/mixing.ts";
import type { Definitions, Pool } from "../policy/model.ts";
import type { BoundPolicy } from "./check-policies.ts";
import type { DefinitionEntries } from "./definitions.ts";
import { slowestDetection, spellSeconds } from "./detection.ts";
import { type Report, warningAt } from "./diagnostic.ts";
import type { MonitorEntry, PoolEntry } from "./syntax.ts";

/** Up to so many endpoints, one that is up is half of the pool at least, and `min-up` goes without saying. */
const ENDPOINTS_WITHOUT_MIN_UP = 2;

export function lintDefinitions({ monitors, pools }: DefinitionEntries, report: Report): void {
  for (const entry of monitors.values()) lintVerify(entry, report);
  for (const entry of pools.values()) lintPool(entry, report);
}

function lintVerify({ monitor, keyPositions }: MonitorEntry, report: Report): void {
  const position = keyPositions.get("verify");
  if (monitor.verify || position === undefined) return;
  const message = `monitor '${monitor.name}' checks no certificate (verify=off): any server passes for the endpoint`;
  report(warningAt(position, "verify-off", message));
}

/** After a zone of its region: `eu-central-1a`, `west3-b-lb1`, `fra-az2`. The first word of a name is the region's. */
const ZONE_WORD = /^(?:[0-9]+[a-z]|[a-f]|(?:az|zone)[0-9a-z]+)$/i;

/** The zone that an endpoint says it is in: its name up to the word that tells one. */
function zoneByName({ name }: PoolEntry["endpoints"][number]): string | undefined {
  const words = name.split("-");
  const at = words.findIndex((word, index) => index > 0 && ZONE_WORD.test(word));
  return at === -1 ? undefined : words.slice(0, at + 1).join("-");
}

function lintZones({ name, position, endpoints }: PoolEntry, report: Report): void {
  const [zone, ...others] = endpoints.map(zoneByName);
  if (zone === undefined || others.length === 0 || others.some((other) => other !== zone)) return;
  const message = `pool '${name}' has all its ${endpoints.length} endpoints in one zone, '${zone}' by their names: nothing of it is left when that is down`;
  report(warningAt(position, "pool-in-single-zone", message));
}

/** What no client can connect to (RFC 6890, and RFC 4291 §2.5.5.2 for IPv4 in IPv6); loopback stands for a demo or a test. */
const UNUSABLE: readonly (readonly [what: string, network: Network])[] = [
  ["an unspecified address", networkOf(new Uint8Array(4), 8)],
  ["a multicast address", networkOf(Uint8Array.of(224, 0, 0, 0), 4)],
  ["a reserved address", networkOf(Uint8Array.of(240, 0, 0, 0), 4)],
  ["an unspecified address", networkOf(new Uint8Array(16), 128)],
  ["an IPv4 address in IPv6", networkOf(Uint8Array.of(...Array(10).fill(0), 0xff, 0xff, 0, 0, 0, 0), 96)],
  ["a link-local address", networkOf(Uint8Array.of(0xfe, 0x80, ...Array(14).fill(0)), 10)],
  ["a multicast address", networkOf(Uint8Array.of(0xff, ...Array(15).fill(0)), 8)],
];

function lintAddresses({ name: pool, endpoints }: PoolEntry, report: Report): void {
  for (const { name, position, addresses } of endpoints) {
    for (const { text, octets } of addresses) {
      const address = networkOf(octets, octets.length * 8);
      const found = UNUSABLE.find(([, network]) => contains(network, address));
      if (found === undefined) continue;
      const message = `endpoint '${pool}/${name}' has ${found[0]}, '${text}': no client can connect to it`;
      report(warningAt(position, "unusable-address", message));
    }
  }
}

function lintPool(entry: PoolEntry, report: Report): void {
  const { name, position, monitor, minUp, endpoints } = entry;
  lintZones(entry, report);
  lintAddresses(entry, report);
  if (monitor === undefined && endpoints.some((endpoint) => endpoint.monitor === undefined)) {
    const message = `pool '${name}' has no monitor, so it is never found down; say monitor=none if that is meant`;
    report(warningAt(position, "pool-without-monitor", message));
  }
  if (minUp === undefined && endpoints.length > ENDPOINTS_WITHOUT_MIN_UP) {
    const message = `pool '${name}' has ${endpoints.length} endpoints and no min-up: it is up while a single one is`;
    report(warningAt(position, "pool-without-min-up", message));
  }
}

export function lintPolicy(
  bound: BoundPolicy,
  isExpected: boolean,
  definitions: Definitions,
  monitors: ReadonlyMap<string, Monitor>,
  report: Report,
): void {
  const { entry, policy } = bound;
  const name = formatName(entry.owner);
  lintRegions(bound, definitions, report);
  lintMixing(bound, definitions, report);
  if (!isExpected && !policy.dryRun) {
    const message = `POLICY at '${name}' has no $EXPECT: nothing holds it to what it is for`;
    report(warningAt(entry.position, "policy-without-expectation", message));
  }
  if (bound.isIdle) {
    const message = `dry-run POLICY at '${name}' stands alone: it is never served, and nothing else answers A and AAAA there`;
    report(warningAt(entry.position, "dry-run-alone", message));
  }
  lintTtl(bound, definitions, monitors, report);
  lintRto(bound, definitions, monitors, report);
  lintCapacity(bound, definitions, report);
}

function lintMixing({ entry, policy }: BoundPolicy, definitions: Definitions, report: Report): void {
  if (!mixesByChance(policy.expression, definitions)) return;
  const message = `POLICY at '${formatName(entry.owner)}' draws CNAMEs and addresses alike: a resolver that holds the CNAME asks for no address, so shares hold roughly; below sticky ( … ) a client keeps to one`;
  report(warningAt(entry.position, "cname-mixed-with-addresses", message));
}

/** Pools without a location are each a place of their own: nobody knows better. */
function lintRegions({ entry, reach }: BoundPolicy, definitions: Definitions, report: Report): void {
  const name = formatName(entry.owner);
  if (reach.pools.size === 1) {
    const message = `POLICY at '${name}' has a single pool, '${[...reach.pools].join()}': nothing is left when it is down`;
    report(warningAt(entry.position, "policy-with-single-pool", message));
    return;
  }
  const [region, ...others] = Array.from(reach.pools, (pool) => locationText(poolNamed(pool, definitions)));
  if (region === undefined || others.some((other) => other !== region)) return;
  const message = `POLICY at '${name}' has all its ${reach.pools.size} pools in one region, ${region}: nothing is left when that is down`;
  report(warningAt(entry.position, "policy-with-single-region", message));
}

/** As written in a zone file. */
function locationText({ location }: Pool): string | undefined {
  if (location?.kind !== "region") return location && `${location.latitude},${location.longitude}`;
  const { country, subdivision } = location;
  return subdivision === undefined ? country : `${country}-${subdivision}`;
}

/** N+1: what is left without the largest pool still bears the demand. */
function lintCapacity({ entry, policy, reach }: BoundPolicy, definitions: Definitions, report: Report): void {
  const { demand } = policy;
  // A pool that nobody probes, such as one that says sorry, is no region that could be lost.
  const pools = Array.from(reach.pools, (pool) => poolNamed(pool, definitions)).filter(isMonitored);
  const sizes = pools.flatMap(({ capacity }) => capacity ?? []);
  if (demand === undefined || sizes.length < Math.max(2, pools.length)) return;
  const largest = Math.max(...sizes);
  const left = sizes.reduce((total, size) => total + size, 0) - largest;
  if (left >= demand) return;
  const pool = pools.find(({ capacity }) => capacity === largest)?.name ?? "";
  const sum = `capacity ${sizes.join(" + ")} − ${largest} = ${Number(left.toFixed(6))} < demand ${demand}`;
  const message = `POLICY at '${formatName(entry.owner)}' does not survive the loss of its largest pool, '${pool}': ${sum}`;
  report(warningAt(entry.optionPositions.get("demand") ?? entry.position, "no-spare-capacity", message));
}

function isMonitored({ endpoints }: Pool): boolean {
  return endpoints.some(({ monitor }) => monitor.kind !== "none");
}

/** Where some of its pools are monitored `check-policies` adds up what that takes. */
function lintRto(
  { entry, policy, reach }: BoundPolicy,
  definitions: Definitions,
  monitors: ReadonlyMap<string, Monitor>,
  report: Report,
): void {
  if (policy.rtoMs === undefined || slowestDetection(reach, definitions, monitors) !== undefined) return;
  const message = `rto of POLICY at '${formatName(entry.owner)}' holds nothing: none of its pools has a monitor, so none is ever found down`;
  report(warningAt(entry.optionPositions.get("rto") ?? entry.position, "rto-without-monitor", message));
}

function lintTtl(
  { entry, policy, reach }: BoundPolicy,
  definitions: Definitions,
  monitors: ReadonlyMap<string, Monitor>,
  report: Report,
): void {
  const name = formatName(entry.owner);
  // What clients hold when an endpoint is withdrawn is the shorter TTL: it holds from the first failed probe on.
  const ttlMs = policy.ttl.minSeconds * 1000;
  const slowest = slowestDetection(reach, definitions, monitors);
  if (slowest === undefined || ttlMs <= slowest.totalMs) return;
  const detection = `${slowest.sum} = ${spellSeconds(slowest.totalMs)}`;
  const message = `TTL ${spellSeconds(ttlMs)} of POLICY at '${name}' is longer than detection (${detection})`;
  report(warningAt(entry.position, "ttl-exceeds-detection", message));
}
