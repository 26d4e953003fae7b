/**
 * A running node, put together: probes feed the health book, the book and the zones feed the image, the listeners
 * answer from it, and the admin plane shows it. Nothing is decided here.
 *
 *     state folder, lock → zones → admin plane (not ready) → first round of probes → image → listeners → `--user` → ready
 *
 * `cli/serve` starts one and translates signals; tests start several in one process. Whatever has been started is in
 * `endings`, and a stop or a failed start ends it in the opposite order.
 */

import { startAdmin } from "../admin/server.ts";
import type { AdminSource } from "../admin/source.ts";
import { Counters, type Image, publishImage } from "../answer/answer.ts";
import type { ServeOptions } from "../config/options.ts";
import { formatSocketAddress, type SocketAddress } from "../config/socket-address.ts";
import type { EndpointHealth } from "../health/snapshot.ts";
import type { Prober } from "../probe/prober.ts";
import { ImageCollector } from "../server/image-collector.ts";
import type { Diagnostic } from "../zone/diagnostic.ts";
import type { ZoneSet } from "../zone/model.ts";
import { createAdminSource } from "./admin-source.ts";
import { createAnswerSettings, type KeptSettings } from "./answer-settings.ts";
import { type AnsweringChoice, type AnsweringSide, createAnsweringSide } from "./answering.ts";
import { type Availability, createAvailability } from "./availability.ts";
import { createDrilling, type Drilling } from "./drilling.ts";
import { createStop, type Ending, endAll, STOP_MS } from "./endings.ts";
import { type Events, openEvents } from "./events.ts";
import { createForcing, type Forcing } from "./forcing.ts";
import type { GeoKeeping } from "./geo-keeping.ts";
import { createHealthBook } from "./health-book.ts";
import { type HealthKeeping, startHealthKeeping } from "./health-keeping.ts";
import { startHousekeeping } from "./housekeeping.ts";
import { readyLine, reasonOf } from "./listeners.ts";
import { createLiveEndpoints, type LiveEndpoints } from "./live-endpoints.ts";
import { createLogLimiter, type Log, type LogLimiter } from "./log.ts";
import type { NodeCertificate } from "./node-certificate.ts";
import {
  dropPrivileges,
  lockState,
  openCertificate,
  openGeo,
  openTransfer,
  whomToBecome,
} from "./openings.ts";
import { createPlanner } from "./planning.ts";
import type { User } from "./privileges.ts";
import { createProbing } from "./probing.ts";
import { createStatus, type Status } from "./readiness.ts";
import { createReloading, type Reloading } from "./reloading.ts";
import type { Secondaries } from "./secondaries.ts";
import type { ServiceManager } from "./service-manager.ts";
import { type Clock, createServing } from "./serving.ts";
import { createShiftJudge } from "./shift-judge.ts";
import { StartFailure } from "./start-failure.ts";
import { createLastResorts, createTransitions, type LastResorts } from "./transitions.ts";
import { watchFoldersOf, watchZones } from "./watch.ts";
import { loadForStart } from "./zone-loading.ts";

/** How long serving waits for the first round of probes. */
const FIRST_ROUND_MS = 5000;
/** One line of a kind in this time, for what could repeat without end. */
const LIMITED_LOG_MS = 60_000;

export interface DaemonParts {
  readonly options: ServeOptions;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: () => number;
  readonly serviceManager: ServiceManager;
  /** The token of `--admin-token-file`. */
  readonly adminToken: string | undefined;
  /** Nothing but what the system has, save in tests. */
  readonly answering?: AnsweringChoice;
}

export interface Daemon {
  /** With the ports that the system chose where 0 was asked for: UDP and TCP, then TLS, then HTTPS. */
  readonly listen: readonly SocketAddress[];
  readonly listenTls: readonly SocketAddress[];
  readonly listenHttps: readonly SocketAddress[];
  readonly admin: SocketAddress;
  readonly reload: AdminSource["reload"];
  /** Not ready from this moment; queries in flight are answered; done after `STOP_MS` at the latest. */
  stop(): Promise<void>;
}

