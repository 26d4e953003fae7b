/**
 * Keeps the host names of endpoints resolved: each again when its TTL is over, or sooner and sooner less often while it
 * cannot be. From what it knows come the definitions that are probed and served (`live`); a change is told once it is there.
 *
 *     zones → `prepare` (names that are new, asked for the first time) → `live` → probes, image
 *                                         ↑ `onChange`, when a name stands for other addresses
 *
 * What a name stood for last stays on every failure, also over a restart. A name that leads to a POLICY of these zones is
 * never taken, nor answered as CNAME: it would be resolved to what is answered because of it.
 */

import type { Happening } from "../admin/events/event.ts";
import type { HostNamesSource } from "../admin/host-name-reading.ts";
import { endpointsOf, withResolved } from "../policy/resolved.ts";
import { policyFinder } from "../zone/check-host-names.ts";
import type { ZoneSet } from "../zone/model.ts";
import type { Recorder } from "./events.ts";
import type { HostResolver, Resolution } from "./host-resolver.ts";
import {
  describeHost,
  type HostAnswer,
  type HostState,
  leaveNow,
  liveAddresses,
  NEVER_RESOLVED,
  nextInMs,
  stepHost,
} from "./host-state.ts";
import { monitorsOf } from "./probe-plan.ts";

/** Names that are asked for at one time; the others wait. */
const MAX_UNDER_WAY = 32;
/** How long a start or a reload waits for names of which nothing is known. */
const FIRST_ANSWER_MS = 2_500;
/** Names that change at about the same time are one change. */
const SETTLE_MS = 50;
/** How long a name is remembered that no zone has any more. */
const GONE_KEPT_MS = 10 * 60 * 1_000;

/** By host name; for disk. */
export type KeptHosts = ReadonlyMap<string, Pick<HostState, "addresses" | "ttlSeconds" | "resolvedAtMs">>;

export interface HostNames extends HostNamesSource {
  /** Begins to resolve the names of `set`; done when each stands for something or has failed once, or after a while. */
  prepare(set: ZoneSet): Promise<void>;
  /** The set with the addresses that its names stand for now; names that it has not are resolved no more. */
  live(set: ZoneSet): ZoneSet;
  keep(): KeptHosts;
  /** Begins with what was kept; before the first `prepare`. */
  restore(kept: KeptHosts): void;
  stop(): void;
}

export interface HostNamesParts {
  readonly resolver: HostResolver;
  readonly now: () => number;
  readonly random: () => number;
  readonly record: Recorder;
  /** `live` would say something else now. */
  readonly onChange: () => void;
}

interface Entry {
  readonly hostName: string;
  state: HostState;
  /** What was resolved last leads to a POLICY of the zones. */
  leadsBack: boolean;
  lingerMs: number;
  /** `undefined` while the zones have it. */
  goneSinceMs: number | undefined;
  /** Waits in line, or is being asked for. */
  isBusy: boolean;
  timer: NodeJS.Timeout | undefined;
  /** Something is known of it, or it has been asked for once. */
  isTried: boolean;
}

