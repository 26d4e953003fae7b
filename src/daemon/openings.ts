/** Files that a node is told to use, opened at its start; without one that it was told of it does not start. */

import type { Image } from "../answer/answer.ts";
import type { ServeOptions } from "../config/options.ts";
import type { Ending } from "./endings.ts";
import { type GeoKeeping, openGeoKeeping } from "./geo-keeping.ts";
import type { Log, LogLimiter } from "./log.ts";
import { type NodeCertificate, openNodeCertificate } from "./node-certificate.ts";
import { becomeUser, judgeUser, type User } from "./privileges.ts";
import { openSecondaries, type Secondaries } from "./secondaries.ts";
import type { Clock } from "./serving.ts";
import { StartFailure } from "./start-failure.ts";
import { openStateFolder } from "./state-folder.ts";

export interface OpeningParts {
  readonly options: ServeOptions;
  readonly clock: Clock;
  readonly log: Log;
}

export async function openGeo({ options, clock, log }: OpeningParts): Promise<GeoKeeping> {
  const opened = await openGeoKeeping(options.geoip, { now: clock.now, log });
  if (!opened.ok) throw new StartFailure(opened.message);
  return opened.geo;
}

/** `undefined` where neither TLS nor HTTPS is listened for. */
export function openCertificate({
  options: { streams },
  clock,
  log,
}: OpeningParts): NodeCertificate | undefined {
  const { identity, listenTls, listenHttps } = streams;
  if (identity === undefined || listenTls.length + listenHttps.length === 0) return undefined;
  const opened = openNodeCertificate(identity, clock.now, log);
  if (!opened.ok) throw new StartFailure(opened.message);
  return opened.certificate;
}

/** What secondaries are told and given, with the keys in their file. */
export function openTransfer(
  { options, log, clock }: OpeningParts,
  image: () => Image | undefined,
  limiter: LogLimiter,
): Secondaries {
  const opened = openSecondaries({ options: options.transfer, image, now: clock.now, log, limiter });
  if (!opened.ok) throw new StartFailure(opened.message, opened.diagnostics);
  return opened.secondaries;
}

/** The state folder is this node's alone from here to its end. */
export async function lockState({ state }: ServeOptions, log: Log, endings: Ending[]): Promise<void> {
  const folder = await openStateFolder(state, log);
  if (!folder.ok) throw new StartFailure(folder.message);
  endings.push(() => folder.release());
}

/** `undefined`: the node stays who it is. */
export async function whomToBecome({
  options,
  log,
}: Pick<OpeningParts, "options" | "log">): Promise<User | undefined> {
  const { listenTls, listenHttps } = options.streams;
  const bound = [...options.listen, ...listenTls, ...listenHttps, options.admin];
  const judged = await judgeUser(options.user, bound, process.getuid?.());
  if (!judged.ok) throw new StartFailure(judged.message);
  if (judged.warning !== undefined) log.warn(judged.warning);
  return judged.user;
}

export function dropPrivileges(user: User, { state, zones }: ServeOptions): void {
  const hindrance = becomeUser(user, { stateFolder: state, zones });
  if (hindrance !== undefined) throw new StartFailure(hindrance);
}
