/**
 * A running node, put together: probes feed the health book, the book and the zones feed the image, the listeners
 * answer from it, and the admin plane shows it. Nothing is decided here.
 *
 *     state folder, lock → zones → admin plane (not ready) → first round of probes → image → listeners → `--user` → ready
 *
 * `cli/serve` starts one and translates signals; tests start several in one process. Whatever has been started is in
 * `endings`, and a stop or a failed start ends it in the opposite order.
 */

import { setTimeout } from "node:timers/promises";
import { startAdmin } from "../admin/server.ts";
import type { Readiness, ReloadOutcome } from "../admin/source.ts";
import { Counters, createAnswer, publishImage } from "../answer/answer.ts";
import type { ServeOptions } from "../config/options.ts";
import { formatSocketAddress, type SocketAddress } from "../config/socket-address.ts";
import { probeByKind } from "../probe/kinds.ts";
import { createProbeWheel } from "../probe/wheel.ts";
import type { ServerOptions } from "../server/handle.ts";
import { ImageCollector } from "../server/image-collector.ts";
import type { UdpServers } from "../server/udp-servers.ts";
import type { Diagnostic } from "../zone/diagnostic.ts";
import { createAdminSource } from "./admin-source.ts";
import { createHealthBook, type ForcedStates } from "./health-book.ts";
import { startHousekeeping } from "./housekeeping.ts";
import { type Listeners, reasonOf, startListeners } from "./listeners.ts";
import { createLogLimiter, type Log, type LogLimiter } from "./log.ts";
import { becomeUser, judgeUser } from "./privileges.ts";
import { createReloading, type Reloading } from "./reloading.ts";
import type { ServiceManager } from "./service-manager.ts";
import { type Clock, createServing } from "./serving.ts";
import { openStateFolder } from "./state-folder.ts";
import { createLastResorts, type LastResorts, noteTransitions } from "./transitions.ts";
import { createUdp, type UdpChoice } from "./udp.ts";
import { watchZones } from "./watch.ts";
import { loadForStart } from "./zone-loading.ts";

/** How long serving waits for the first round of probes. */
export const FIRST_ROUND_MS = 5000;
/** How long a stop may take in all. */
export const STOP_MS = 5000;
/** Probes in flight at one time. */
export const PROBE_CONCURRENCY = 256;
/** One line of a kind in this time, for what could repeat without end. */
const LIMITED_LOG_MS = 60_000;

export interface DaemonParts {
  readonly options: ServeOptions;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: () => number;
  readonly serviceManager: ServiceManager;
  /** What an operator said of endpoints; empty until overrides are built. */
  readonly forced: ForcedStates;
  /** The token of `--admin-token-file`. */
  readonly adminToken: string | undefined;
  /** Nothing but what the system has, save in tests. */
  readonly udp?: UdpChoice;
}