export function createHostNames(parts: HostNamesParts): HostNames {
  const { resolver, now, random, record } = parts;
  const entries = new Map<string, Entry>();
  const waiting: Entry[] = [];
  const counts = { ok: 0, failed: 0 };
  /** Those who wait for names to be tried; each looks for itself whether it has waited long enough. */
  const waiters = new Set<() => void>();
  let leadsToPolicy: (name: string) => boolean = () => false;
  let underWay = 0;
  let stopped = false;
  let settling: NodeJS.Timeout | undefined;

  const changed = (): void => {
    if (settling !== undefined || stopped) return;
    settling = setTimeout(() => {
      settling = undefined;
      parts.onChange();
    }, SETTLE_MS);
    settling.unref();
  };

  const enter = (hostName: string, state: HostState): Entry => {
    const entry: Entry = {
      hostName,
      state,
      leadsBack: false,
      lingerMs: 0,
      goneSinceMs: undefined,
      isBusy: false,
      timer: undefined,
      isTried: state.addresses.length > 0,
    };
    entries.set(hostName, entry);
    return entry;
  };

  const later = (entry: Entry, waitMs: number, work: () => void): void => {
    clearTimeout(entry.timer);
    if (stopped || entry.goneSinceMs !== undefined) return;
    entry.timer = setTimeout(work, waitMs);
    entry.timer.unref();
  };

  const takeIn = (entry: Entry, resolution: Resolution): void => {
    const before = entry.state;
    const owner = resolution.aliases.find(leadsToPolicy);
    const answer = owner === undefined ? resolution.answer : refuseLoop(owner);
    const after = stepHost(before, answer, entry.lingerMs, now());
    entry.state = after;
    const ledBack = entry.leadsBack;
    entry.leadsBack = owner !== undefined || (ledBack && isUnanswered(resolution));
    counts[after.failure === undefined ? "ok" : "failed"]++;
    entry.isTried = true;
    const change = changeOf(entry.hostName, before, after);
    if (change !== undefined) record(change);
    if (entry.leadsBack !== ledBack || !isSameLive(before, after)) changed();
    goOn(entry, now() + nextInMs(after, random()));
    for (const look of waiters) look();
  };

  /** Waits for whatever comes first: an address that leaves, or the next time to ask. */
  const goOn = (entry: Entry, dueAtMs: number): void => {
    const leavesAtMs = Math.min(...entry.state.leaving.map(({ untilMs }) => untilMs));
    if (leavesAtMs >= dueAtMs) {
      later(entry, dueAtMs - now(), () => askFor(entry));
      return;
    }
    later(entry, Math.max(0, leavesAtMs - now()), () => {
      const before = entry.state;
      entry.state = leaveNow(before, now());
      if (entry.state !== before) changed();
      goOn(entry, dueAtMs);
    });
  };

  const askFor = (entry: Entry): void => {
    if (entry.isBusy) return;
    clearTimeout(entry.timer);
    entry.isBusy = true;
    waiting.push(entry);
    askNext();
  };

  const askNext = (): void => {
    if (stopped || underWay >= MAX_UNDER_WAY) return;
    const entry = waiting.shift();
    if (entry === undefined) return;
    underWay++;
    void ask(entry);
  };

  const ask = async (entry: Entry): Promise<void> => {
    const resolution = await resolver.resolve(entry.hostName);
    underWay--;
    entry.isBusy = false;
    if (!stopped && entry.goneSinceMs === undefined) takeIn(entry, resolution);
    askNext();
  };

  /** Those of the set, known or not; what is known is asked for again at once, as nobody looked in the meantime. */
  const enterAll = (set: ZoneSet): Entry[] => {
    leadsToPolicy = policyFinder(set.zones);
    return [...lingersOf(set)].map(([hostName, lingerMs]) => {
      const entry = entries.get(hostName) ?? enter(hostName, NEVER_RESOLVED);
      entry.lingerMs = lingerMs;
      const isIdle = entry.timer === undefined && !entry.isBusy;
      const wasGone = entry.goneSinceMs !== undefined;
      entry.goneSinceMs = undefined;
      if (isIdle || wasGone) askFor(entry);
      return entry;
    });
  };

  return {
    async prepare(set) {
      const unknown = enterAll(set).filter(({ isTried }) => !isTried);
      if (unknown.length === 0) return;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          waiters.delete(look);
          resolve();
        };
        const timer = setTimeout(done, FIRST_ANSWER_MS);
        const look = (): void => {
          if (unknown.every(({ isTried }) => isTried)) done();
        };
        waiters.add(look);
      });
    },
    live(set) {
      const wanted = new Set(enterAll(set));
      const atMs = now();
      for (const entry of entries.values()) {
        if (wanted.has(entry)) continue;
        entry.goneSinceMs ??= atMs;
        clearTimeout(entry.timer);
        if (atMs - entry.goneSinceMs >= GONE_KEPT_MS) entries.delete(entry.hostName);
      }
      const definitions = withResolved(set.definitions, (hostName) => {
        const entry = entries.get(hostName);
        if (entry === undefined) return undefined;
        const { state, leadsBack } = entry;
        return { addresses: liveAddresses(state), ttlSeconds: state.ttlSeconds, leadsBack };
      });
      return definitions === set.definitions ? set : { ...set, definitions };
    },
    *readings() {
      for (const { hostName, state, goneSinceMs } of entries.values()) {
        if (goneSinceMs !== undefined) continue;
        const { resolvedAtMs, ttlSeconds, failure } = state;
        const addresses = liveAddresses(state).map(({ text }) => text);
        yield { hostName, addresses, resolvedAtMs, ttlSeconds, failure: failure?.reason };
      }
    },
    counts: () => ({ ...counts }),
    keep() {
      const kept = [...entries.values()].filter(({ state }) => state.addresses.length > 0);
      return new Map(kept.map(({ hostName, state }) => [hostName, state]));
    },
    restore(kept) {
      // Only those that the zones still have are ever looked at again.
      for (const [hostName, state] of kept) {
        enter(hostName, { ...NEVER_RESOLVED, ...state }).goneSinceMs = now();
      }
    },
    stop() {
      stopped = true;
      clearTimeout(settling);
      for (const { timer } of entries.values()) clearTimeout(timer);
      resolver.stop();
    },
  };
}

/** By host name: how long an address that goes has to stay until one that comes has been probed. */
function lingersOf(set: ZoneSet): Map<string, number> {
  const lingers = new Map<string, number>();
  for (const endpoint of endpointsOf(set.definitions)) {
    if (endpoint.hostName === undefined) continue;
    const rounds = monitorsOf(endpoint, set).map(({ everyMs, timeoutMs }) => everyMs + timeoutMs);
    lingers.set(endpoint.hostName, Math.max(lingers.get(endpoint.hostName) ?? 0, ...rounds));
  }
  return lingers;
}

/** Nothing was said of where the name leads. */
function isUnanswered({ answer: { ipv4, ipv6 }, aliases }: Resolution): boolean {
  return ipv4.kind === "failed" && ipv6.kind === "failed" && aliases.length === 0;
}

function refuseLoop(owner: string): HostAnswer {
  const reason = `it is an alias of ${owner}, which a POLICY of these zones answers`;
  return { ipv4: { kind: "failed", reason }, ipv6: { kind: "failed", reason } };
}

function isSameLive(one: HostState, other: HostState): boolean {
  return one.ttlSeconds === other.ttlSeconds && textOf(one).join() === textOf(other).join();
}

function textOf(state: HostState): string[] {
  return liveAddresses(state).map(({ text }) => text);
}

/** What changed, as one event; `undefined` where nothing did. */
function changeOf(hostName: string, before: HostState, after: HostState): Happening | undefined {
  const [from, to] = [describeHost(before), describeHost(after)];
  if (from === to) return undefined;
  const { length } = after.addresses;
  const resolved = `${length} ${length === 1 ? "address" : "addresses"}, asked for again in ${after.ttlSeconds} s`;
  return { kind: "host-name", ref: hostName, from, to, reason: after.failure?.reason ?? resolved };
}
