/**
 * What of a node has to do with health, put together as `daemon/daemon` does it: probe threads, health book, builds, what
 * follows from one build to the next, events in a folder of their own, health on disk, and the metrics page. It serves no
 * queries. `test/bench/probes` measures it.
 */

import { openSync } from "node:fs";
import { pino } from "pino";
import { type AdminHandle, startAdmin } from "../../src/admin/server.ts";
import { openEvents } from "../../src/daemon/events.ts";
import { createHealthBook } from "../../src/daemon/health-book.ts";
import { startHealthKeeping } from "../../src/daemon/health-keeping.ts";
import { createLogLimiter } from "../../src/daemon/log.ts";
import { createServing } from "../../src/daemon/serving.ts";
import { createLastResorts, createTransitions } from "../../src/daemon/transitions.ts";
import { createProbeThreads, type ProbeThreads } from "../../src/probe/probe-threads.ts";
import type { ZoneSet } from "../../src/zone/model.ts";
import { typescriptThread } from "../support/threads.ts";
import { createNode } from "../unit/admin/node.ts";

const FIRST_ROUND_MS = 60_000;
const STOP_MS = 1_000;
const LIMITED_LOG_MS = 60_000;
/** As `daemon/probing` has them. */
const CONCURRENCY = 2_048;
const COMMANDS_AT_ONCE = 8;

export interface ProbingCounts {
  verdicts: number;
  failed: number;
  builds: number;
  events: number;
  /** When each probe began, on the clock of `Date.now()`, by host and then by target. */
  readonly begins: Map<string, Map<string, number>>;
}

export interface ProbingNode {
  readonly counts: ProbingCounts;
  readonly threads: ProbeThreads;
  readonly admin: AdminHandle;
  stop(): Promise<void>;
}

/** Probes one round, and then goes on at the intervals of the zones. */
export async function startProbingNode(
  set: ZoneSet,
  threadsMax: number,
  folder: string,
): Promise<ProbingNode> {
  const clock = { now: Date.now, monotonic: () => performance.now() };
  // Lines are written, as in service, and read by nobody.
  const log = pino({}, pino.destination({ dest: openSync("/dev/null", "w"), sync: true }));
  const limiter = createLogLimiter(LIMITED_LOG_MS, clock.monotonic);
  const counts: ProbingCounts = { verdicts: 0, failed: 0, builds: 0, events: 0, begins: new Map() };
  const book = createHealthBook();
  const events = await openEvents({ folder, now: clock.now, log, limiter });
  const record: typeof events.record = (happening) => {
    counts.events++;
    events.record(happening);
  };
  const transitions = createTransitions({ record, lastResorts: createLastResorts(), known: () => new Map() });
  const keeping = startHealthKeeping({
    stateFolder: folder,
    keep: () => book.keep(),
    now: clock.now,
    limiter,
    log,
  });
  const serving = createServing({
    book,
    forcedAt: () => new Map(),
    clock,
    geo: () => undefined,
    onPublish() {
      counts.builds++;
      keeping.noteChange();
    },
    tell: (publication) => transitions.note(publication),
    onTold: () => undefined,
  });
  const threads = createProbeThreads({
    entry: typescriptThread(new URL("../../src/probe/probe-thread-entry.ts", import.meta.url)),
    threadsMax,
    runAs: undefined,
    concurrency: CONCURRENCY,
    commandConcurrency: COMMANDS_AT_ONCE,
    onVerdict(target, verdict) {
      counts.verdicts++;
      if (!verdict.ok) counts.failed++;
      const ofHost = counts.begins.get(target.host) ?? new Map<string, number>();
      counts.begins.set(target.host, ofHost.set(target.key, verdict.atMs - verdict.elapsedMs));
      if (book.record(target.key, verdict)) serving.healthChanged();
    },
    onDeath: (error) => void process.stderr.write(`a thread died: ${error.message}\n`),
  });
  book.use(set, clock.now());
  threads.setTargets(book.targets());
  await threads.runRound(FIRST_ROUND_MS);
  serving.install(set);
  threads.start();
  events.begin();
  const source = {
    ...createNode(),
    serving: () => serving.state(),
    probeCounters: book.counts,
    certificates: () => book.certificates(),
  };
  const admin = await startAdmin({ address: "127.0.0.1", port: 0, source, log });
  return {
    counts,
    threads,
    admin,
    async stop() {
      await admin.stop(STOP_MS);
      await threads.stop();
      serving.stop();
      await keeping.stop();
      await events.stop();
    },
  };
}
