/**
 * Where addresses stand in the rdata of SVCB and HTTPS records: `ipv4hint` and `ipv6hint` (RFC 9460 §7.3). The rdata is
 * priority, target and parameters in ascending order of their keys (§2.2), as the zone file's record was read.
 */

export const IPV4_HINT = 4;
export const IPV6_HINT = 6;
/** SvcPriority, before the target (§2.2). */
const PRIORITY_OCTETS = 2;
/** Key and length of a parameter. */
export const PARAM_HEAD_OCTETS = 4;

/** Where the parameters of the rdata at `rdata` begin, as an index of `octets`. */
export function paramsAt(octets: Uint8Array, rdata: number): number {
  let at = rdata + PRIORITY_OCTETS;
  while ((octets[at] ?? 0) !== 0) at += (octets[at] ?? 0) + 1;
  return at + 1;
}

/** Where a parameter with this key stands, or would have to: the first one from `from` on with no lesser key, or `end`. */
export function paramAt(octets: Uint8Array, from: number, end: number, key: number): number {
  let at = from;
  while (at < end && uint16At(octets, at) < key) at += PARAM_HEAD_OCTETS + uint16At(octets, at + 2);
  return at;
}

/** Whether a record can be given hints: it is in ServiceMode (§2.4.3), and whoever wrote it has given it none. */
export function takesHints(rdata: Uint8Array): boolean {
  if (uint16At(rdata, 0) === 0) return false;
  const params = paramsAt(rdata, 0);
  return !hasParam(rdata, params, IPV4_HINT) && !hasParam(rdata, params, IPV6_HINT);
}

function hasParam(rdata: Uint8Array, params: number, key: number): boolean {
  const at = paramAt(rdata, params, rdata.length, key);
  return at < rdata.length && uint16At(rdata, at) === key;
}

function uint16At(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
}
