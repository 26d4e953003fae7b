/**
 * What would change an answer, for whoever asks why it is what it is. Only what the policy can reach counts, and of the
 * family that was asked for; what has a time comes first.
 *
 * | what is                                | what would change it                           | when       |
 * | -------------------------------------- | ---------------------------------------------- | ---------- |
 * | an override or a window in force       | it ends                                        | its end    |
 * | a window that is not open              | it opens                                       | its strike |
 * | a window that is open and refused      | something that speaks against it changes       | –          |
 * | an address down, its pool in grace     | grace ends                                     | then       |
 * | a pool held by `failback=after:…`      | it serves again                                | then       |
 * | a pool held by `failback=manual`       | an override to up                              | –          |
 * | a pool in its slow start               | it is back for all                             | its end    |
 * | an endpoint that nobody forces         | its probes, as far as they are (`health/progress`) | –      |
 * | an endpoint that is forced             | nothing of its probes                          | –          |
 */

import type { ProbeState } from "../health/hysteresis.ts";
import type { Thresholds } from "../health/monitor.ts";
import type { Override } from "../health/override.ts";
import { describeProgress } from "../health/progress.ts";
import { refMatches } from "../health/ref.ts";
import type { Hold, Snapshot } from "../health/snapshot.ts";
import type { Forced } from "../health/verdict.ts";
import { countsFor } from "./cname.ts";
import { poolNamed } from "./definitions.ts";
import { graceEndMs } from "./group.ts";
import type { AddressFamily, Definitions, Endpoint, Pool } from "./model.ts";
import type { Reach } from "./reach.ts";

export interface NextChange {
  /** Milliseconds since the epoch; `undefined`: no clock brings it about. */
  readonly atMs: number | undefined;
  readonly what: string;
}

/** One state that the health of an endpoint rests on. */
export interface WatchedState {
  /** Absent: it stands for every address. */
  readonly address?: string;
  readonly family?: AddressFamily;
  readonly monitor: string;
  readonly thresholds: Thresholds;
  readonly state: ProbeState;
}

export interface PlannedWindow {
  readonly ref: string;
  readonly state: Forced;
  /** `file:line` */
  readonly place: string;
  readonly refused: string | undefined;
  /** When it opens next. */
  readonly nextMs: number | undefined;
}

/** An override in force, or a window, which is one while it is open. */
export interface PendingOverride extends Override {
  readonly source: "operator" | "file" | "window";
}

/** What is known beside the snapshot. */
export interface Pending {
  readonly overrides: readonly PendingOverride[];
  readonly windows: readonly PlannedWindow[];
  readonly watched: (endpoint: Endpoint) => readonly WatchedState[];
}

export function nextChanges(
  { pools, endpoints }: Pick<Reach, "pools" | "endpoints">,
  family: AddressFamily,
  definitions: Definitions,
  snapshot: Snapshot,
  pending: Pending,
): NextChange[] {
  const isReached = (ref: string): boolean => endpoints.some(({ pool, name }) => refMatches(ref, pool, name));
  const changes = [
    ...pending.overrides.filter(({ ref }) => isReached(ref)).map(ofOverride),
    ...pending.windows.filter(({ ref }) => isReached(ref)).flatMap(ofWindow),
    ...[...pools].flatMap((name) => ofPool(poolNamed(name, definitions), family, snapshot)),
    ...endpoints.flatMap((endpoint) => ofProbes(endpoint, family, snapshot, pending)),
  ];
  const timed = changes.filter(({ atMs }) => atMs !== undefined);
  timed.sort((one, other) => (one.atMs ?? 0) - (other.atMs ?? 0));
  return [...timed, ...changes.filter(({ atMs }) => atMs === undefined)];
}

function ofOverride({ id, ref, state, owner, untilMs, source }: PendingOverride): NextChange {
  const what =
    source === "window"
      ? `window ${owner} ends: ${ref} ${state}`
      : `override ${id} ends: ${ref} ${state} by ${owner}`;
  return { atMs: untilMs, what };
}

function ofWindow({ ref, state, place, refused, nextMs }: PlannedWindow): NextChange[] {
  const window = `window ${place}`;
  const waits = `${window} opens as soon as nothing speaks against it: ${refused}`;
  return [
    ...(refused === undefined ? [] : [{ atMs: undefined, what: waits }]),
    ...(nextMs === undefined ? [] : [{ atMs: nextMs, what: `${window} opens: ${ref} ${state}` }]),
  ];
}

function ofPool(pool: Pool, family: AddressFamily, snapshot: Snapshot): NextChange[] {
  const graceMs = graceEndMs(pool, snapshot, family);
  const grace = `grace of ${pool.name} ends: what still fails is withdrawn`;
  const hold = snapshot.holds?.get(pool.name)?.[family];
  return [
    ...(graceMs === undefined ? [] : [{ atMs: graceMs, what: grace }]),
    ...(hold === undefined ? [] : [ofHold(pool.name, hold)]),
  ];
}

function ofHold(pool: string, hold: Hold): NextChange {
  if (hold.kind === "ramping") {
    return { atMs: hold.untilMs, what: `slow start of ${pool} reaches full weight` };
  }
  const what =
    hold.untilMs === undefined
      ? `${pool} is held by failback=manual: an override to up brings it back`
      : `failback of ${pool}: it serves again`;
  return { atMs: hold.untilMs, what };
}

function ofProbes(
  endpoint: Endpoint,
  family: AddressFamily,
  { endpoints }: Snapshot,
  { watched }: Pending,
): NextChange[] {
  if (endpoints.get(endpoint.id)?.forced !== undefined) return [];
  const states = watched(endpoint).filter((state) => countsFor(endpoint, state.family ?? family, family));
  const monitors = new Set(states.map(({ monitor }) => monitor)).size;
  const addresses = new Set(states.map(({ address }) => address)).size;
  return states.flatMap(({ address, monitor, state, thresholds }) => {
    const progress = describeProgress(state, thresholds);
    if (progress === undefined) return [];
    const which = addresses > 1 && address !== undefined ? ` ${address}` : "";
    const by = monitors > 1 ? ` by ${monitor}` : "";
    return [{ atMs: undefined, what: `${endpoint.id}${which}: ${progress}${by}` }];
  });
}
