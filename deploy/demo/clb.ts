/**
 * A pretended regional load balancer: one address in front of a primary and a secondary zone. When the zone in use has
 * been failing for `takeoverMs` and the other has not, the other takes over; when the primary is well again for as
 * long, it takes back. The clock is an argument.
 *
 *     primary    secondary   in use, once settled
 *     healthy    any         primary
 *     failing    healthy     secondary
 *     failing    failing     whichever it was
 */

export const ZONES = ["primary", "secondary"] as const;
export type ZoneName = (typeof ZONES)[number];

/** `slow` answers far too late; `dead` closes every connection without a word. */
export const ZONE_STATES = ["healthy", "unhealthy", "slow", "dead"] as const;
export type ZoneState = (typeof ZONE_STATES)[number];

export interface ClbStatus {
  readonly primary: ZoneState;
  readonly secondary: ZoneState;
  readonly inUse: ZoneName;
}

export interface Clb {
  /** Puts one zone, or both at one moment, into a state. */
  set(zones: readonly ZoneName[], state: ZoneState, nowMs: number): void;
  status(nowMs: number): ClbStatus;
}

function preferred(status: ClbStatus): ZoneName {
  if (status.primary === "healthy") return "primary";
  return status.secondary === "healthy" ? "secondary" : status.inUse;
}

export function createClb(takeoverMs: number): Clb {
  let current: ClbStatus = { primary: "healthy", secondary: "healthy", inUse: "primary" };
  /** Since when the zone in use is not the one to prefer. */
  let moveSinceMs: number | undefined;

  const settle = (nowMs: number) => {
    const zone = preferred(current);
    if (zone === current.inUse) {
      moveSinceMs = undefined;
      return;
    }
    moveSinceMs ??= nowMs;
    if (nowMs - moveSinceMs < takeoverMs) return;
    current = { ...current, inUse: zone };
    moveSinceMs = undefined;
  };

  return {
    set(zones, state, nowMs) {
      settle(nowMs);
      for (const zone of zones) current = { ...current, [zone]: state };
      settle(nowMs);
    },
    status(nowMs) {
      settle(nowMs);
      return current;
    },
  };
}