export type StartResult =
  | { readonly ok: true; readonly daemon: Daemon }
  | {
      readonly ok: false;
      /** In one line. */
      readonly message: string;
      readonly diagnostics: readonly Diagnostic[];
    };

export async function startDaemon(parts: DaemonParts): Promise<StartResult> {
  const endings: Ending[] = [];
  try {
    return { ok: true, daemon: await start(parts, endings) };
  } catch (error) {
    await endAll(endings, STOP_MS, parts);
    if (!(error instanceof StartFailure)) throw error;
    return { ok: false, message: error.message, diagnostics: error.diagnostics };
  }
}

/** Beside what it was handed: what keeps the record, and what says where clients are. */
interface RunningParts extends DaemonParts {
  readonly events: Events;
  readonly geo: GeoKeeping;
}

async function start(given: DaemonParts, endings: Ending[]): Promise<Daemon> {
  const { options, log, clock } = given;
  const user = await whomToBecome(given);
  await lockState(options, log, endings);
  const geo = await openGeo(given);
  const start = await loadForStart({ options, log, placeOf: geo.placeOf });
  if (!start.ok) throw new StartFailure(start.message, start.diagnostics);

  const limiter = createLogLimiter(LIMITED_LOG_MS, clock.monotonic);
  const events = await openEvents({ folder: options.state, now: clock.now, log, limiter });
  endings.push(() => events.stop());
  const parts: RunningParts = { ...given, events, geo };
  const secondaries = openTransfer(parts, () => core.serving.image(), limiter);
  const core = createCore(parts, user, secondaries);
  const status = createStatus(
    () => core.serving.image() !== undefined,
    () => core.book.firstRound(),
  );
  const admin = await startAdminPlane(parts, core, status, secondaries);
  endings.push((deadlineMs) => admin.stop(deadlineMs));

  await beginHealth(core, status, start.loaded.set, endings);
  const [side] = await Promise.all([
    startAnswering(parts, core, limiter, secondaries),
    core.prober.runRound(FIRST_ROUND_MS),
  ]);
  endings.push((deadlineMs) => side.stop(deadlineMs));
  core.answering = side;
  status.firstRoundIn();
  await core.reloading.begin(start);

  const listening = await side.listen();
  if (!listening.ok) throw new StartFailure(listening.message);
  const { listeners } = listening;
  if (user !== undefined) {
    dropPrivileges(user, options);
    // A key that this user may not read is better known now than when it has been renewed.
    core.certificate?.reload();
  }
  core.prober.start();
  await startUpkeep(parts, core, limiter, endings);
  status.listening();
  secondaries.notifier?.begin();
  endings.push(() => secondaries.notifier?.stop());
  log.info({ event: "ready", ...readyLine(listeners), admin: formatSocketAddress(admin) }, "serving");
  const serves = `serving ${start.loaded.set.zones.length} zones`;
  events.record({ kind: "node", ref: options.node, from: null, to: "serving", reason: serves });
  await parts.serviceManager.tell("READY=1", serves);
  // By then this function has let go of what was loaded.
  setImmediate(() => core.collector.collectWhereDue());
  return {
    listen: listeners.plain,
    listenTls: listeners.tls,
    listenHttps: listeners.https,
    admin: { address: admin.address, port: admin.port },
    reload: core.reload,
    stop: createStop({ ...parts, node: options.node, record: events.record, status, endings }),
  };
}

/** What was kept is known again, and what is to be probed; a node that cannot read what operators forbade does not start. */
async function beginHealth(core: Core, status: Status, set: ZoneSet, endings: Ending[]): Promise<void> {
  const unreadable = await core.forcing.replay();
  if (unreadable !== undefined) throw new StartFailure(unreadable);
  await core.drilling.begin();
  status.overridesReplayed();
  await core.availability.restore();
  core.known = await core.endpoints.begin(set);
  const { endpoints, prober, serving } = core;
  endings.push(() => endpoints.hosts.stop());
  endings.push(() => prober.stop());
  endings.push(() => serving.stop());
}

