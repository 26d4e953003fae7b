/**
 * Events in the log, a line each: what it says and how loud. It is one of the readers of `daemon/events`, and what is an
 * event is written to the log from nowhere else; save for starts and stops, and threads that die, of which the log says
 * more than an event holds: addresses, and where in the code it was.
 */

import type { EventKind, NodeEvent } from "../admin/events/event.ts";
import { UNRESOLVED } from "./host-state.ts";
import type { Log } from "./log.ts";

type Level = "info" | "warn" | "error";

interface Saying {
  readonly level: Level;
  readonly message: string;
}

export function logEvent(log: Log, event: NodeEvent): void {
  const { kind, id, ref, from, to, reason, owner, refused } = event;
  const saying = SAYINGS[kind](event);
  if (saying === undefined) return;
  const line = { event: kind, id, ref, from, to, reason, owner, refused };
  log[saying.level](line, saying.message);
}

const SAYINGS: { readonly [kind in EventKind]: (event: NodeEvent) => Saying | undefined } = {
  node: () => undefined,
  reload: ({ to }) =>
    to === "refused" ? error("reload refused, the running zones stay") : info("zones reloaded"),
  endpoint: ({ to }) => (to === "down" ? warn("endpoint is down") : info(`endpoint is ${to}`)),
  forced: ({ to }) => info(to === null ? "endpoint is left to its probes again" : `endpoint is forced ${to}`),
  pool: ({ to }) => (to === "down" ? warn("pool is down") : info(`pool is ${to}`)),
  policy: sayPolicy,
  override: (event) => sayForcing("override", event),
  window: (event) => sayForcing("window", event),
  "override-file": ({ to }) =>
    to === "refused"
      ? error("the file of overrides is refused: what was accepted last stays")
      : info("the file of overrides is in force"),
  "host-name": ({ from, to }) => {
    if (to?.startsWith(UNRESOLVED) === true) return warn("cannot resolve a host name");
    return info(
      from?.startsWith(UNRESOLVED) === true
        ? "a host name is resolved again"
        : "a host name stands for other addresses",
    );
  },
  drill: sayDrill,
  worker: () => undefined,
  certificate: () => warn("a TLS certificate is about to expire"),
};

function sayPolicy({ from, to }: NodeEvent): Saying {
  if (to === null || to === "rung 1") return info("policy is back on its first rung");
  if (to.includes("failing open")) return error("policy is failing open");
  if (to.includes("nothing")) return error("policy has nothing to answer");
  return from !== null && /failing open|nothing/.test(from)
    ? info("policy is back on an earlier rung")
    : warn("policy answers from a last resort");
}

function sayDrill({ to }: NodeEvent): Saying {
  if (to === "running") return warn("drill is running");
  if (to === "passed") return info("drill passed");
  return to === "aborted" ? error("drill aborted") : warn("drill refused");
}

function sayForcing(what: string, { to, refused }: NodeEvent): Saying {
  if (refused !== undefined) return warn(`${what} is not in force`);
  return to === null ? info(`${what} ended`) : warn(`${what} in force`);
}

function info(message: string): Saying {
  return { level: "info", message };
}

function warn(message: string): Saying {
  return { level: "warn", message };
}

function error(message: string): Saying {
  return { level: "error", message };
}
