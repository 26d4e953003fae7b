/**
 * Availability of pools and policies as this node sees it: fed with every publication, read by metrics and status, and kept in
 * the state folder, so that 30 days outlast restarts. The arithmetic is `health/availability`'s.
 *
 * | a pool is     | while                                                                                        |
 * | ------------- | -------------------------------------------------------------------------------------------- |
 * | available     | `min-up` of its endpoints are observed up, in any address family that it has                 |
 * | not known     | nobody probes it, or what is not yet probed decides                                          |
 * | not available | else, in its grace too                                                                       |
 *
 * People, windows, `failback` and `grace` decide where clients go; whether a region works is what probes find
 * (`observedOfPool`). So a drain costs a region nothing while its probes pass, and an outage counts also while somebody has
 * drained it.
 *
 * | a policy is   | while                                                                                        |
 * | ------------- | -------------------------------------------------------------------------------------------- |
 * | available     | it answers what is up, or passes its probes: rungs 1 to 3                                    |
 * | not known     | nothing of what it answers was probed yet                                                    |
 * | not available | it is down to rung 4: it fails open, or answers nothing                                      |
 *
 * In the worse of the address families, and of the records that share a name, for a client of unknown place. A policy is what
 * clients get: here what people force counts.
 */

import type { AvailabilitySource, PolicyView, ServingState } from "../admin/source.ts";
import { createAvailabilityBook, type History } from "../health/availability.ts";
import type { Snapshot } from "../health/snapshot.ts";
import type { Observed } from "../health/verdict.ts";
import type { Evaluation } from "../policy/evaluation.ts";
import { keepAvailability, readKeptAvailability } from "./availability-file.ts";
import type { Ending } from "./endings.ts";
import type { Log, LogLimiter } from "./log.ts";
import { servedPolicies } from "./transitions.ts";

/** More often than the longest step that is believed. */
const LOOK_EVERY_MS = 10_000;
/** What a node that is killed forgets at most. */
const KEEP_EVERY_MS = 60_000;
/** How long a pool or a policy is remembered that no zone has any more. */
export const GONE_KEPT_MS = 24 * 60 * 60 * 1_000;

export interface Availability extends AvailabilitySource {
  /** Takes in what is served from now on, and what probes say of its pools. */
  note(state: ServingState, pools: ReadonlyMap<string, Observed>): void;
  /** Begins with what was kept; before the first `note`. Never rejects. */
  restore(): Promise<void>;
  /** From now on it looks at the clock, and writes itself down. */
  start(limiter: LogLimiter): Ending;
}

export interface AvailabilityParts {
  readonly folder: string;
  readonly now: () => number;
  readonly log: Log;
}

export function createAvailability({ folder, now, log }: AvailabilityParts): Availability {
  const book = createAvailabilityBook();
  /** By name, of what is served: a publication changes few of thousands, and those alone go on to the book. */
  const told = { pools: new Map<string, Observed>(), policies: new Map<string, Observed>() };

  const read: AvailabilitySource["ofPool"] = (subject) => {
    book.look(now());
    return book.read(subject) ?? [];
  };

  const noteAll = (
    before: Map<string, Observed>,
    states: ReadonlyMap<string, Observed>,
    subjectOf: (name: string) => string,
  ): void => {
    const atMs = now();
    for (const [name, state] of states) {
      if (before.get(name) === state) continue;
      before.set(name, state);
      book.note(subjectOf(name), state, atMs);
    }
    if (before.size === states.size) return;
    for (const name of before.keys()) {
      if (states.has(name)) continue;
      before.delete(name);
      book.note(subjectOf(name), "unknown", atMs);
    }
  };

  const forgetGone = (): void => {
    const oldestMs = now() - GONE_KEPT_MS;
    const served = new Set([
      ...Array.from(told.pools.keys(), poolSubject),
      ...Array.from(told.policies.keys(), policySubject),
    ]);
    for (const subject of book.subjects()) {
      const lastMs = book.history(subject).at(-1)?.toMs ?? 0;
      if (!served.has(subject) && lastMs < oldestMs) book.forget(subject);
    }
  };

  /** Made one after the other, as they are written: all of them at once would be much. */
  function* histories(): Generator<readonly [string, History]> {
    for (const subject of book.subjects()) yield [subject, book.history(subject)];
  }

  const keep = async (limiter: LogLimiter): Promise<void> => {
    try {
      book.look(now());
      forgetGone();
      await keepAvailability(folder, histories(), now());
    } catch (error) {
      const reason = messageOf(error);
      if (limiter.admit(`availability ${reason}`) === undefined) return;
      log.warn({ event: "state", reason }, "cannot write availability down");
    }
  };

  return {
    ofPool: (name) => read(poolSubject(name)),
    ofPolicy: (name) => read(policySubject(name)),
    note(state, pools) {
      const policies = new Map<string, Observed>();
      for (const view of servedPolicies(state)) {
        const { name } = view.policy;
        const found = stateOfPolicy(view, state.snapshot);
        policies.set(name, worse(policies.get(name) ?? found, found));
      }
      noteAll(told.pools, pools, poolSubject);
      noteAll(told.policies, policies, policySubject);
    },
    async restore() {
      try {
        const { histories: kept, damagedLines } = await readKeptAvailability(folder);
        for (const [subject, history] of kept) book.restore(subject, history, now());
        if (damagedLines > 0)
          log.warn(
            { event: "state", damagedLines },
            "a part of the availability that was kept cannot be read",
          );
      } catch (error) {
        log.warn({ event: "state", reason: messageOf(error) }, "cannot use what was kept of availability");
      }
    },
    start(limiter) {
      let writing: Promise<void> | undefined;
      const looking = setInterval(() => book.look(now()), LOOK_EVERY_MS).unref();
      const keeping = setInterval(() => {
        writing ??= keep(limiter).finally(() => {
          writing = undefined;
        });
      }, KEEP_EVERY_MS).unref();
      return async () => {
        clearInterval(looking);
        clearInterval(keeping);
        await writing;
        await keep(limiter);
      };
    },
  };
}

function poolSubject(name: string): string {
  return `pool ${name}`;
}

function policySubject(name: string): string {
  return `policy ${name}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function stateOfPolicy({ evaluations: { ipv4, ipv6 } }: PolicyView, snapshot: Snapshot): Observed {
  return worse(stateOfAnswers(ipv4, snapshot), stateOfAnswers(ipv6, snapshot));
}

function worse(one: Observed, other: Observed): Observed {
  if (one === "down" || other === "down") return "down";
  return one === "unknown" ? one : other;
}

/** On rung 2 there are those that pass and are held back, and those that nobody has probed. */
function stateOfAnswers({ rung, draws }: Evaluation, { endpoints }: Snapshot): Observed {
  if (rung === 4) return "down";
  if (rung !== 2) return "up";
  const passes = draws.some(({ candidates }) =>
    candidates.some(({ endpoint, addresses }) =>
      endpoint.addresses.some((address, index) => {
        const health = endpoints.get(endpoint.id)?.addresses[index];
        return addresses.includes(address) && (health?.observed === "up" || health?.passing === true);
      }),
    ),
  );
  return passes ? "up" : "unknown";
}
