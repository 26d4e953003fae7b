/**
 * The endpoints as they are: those of the zones, with the addresses that host names stand for at the moment. Whatever
 * changes them, a load or a resolver, ends in `use`: the book judges them, and the prober probes them.
 */

import type { ServeOptions } from "../config/options.ts";
import type { EndpointHealth } from "../health/snapshot.ts";
import type { Prober } from "../probe/prober.ts";
import type { ZoneSet } from "../zone/model.ts";
import type { Recorder } from "./events.ts";
import type { HealthBook } from "./health-book.ts";
import { type KeptHealth, readHealth } from "./health-file.ts";
import { createHostNames, type HostNames } from "./host-names.ts";
import { createHostResolver } from "./host-resolver.ts";
import type { Log } from "./log.ts";
import type { Clock } from "./serving.ts";

export interface LiveEndpoints {
  readonly hosts: HostNames;
  /** A start goes on from what the last run knew: one that was told nothing would take a restart for an outage. Returns what that was. */
  begin(set: ZoneSet): Promise<ReadonlyMap<string, EndpointHealth>>;
  /** Has the names of a set resolved, as far as that takes no long time. */
  prepare(set: ZoneSet): Promise<void>;
  /** Makes the endpoints of `set` those that are judged and probed. */
  use(set: ZoneSet): void;
  /** What is to be remembered over a restart, of health and of names. */
  keep(): KeptHealth;
}

export interface LiveEndpointsParts {
  readonly options: Pick<ServeOptions, "resolvers" | "state">;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly record: Recorder;
  readonly book: HealthBook;
  readonly prober: Prober;
  /** A name stands for something else; the book knows it already. */
  readonly onChange: () => void;
}

export function createLiveEndpoints(parts: LiveEndpointsParts): LiveEndpoints {
  const { options, clock, random, log, record, book, prober, onChange } = parts;
  let used: ZoneSet | undefined;

  const use = (set: ZoneSet): void => {
    used = set;
    book.use(hosts.live(set), clock.now());
    prober.setTargets(book.targets());
  };

  const hosts = createHostNames({
    resolver: createHostResolver({ servers: options.resolvers }),
    now: clock.now,
    random,
    record,
    onChange() {
      if (used === undefined) return;
      use(used);
      onChange();
    },
  });

  const restore = async (): Promise<void> => {
    const read = await readHealth(options.state, clock.now());
    if (read.kind === "read") {
      const { health } = read;
      book.restore(health);
      hosts.restore(health.hosts ?? new Map());
      const ageSeconds = Math.round(read.ageMs / 1000);
      log.info(
        { event: "state", states: health.states.size, ageSeconds },
        "health goes on from what was kept",
      );
    } else if (read.kind === "unusable") {
      log.warn({ event: "state", reason: read.reason }, "cannot use what was kept of health");
    }
  };

  return {
    hosts,
    async begin(set) {
      await restore();
      await hosts.prepare(set);
      use(set);
      return book.observed();
    },
    prepare: (set) => hosts.prepare(set),
    use,
    keep: () => ({ ...book.keep(), hosts: hosts.keep() }),
  };
}
