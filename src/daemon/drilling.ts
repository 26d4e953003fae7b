/** Drills as a part of the node: those that are asked for and those of the schedule, and what both are made of here. */

import { randomBytes } from "node:crypto";
import { schedule } from "node-cron";
import type { DrillsSource } from "../admin/drill-source.ts";
import { createSeriesReader } from "../admin/metrics/series-reader.ts";
import type { AdminSource } from "../admin/source.ts";
import type { Counters } from "../answer/answer.ts";
import type { ServeOptions } from "../config/options.ts";
import { createDrillSchedule, planDrills } from "./drill-schedule.ts";
import { createDrills } from "./drills.ts";
import type { Ending } from "./endings.ts";
import type { Events } from "./events.ts";
import type { Forcing } from "./forcing.ts";
import { createLogLimiter, type Log } from "./log.ts";
import type { Clock, Serving } from "./serving.ts";
import { StartFailure } from "./start-failure.ts";

const EVERY_MINUTE = "* * * * *";
const ID_OCTETS = 5;
/** One line of a kind in this time, for what could repeat without end. */
const LIMITED_LOG_MS = 60_000;

export interface DrillingParts {
  readonly options: Pick<ServeOptions, "drills" | "state">;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: Pick<Events, "record" | "subscribe">;
  readonly forcing: Pick<Forcing, "holds" | "settle" | "source">;
  readonly counters: Pick<Counters, "answersByPool">;
  readonly serving: () => Pick<Serving, "told" | "image">;
}

export interface Drilling {
  readonly source: DrillsSource;
  /** Metrics are read from there. */
  readMetrics(source: AdminSource): void;
  /** Lifts what the node was killed over; once the overrides are replayed. */
  begin(): Promise<void>;
  /** Something else is served now. */
  published(): void;
  /** Begins what its schedule has for now; at each minute. */
  lookAtSchedule(): Promise<void>;
  /** From now on the schedule counts; what it returns ends the drill that runs. */
  start(): Ending;
}

/** Throws a `StartFailure` where the schedule is faulty. */
export function createDrilling(parts: DrillingParts): Drilling {
  const { options, clock, log, events, forcing, counters, serving } = parts;
  const planned = planDrills(options.drills);
  if (!planned.ok) throw new StartFailure(planned.message);
  const timed = createDrillSchedule(planned.drills, clock.now());
  const limiter = createLogLimiter(LIMITED_LOG_MS, clock.monotonic);
  let seriesOf: ReturnType<typeof createSeriesReader> = () => [];

  const drills = createDrills({
    folder: options.state,
    now: clock.now,
    newId: () => randomBytes(ID_OCTETS).toString("hex"),
    // What has changed is in the record by then.
    state: () => serving().told(),
    rules: () => serving().image()?.zones.set.rules ?? [],
    holds: forcing.holds,
    settle: forcing.settle,
    overrides: forcing.source,
    answersByPool: (isMeant) => counters.answersByPool(isMeant),
    seriesOf: (metric) => seriesOf(metric),
    events,
    record: events.record,
    onFault(reason) {
      if (limiter.admit(reason) !== undefined) log.warn({ event: "state", reason }, "drills have trouble");
    },
  });

  const lookAtSchedule = async (): Promise<void> => {
    // One that is still under way is what speaks against the next.
    for (const plan of timed.due(clock.now())) await drills.start(plan);
  };

  return {
    source: { ...drills, scheduled: () => timed.views(clock.now()) },
    readMetrics(source) {
      seriesOf = createSeriesReader(source);
    },
    begin: () => drills.begin(),
    published: () => drills.published(),
    lookAtSchedule,
    start() {
      const task = schedule(EVERY_MINUTE, lookAtSchedule, {
        name: "drills",
        suppressMissedWarning: true,
        unref: true,
      });
      return async () => {
        await task.destroy();
        await drills.stop();
      };
    },
  };
}
