/** `max-shift` on a running node: what is served, with the health that it has, against what was loaded (`daemon/max-shift`). */

import type { ServeOptions } from "../config/options.ts";
import type { Image } from "../image/image.ts";
import { endpointsOf, type ResolvedHost, withResolved } from "../policy/resolved.ts";
import type { ZoneSet } from "../zone/model.ts";
import type { Forcing } from "./forcing.ts";
import type { HealthBook } from "./health-book.ts";
import { type Health, type HealthNow, judgeShift } from "./max-shift.ts";
import type { ReloadingParts } from "./reloading.ts";
import type { Clock } from "./serving.ts";
import { inSlices } from "./slices.ts";

/** Where the health is from. */
export interface HealthNowParts {
  readonly clock: Clock;
  readonly book: HealthBook;
  readonly forcing: Pick<Forcing, "forcedAt">;
  readonly image: () => Image | undefined;
}

export interface ShiftJudgeParts extends HealthNowParts {
  readonly options: Pick<ServeOptions, "maxShift">;
}

export function createShiftJudge(parts: ShiftJudgeParts): ReloadingParts["judgeShift"] {
  const { maxShift } = parts.options;
  if (maxShift === undefined) return () => Promise.resolve(undefined);
  return (before, after) => inSlices(judgeShift(before, after, maxShift, () => healthNow(parts, after)));
}

/** That of what is served, and that of `set` if it were used in its place: host names stand for what they stand for now. */
export function healthNow(parts: HealthNowParts, set: ZoneSet): HealthNow | undefined {
  const served = parts.image()?.decisions;
  return served && { before: served, after: foresee(parts, set, served) };
}

function foresee({ book, forcing, clock }: HealthNowParts, set: ZoneSet, served: Health): Health {
  const hosts = new Map<string, ResolvedHost>();
  for (const { hostName, addresses, ttlSeconds, leadsBack = false } of endpointsOf(served.definitions)) {
    if (hostName === undefined || ttlSeconds === undefined) continue;
    hosts.set(hostName, { addresses, ttlSeconds, leadsBack });
  }
  const definitions = withResolved(set.definitions, (hostName) => hosts.get(hostName));
  const atMs = clock.now();
  const snapshot = book.foresee({ ...set, definitions }, forcing.forcedAt(definitions, atMs), atMs);
  return { definitions, snapshot };
}