interface Core {
  readonly book: ReturnType<typeof createHealthBook>;
  readonly serving: ReturnType<typeof createServing>;
  readonly counters: Counters;
  readonly collector: ImageCollector;
  readonly forcing: Forcing;
  readonly drilling: Drilling;
  readonly prober: Prober;
  readonly endpoints: LiveEndpoints;
  readonly reloading: Reloading;
  readonly lastResorts: LastResorts;
  readonly availability: Availability;
  readonly settings: KeptSettings;
  readonly certificate: NodeCertificate | undefined;
  readonly geo: GeoKeeping;
  /** Reads whatever files may have changed. */
  readonly reload: AdminSource["reload"];
  /** What answers, once it is made; told of every image. */
  answering: AnsweringSide | undefined;
  /** What writes health down, once it is needed; told of every change. */
  keeping: HealthKeeping | undefined;
  /** What the last run knew of endpoints. */
  known: ReadonlyMap<string, EndpointHealth>;
}

/** The flow of health and zones: verdict → book → image, and files → set → book, prober and image. */
function createCore(parts: RunningParts, runAs: User | undefined, secondaries: Secondaries): Core {
  const { options, log, clock, geo } = parts;
  const later = { answering: undefined, keeping: undefined, known: new Map() };
  const core: Pick<Core, "answering" | "keeping" | "known"> = later;
  const book = createHealthBook();
  const counters = new Counters();
  const collector = new ImageCollector();
  const { record } = parts.events;
  const lastResorts = createLastResorts();
  const transitions = createTransitions({ record, lastResorts, known: () => core.known });
  const availability = createAvailability({ folder: options.state, now: clock.now, log });
  const changed = (): void => core.answering?.publish();
  const kept = createAnswerSettings({ options, tsigKeys: secondaries.keys, log, now: clock.now, changed });
  if (!kept.ok) throw new StartFailure(kept.message);
  const { settings } = kept;
  const onChange = (): void => serving.healthChanged();
  const forcing = createForcing({ ...parts, record, image: () => serving.image(), onChange });
  const serving = createServing({
    book,
    forcedAt: forcing.forcedAt,
    clock,
    geo: geo.database,
    onPublish(image) {
      counters.adopt(image.zones);
      collector.noteImage(publishImage(image, undefined));
      settings.noteZones(image.zones);
      core.answering?.publish();
      core.keeping?.noteChange();
    },
    *tell(publication) {
      yield* transitions.note(publication);
      availability.note(publication.after, transitions.observedPools);
    },
    onTold() {
      forcing.published();
      drilling.published();
    },
  });
  const drilling = createDrilling({ ...parts, forcing, counters, serving: () => serving });
  const prober = createProbing({
    log,
    record,
    monotonic: clock.monotonic,
    runAs,
    onVerdict(target, verdict) {
      if (book.record(target.key, verdict)) serving.healthChanged();
    },
  });
  const endpoints = createLiveEndpoints({ ...parts, record, book, prober, onChange });
  const reloading = createReloading({
    ...parts,
    placeOf: geo.placeOf,
    record,
    judgeShift: createShiftJudge({ ...parts, book, forcing, image: () => serving.image() }),
    noteLoad: (success) => settings.noteLoad(success),
    generation: () => serving.state()?.generation ?? 0,
    async prepare(set) {
      await endpoints.prepare(set);
      await serving.prepare(set);
    },
    tidy: () => collector.collectWhereDue(),
    install(set) {
      endpoints.use(set);
      serving.install(set);
      secondaries.notifier?.zonesServed(set.zones);
    },
  });
  const certificate = openCertificate(parts);
  const reload: Core["reload"] = async (wish) => {
    certificate?.reload();
    await geo.reload();
    const outcome = await reloading.reload(wish);
    await serving.geoChanged();
    await forcing.reload();
    return outcome;
  };
  const shown = { serving, counters, collector, settings, certificate, lastResorts, availability };
  return Object.assign(core, {
    geo,
    book,
    forcing,
    drilling,
    prober,
    endpoints,
    reloading,
    reload,
    ...shown,
  });
}

