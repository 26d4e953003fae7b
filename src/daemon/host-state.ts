/**
 * What is known of one host name: the addresses it stands for, since when, and what keeps it from being resolved. One pure
 * step from a state and what a resolver said to the next state.
 *
 * | A             | AAAA          | the addresses that the name has then                                    |
 * | ------------- | ------------- | ----------------------------------------------------------------------- |
 * | addresses     | addresses     | both                                                                    |
 * | addresses     | there is none | those                                                                   |
 * | addresses     | failed        | those, and of the other family the last ones; asked again soon          |
 * | there is none | there is none | the last ones: a name that stands for nothing is a failure, and its     |
 * | there is none | failed        | addresses are judged by their probes as before                          |
 * | failed        | failed        | the last ones                                                           |
 *
 * Likewise with A and AAAA exchanged. An address that the name has no more stays for as long as it takes to probe those that
 * came, so that a load balancer which moves is not taken for one that is gone: probes judge the old and the new alike.
 */

import { parseIp } from "../dns/address.ts";
import type { Address, AddressFamily } from "../policy/model.ts";

/** What a resolver says of one family. */
export type FamilyAnswer =
  /** The TTL as the resolver gives it. */
  | { readonly kind: "addresses"; readonly addresses: readonly Address[]; readonly ttlSeconds: number }
  /** Reasons are in words, for the log: «the name does not exist». */
  | { readonly kind: "none" | "failed"; readonly reason: string };

export type HostAnswer = Readonly<Record<AddressFamily, FamilyAnswer>>;

export interface HostState {
  /** As the resolver said last, IPv4 before IPv6, in ascending order. */
  readonly addresses: readonly Address[];
  readonly ttlSeconds: number;
  /** When that was; `undefined`: never. */
  readonly resolvedAtMs: number | undefined;
  /** Those that the name has no more and that stay for a while. */
  readonly leaving: readonly { readonly address: Address; readonly untilMs: number }[];
  readonly failure: HostFailure | undefined;
}

export interface HostFailure {
  readonly reason: string;
  readonly sinceMs: number;
  /** In a row. */
  readonly attempts: number;
}

/** A name of more addresses is no load balancer; the first of each family in ascending order are used. */
export const MAX_ADDRESSES_OF_FAMILY = 16;
/** No name is asked for more often, whatever its TTL. */
const MIN_TTL_SECONDS = 5;
/** Nor more rarely: a TTL of days is a slip of the pen, or of somebody who does not know that we keep to it. */
const MAX_TTL_SECONDS = 3_600;
const FIRST_RETRY_MS = 1_000;
const LATEST_RETRY_MS = 60_000;

export const NEVER_RESOLVED: HostState = {
  addresses: [],
  ttlSeconds: MIN_TTL_SECONDS,
  resolvedAtMs: undefined,
  leaving: [],
  failure: undefined,
};

export function stepHost(state: HostState, answer: HostAnswer, lingerMs: number, atMs: number): HostState {
  const { ipv4, ipv6 } = answer;
  const reason = reasonOf(answer);
  const failure = reason === undefined ? undefined : nextFailure(state.failure, reason, atMs);
  const found = [ipv4, ipv6].filter((one) => one.kind === "addresses");
  if (found.length === 0) return { ...leaveNow(state, atMs), failure };
  const lastOf = (family: AddressFamily): readonly Address[] =>
    answer[family].kind === "failed" ? state.addresses.filter((one) => one.family === family) : [];
  const addresses = [
    ...(ipv4.kind === "addresses" ? chosen(ipv4.addresses) : lastOf("ipv4")),
    ...(ipv6.kind === "addresses" ? chosen(ipv6.addresses) : lastOf("ipv6")),
  ];
  const ttlSeconds = Math.min(...found.map((one) => one.ttlSeconds));
  return {
    addresses,
    ttlSeconds: Math.max(MIN_TTL_SECONDS, Math.min(ttlSeconds, MAX_TTL_SECONDS)),
    resolvedAtMs: atMs,
    leaving: leavingOf(state, addresses, atMs, lingerMs),
    failure,
  };
}

/** The same without those whose time is over. */
export function leaveNow(state: HostState, atMs: number): HostState {
  const leaving = state.leaving.filter(({ untilMs }) => atMs < untilMs);
  return leaving.length === state.leaving.length ? state : { ...state, leaving };
}

/** What its endpoints have at the moment. */
export function liveAddresses({ addresses, leaving }: HostState): readonly Address[] {
  return leaving.length === 0 ? addresses : [...addresses, ...leaving.map(({ address }) => address)];
}

/** In how many milliseconds the name is to be asked for again. `random` is from 0 to below 1. */
export function nextInMs({ failure, ttlSeconds }: HostState, random: number): number {
  if (failure === undefined) return ttlSeconds * 1_000;
  const waitMs = Math.min(FIRST_RETRY_MS * 2 ** Math.min(failure.attempts - 1, 16), LATEST_RETRY_MS);
  return waitMs * (0.75 + random / 2);
}

/** How `describeHost` begins of a name that cannot be resolved. */
export const UNRESOLVED = "unresolved";

/** In words, for the record: what it stands for, and what stays of that while it cannot be resolved. */
export function describeHost({ addresses, failure, resolvedAtMs }: HostState): string | null {
  const text = addresses.map(({ text }) => text).join(" ");
  if (failure !== undefined) return text === "" ? UNRESOLVED : `${UNRESOLVED}, ${text} stay`;
  return resolvedAtMs === undefined ? null : text;
}

/** From text; `undefined` for what is no address, or none that anybody could be sent to. */
export function addressOf(text: string): Address | undefined {
  const octets = parseIp(text);
  if (octets === undefined || octets.every((octet) => octet === 0)) return undefined;
  return { family: octets.length === 4 ? "ipv4" : "ipv6", octets, text };
}

function reasonOf({ ipv4, ipv6 }: HostAnswer): string | undefined {
  if (ipv4.kind === "failed") return ipv4.reason;
  if (ipv6.kind === "failed") return ipv6.reason;
  return ipv4.kind === "none" && ipv6.kind === "none" ? ipv4.reason : undefined;
}

function nextFailure(before: HostFailure | undefined, reason: string, atMs: number): HostFailure {
  return { reason, sinceMs: before?.sinceMs ?? atMs, attempts: (before?.attempts ?? 0) + 1 };
}

/** Ascending, each once: load balancers answer in any order. */
function chosen(addresses: readonly Address[]): Address[] {
  const byText = new Map(addresses.map((address) => [address.text, address]));
  return [...byText.values()].sort(compareOctets).slice(0, MAX_ADDRESSES_OF_FAMILY);
}

function compareOctets({ octets: one }: Address, { octets: other }: Address): number {
  const at = one.findIndex((octet, index) => octet !== other[index]);
  return at === -1 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);
}

function leavingOf(
  state: HostState,
  addresses: readonly Address[],
  atMs: number,
  lingerMs: number,
): HostState["leaving"] {
  const staying = new Set(addresses.map(({ text }) => text));
  const gone = state.addresses.map((address) => ({ address, untilMs: atMs + lingerMs }));
  // A name that never stands for the same twice must not make an endpoint of any number of addresses.
  return [...gone, ...leaveNow(state, atMs).leaving]
    .filter(({ address, untilMs }) => !staying.has(address.text) && atMs < untilMs)
    .slice(0, 2 * MAX_ADDRESSES_OF_FAMILY);
}