export interface Daemon {
  /** With the ports that the system chose where 0 was asked for. */
  readonly listen: readonly SocketAddress[];
  readonly admin: SocketAddress;
  reload(): Promise<ReloadOutcome>;
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

type CommonOptions = Omit<ServerOptions, "address" | "port">;

/** What ends a part of the node, within so many milliseconds. */
type Ending = (deadlineMs: number) => Promise<void> | void;

/** A start that cannot go on; caught by `startDaemon`. */
class StartFailure extends Error {
  readonly diagnostics: readonly Diagnostic[];
  constructor(message: string, diagnostics: readonly Diagnostic[] = []) {
    super(message);
    this.diagnostics = diagnostics;
  }
}

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

async function start(parts: DaemonParts, endings: Ending[]): Promise<Daemon> {
  const { options, log, clock } = parts;
  const user = await judgeUser(options.user, options.listen, process.getuid?.());
  if (!user.ok) throw new StartFailure(user.message);
  if (user.warning !== undefined) log.warn(user.warning);
  const folder = await openStateFolder(options.state, log);
  if (!folder.ok) throw new StartFailure(folder.message);
  endings.push(() => folder.release());
  const start = await loadForStart(options.zones, options.state, log);
  if (!start.ok) throw new StartFailure(start.message, start.diagnostics);

  const limiter = createLogLimiter(LIMITED_LOG_MS, clock.monotonic);
  const core = createCore(parts);
  const status = createStatus(core);
  const adminSource = createAdminSource({
    node: options.node,
    serving: core.serving,
    book: core.book,
    counters: core.counters,
    lastResorts: core.lastResorts,
    udp: () => core.answering,
    readiness: status.readiness,
    load: core.reloading.outcome,
    reload: core.reloading.reload,
  });
  const admin = await startAdminPlane(parts, adminSource);
  endings.push((deadlineMs) => admin.stop(deadlineMs));

  core.book.use(start.loaded.set, clock.now());
  core.wheel.setTargets(core.book.targets());
  endings.push(() => core.wheel.stop());
  const common = serverOptions(parts, core, limiter);
  const [udp] = await Promise.all([startUdp(parts, core, common), core.wheel.runRound(FIRST_ROUND_MS)]);
  endings.push((deadlineMs) => udp.stop(deadlineMs));
  core.answering = udp;
  status.firstRoundIn();
  await core.reloading.begin(start.loaded, start.faulty);

  const listeners = await listen(parts, udp, common);
  endings.push((deadlineMs) => listeners.stop(deadlineMs));
  if (user.user !== undefined) becomeUser(user.user, options.state);
  core.wheel.start();
  await startUpkeep(parts, core, limiter, endings);
  status.listening();
  const line = { listen: listeners.addresses.map(formatSocketAddress), admin: formatSocketAddress(admin) };
  log.info({ event: "ready", ...line }, "serving");
  await parts.serviceManager.tell("READY=1", `serving ${start.loaded.set.zones.length} zones`);
  // By then this function has let go of what was loaded.
  setImmediate(() => core.collector.collectWhereDue());
  return {
    listen: listeners.addresses,
    admin: { address: admin.address, port: admin.port },
    reload: core.reloading.reload,
    stop: createStop(parts, status, endings),
  };
}

interface Core {
  readonly book: ReturnType<typeof createHealthBook>;
  readonly serving: ReturnType<typeof createServing>;
  readonly counters: Counters;
  readonly collector: ImageCollector;
  readonly wheel: ReturnType<typeof createProbeWheel>;
  readonly reloading: Reloading;
  readonly lastResorts: LastResorts;
  /** What answers over UDP, once it is made; told of every image. */
  answering: UdpServers | undefined;
}

/** The flow of health and zones: verdict → book → image, and files → set → book, wheel and image. */
function createCore({ options, log, clock, random, forced, serviceManager }: DaemonParts): Core {
  const core: Pick<Core, "answering"> = { answering: undefined };
  const book = createHealthBook();
  const counters = new Counters();
  const collector = new ImageCollector();
  const lastResorts = createLastResorts();
  const serving = createServing({
    book,
    forced,
    clock,
    onPublish(publication, image) {
      counters.adopt(image.zones);
      collector.noteImage(publishImage(image, undefined));
      core.answering?.publish();
      noteTransitions(publication, log, lastResorts);
    },
  });
  const wheel = createProbeWheel({
    probe: probeByKind,
    concurrency: PROBE_CONCURRENCY,
    now: clock.monotonic,
    random,
    onVerdict(target, verdict) {
      if (book.record(target.key, verdict)) serving.healthChanged();
    },
  });
  const reloading = createReloading({
    paths: options.zones,
    stateFolder: options.state,
    now: clock.now,
    log,
    serviceManager,
    generation: () => serving.state()?.generation ?? 0,
    tidy: () => collector.collectWhereDue(),
    install(set) {
      book.use(set, clock.now());
      wheel.setTargets(book.targets());
      serving.install(set);
    },
  });
  return Object.assign(core, { book, serving, counters, collector, wheel, reloading, lastResorts });
}

interface Status {
  readonly readiness: () => Readiness;
  readonly firstRoundIn: () => void;
  readonly listening: () => void;
  readonly stopping: () => void;
}

function createStatus({ serving }: Core): Status {
  let firstRound = false;
  let listening = false;
  let stopping = false;
  return {
    firstRoundIn: () => {
      firstRound = true;
    },
    listening: () => {
      listening = true;
    },
    stopping: () => {
      stopping = true;
    },
    readiness() {
      const reasons: string[] = [];
      if (stopping) reasons.push("stopping");
      if (!firstRound) reasons.push("the first round of probes is not in");
      if (serving.image() === undefined) reasons.push("there is no image yet");
      if (!listening) reasons.push("the listeners are not open");
      return { ready: reasons.length === 0, reasons };
    },
  };
}

async function startAdminPlane(
  { options, log, adminToken }: DaemonParts,
  source: ReturnType<typeof createAdminSource>,
): ReturnType<typeof startAdmin> {
  const { address, port } = options.admin;
  try {
    return await startAdmin({ address, port, source, log, token: adminToken });
  } catch (error) {
    const where = formatSocketAddress(options.admin);
    throw new StartFailure(`Cannot open the admin address ${where}: ${reasonOf(error, options.admin)}`);
  }
}

/** What the answer path on this thread is made of. */
function serverOptions(
  { options, log, random }: DaemonParts,
  { serving, counters }: Core,
  limiter: LogLimiter,
): CommonOptions {
  return {
    answer: createAnswer({ random, counters, nsid: nsidOf(options) }),
    currentImage() {
      const image = serving.image();
      if (image === undefined) throw new Error("listening without an image");
      return image;
    },
    counters,
    onFault({ kind, listener, error, unreported }) {
      const heldBack = limiter.admit(`${listener} ${error.message}`);
      if (heldBack === undefined) return;
      const line = { event: "fault", kind, listener, unreported: unreported + heldBack };
      if (kind === "answer") log.error({ ...line, err: error }, "the answer path failed");
      else if (kind === "worker") log.error({ ...line, err: error }, "a worker died and is replaced");
      else log.warn({ ...line, error: error.message }, "socket fault");
    },
  };
}

function nsidOf({ node }: ServeOptions): Uint8Array {
  return new TextEncoder().encode(node);
}

function startUdp({ options, log, udp }: DaemonParts, { counters }: Core, main: CommonOptions) {
  const { currentImage, onFault } = main;
  const { workers } = options;
  return createUdp({
    workers,
    nsid: nsidOf(options),
    counters,
    currentImage,
    main,
    onFault,
    log,
    choice: udp ?? {},
  });
}

async function listen(
  { options, log }: DaemonParts,
  udp: UdpServers,
  common: CommonOptions,
): Promise<Listeners> {
  const result = await startListeners(options.listen, udp, common, log);
  if (!result.ok) throw new StartFailure(result.message);
  return result.listeners;
}

async function startUpkeep(
  { options, log, clock }: DaemonParts,
  { book, serving, reloading }: Core,
  limiter: LogLimiter,
  endings: Ending[],
): Promise<void> {
  const watcher = await watchZones(
    options.zones,
    () => void reloadAndWatch(),
    (error) => {
      const reason = error instanceof Error ? error.message : String(error);
      if (limiter.admit(`watch ${reason}`) !== undefined) log.warn({ reason }, "cannot watch the zones");
    },
  );
  const included = (): string[] => (serving.image()?.zones.set.files ?? []).map(({ path }) => path);
  const reloadAndWatch = async (): Promise<void> => {
    await reloading.reloadIfChanged();
    watcher.add(included());
  };
  watcher.add(included());
  endings.push(() => watcher.stop());
  const { state: stateFolder } = options;
  endings.push(startHousekeeping({ stateFolder, book, limiter, now: clock.now, log }));
}

function createStop({ serviceManager, log }: DaemonParts, status: Status, endings: Ending[]): Daemon["stop"] {
  let stopped: Promise<void> | undefined;
  return () => {
    stopped ??= (async () => {
      status.stopping();
      log.info({ event: "stopping" }, "stopping");
      void serviceManager.tell("STOPPING=1", "stopping");
      await endAll(endings, STOP_MS, { log });
      log.info({ event: "stopped" }, "stopped");
    })();
    return stopped;
  };
}

/** The latest first, each with what is left of the time; one that overruns it is left behind. */
async function endAll(
  endings: readonly Ending[],
  deadlineMs: number,
  { log }: Pick<DaemonParts, "log">,
): Promise<void> {
  const endsAt = performance.now() + deadlineMs;
  for (const ending of [...endings].reverse()) {
    const leftMs = Math.max(0, endsAt - performance.now());
    try {
      await withinDeadline(ending(leftMs), leftMs);
    } catch (error) {
      log.warn(
        { error: error instanceof Error ? error.message : String(error) },
        "a part did not end in time",
      );
    }
  }
}

/** What a part is given on top of its own deadline, so that one which keeps it is not called late. */
const LENIENCY_MS = 50;

async function withinDeadline(ending: Promise<void> | void, deadlineMs: number): Promise<void> {
  const cancel = new AbortController();
  const overrun = async (): Promise<never> => {
    await setTimeout(deadlineMs + LENIENCY_MS, undefined, { signal: cancel.signal });
    throw new Error(`it took more than ${Math.round(deadlineMs)} ms`);
  };
  try {
    await Promise.race([ending, overrun()]);
  } finally {
    cancel.abort();
  }
}