async function startAdminPlane(
  { options, log, clock, events, adminToken }: RunningParts,
  core: Core,
  status: Status,
  secondaries: Secondaries,
): ReturnType<typeof startAdmin> {
  const source = createAdminSource({
    node: options.node,
    serving: core.serving,
    book: core.book,
    events,
    counters: core.counters,
    lastResorts: core.lastResorts,
    availability: core.availability,
    answering: () => core.answering,
    certificate: core.certificate,
    geo: core.geo,
    secondaries: secondaries.counts,
    hosts: core.endpoints.hosts,
    overrides: core.forcing.source,
    drills: core.drilling.source,
    readiness: status.readiness,
    load: core.reloading.outcome,
    reload: core.reload,
    plan: createPlanner({ ...core, clock, image: () => core.serving.image() }),
  });
  core.drilling.readMetrics(source);
  const { address, port } = options.admin;
  try {
    return await startAdmin({ address, port, source, log, token: adminToken });
  } catch (error) {
    const where = formatSocketAddress(options.admin);
    throw new StartFailure(`Cannot open the admin address ${where}: ${reasonOf(error, options.admin)}`);
  }
}

async function startAnswering(
  { options, log, clock, random, answering, events: { record } }: RunningParts,
  { counters, settings, serving, certificate }: Core,
  limiter: LogLimiter,
  { transfers }: Secondaries,
): Promise<AnsweringSide> {
  const image = (): Image | undefined => serving.image();
  const common = { options, log, record, clock, random, limiter, counters, settings, image, certificate };
  const result = await createAnsweringSide({ ...common, transfers, choice: answering ?? {} });
  if (!result.ok) throw new StartFailure(result.message);
  return result.side;
}

async function startUpkeep(
  { options, log, clock, events }: RunningParts,
  core: Core,
  limiter: LogLimiter,
  endings: Ending[],
): Promise<void> {
  events.begin();
  const { book, endpoints, serving, settings, reloading, certificate, geo } = core;
  const cannotWatch = (error: unknown): void => {
    const reason = error instanceof Error ? error.message : String(error);
    if (limiter.admit(`watch ${reason}`) !== undefined) log.warn({ reason }, "cannot watch the files");
  };
  const watcher = await watchZones(options.zones, () => void reloadAndWatch(), cannotWatch);
  const included = (): string[] => (serving.image()?.zones.set.files ?? []).map(({ path }) => path);
  const reloadAndWatch = async (): Promise<void> => {
    await reloading.reloadIfChanged();
    watcher.add(included());
  };
  watcher.add(included());
  endings.push(() => watcher.stop());
  if (geo.path !== undefined) {
    const changed = (): void => void geo.reload().then(() => serving.geoChanged());
    endings.push(() => geo.stop());
    endings.push(watchFoldersOf([geo.path], changed, cannotWatch));
  }
  if (certificate !== undefined) {
    endings.push(watchFoldersOf(certificate.paths, () => certificate.reload(), cannotWatch));
  }
  endings.push(await core.forcing.start(cannotWatch));
  endings.push(core.drilling.start());
  const keepers = { stateFolder: options.state, now: clock.now, limiter, log };
  const keeping = startHealthKeeping({ ...keepers, keep: () => endpoints.keep() });
  core.keeping = keeping;
  endings.push(() => keeping.stop());
  endings.push(core.availability.start(limiter));
  endings.push(startHousekeeping({ ...keepers, book, settings }));
}
