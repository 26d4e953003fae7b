/**
 * From what the file, the environment and the flags say to the options that `serve` runs on: the environment overrides
 * the file and a flag overrides both. Every source is judged, also where another one overrides it, and every fault is
 * told with its place. Pure: the caller reads the file and hands the environment in.
 */

import { resolveAnswering } from "./answering.ts";
import { type ConfigFault, type Layer, parseConfigFile } from "./file.ts";
import {
  DEFAULT_ADMIN,
  DEFAULT_LISTEN,
  DEFAULT_ZONES,
  environmentVariableOf,
  FILE_SETTING_NAMES,
  LIST_SETTINGS,
  MAX_NODE_NAME_OCTETS,
  MAX_WORKERS,
  PART_FLAGS,
  SETTING_NAMES,
  type ServeOptions,
  type SettingName,
  type Settings,
  settingsSchema,
} from "./options.ts";
import { resolveStreams } from "./streams.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ConfigInput {
  readonly file: { readonly path: string; readonly text: string } | undefined;
  readonly environment: Environment;
  /** By setting name; a list for those that may be repeated. Absent flags are absent here. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly hostName: string;
  /** How many threads can run at one time: the default of `workers`. */
  readonly cores: number;
}

export type ConfigResult =
  | { readonly ok: true; readonly options: ServeOptions }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] };

export function resolveConfig(input: ConfigInput): ConfigResult {
  const faults: ConfigFault[] = [];
  const layers: Layer[] = [];
  if (input.file !== undefined) {
    const parsed = parseConfigFile(input.file.path, input.file.text);
    if (parsed.ok) layers.push(parsed.layer);
    else faults.push(...parsed.faults);
  }
  layers.push(environmentLayer(input.environment));
  faults.push(...unreadVariables(input.environment));
  layers.push({ values: withParts(input.flags), sourceOf: (key) => flagOf(settingOf(key)) });

  const settings: Settings = {};
  for (const layer of layers) {
    const judged = judgeLayer(layer);
    faults.push(...judged.faults);
    mergeInto(settings, judged.settings);
  }
  const state = settings.state ?? defaultState(input.environment);
  if (state === undefined) {
    faults.push({
      source: "--state",
      message: "has no default here: none of STATE_DIRECTORY, XDG_STATE_HOME and HOME is set",
    });
  }
  const { "cpu-affinity": cpuAffinity } = settings;
  const workers = settings.workers ?? cpuAffinity?.length ?? Math.min(input.cores, MAX_WORKERS);
  if (cpuAffinity !== undefined && workers > cpuAffinity.length) {
    const message = `names ${cpuAffinity.length} for ${workers} workers, and each needs a core of its own`;
    faults.push({ source: "--cpu-affinity", message });
  }
  const resolved = resolveStreams(settings);
  if (!resolved.ok) faults.push({ source: resolved.flag, message: resolved.message });
  if (faults.length > 0 || state === undefined || !resolved.ok) return { ok: false, faults };
  return {
    ok: true,
    options: {
      zones: settings.zones ?? DEFAULT_ZONES,
      listen: settings.listen ?? DEFAULT_LISTEN,
      admin: settings.admin ?? DEFAULT_ADMIN,
      workers,
      cpuAffinity,
      busyPollUs: settings["busy-poll-us"] ?? 0,
      state,
      node: settings.node ?? input.hostName.slice(0, MAX_NODE_NAME_OCTETS),
      geoip: settings.geoip,
      adminTokenFile: settings["admin-token-file"],
      resolvers: settings.resolver ?? [],
      overrideFile: settings["override-file"],
      drills: settings.drills ?? [],
      maxShift: settings["max-shift"],
      user: settings.user,
      transfer: settings.transfer,
      streams: resolved.streams,
      answering: resolveAnswering(settings),
    },
  };
}

/** An empty variable counts as unset, as it does for most programs. */
function environmentLayer(environment: Environment): Layer {
  const values: Record<string, unknown> = {};
  for (const name of [...SETTING_NAMES, ...Object.keys(PART_FLAGS)]) {
    const text = environment[environmentVariableOf(name)];
    if (text === undefined || text === "") continue;
    values[name] = isList(name) ? text.split(",").map((part) => part.trim()) : text;
  }
  return { values: withParts(values), sourceOf: (key) => environmentVariableOf(settingOf(key)) };
}

/** Variables that are named like the others, for settings that have none. */
function unreadVariables(environment: Environment): ConfigFault[] {
  return FILE_SETTING_NAMES.filter((name) => (environment[environmentVariableOf(name)] ?? "") !== "").map(
    (name) => ({
      source: environmentVariableOf(name),
      message: `is read by nobody: '${name}' stands in the configuration file`,
    }),
  );
}

/** A flag or a variable that may be given several times, or hold several values. */
function isList(name: string): boolean {
  // oxlint-disable-next-line no-unsafe-type-assertion -- a Set asked for a stranger says no
  return LIST_SETTINGS.has(name as SettingName) || PART_FLAGS[name]?.[1] === "listen";
}

/** What was given by the name of a part's flag, put where the part belongs. */
function withParts(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const [setting = name, part] = PART_FLAGS[name] ?? [];
    values[setting] = part === undefined ? value : { ...Object(values[setting]), [part]: value };
  }
  return values;
}

/** The later source wins, part by part where a setting has parts with flags of their own. */
function mergeInto(settings: Settings, later: Settings): void {
  const tls = { ...settings.tls, ...later.tls };
  const https = { ...settings.https, ...later.https };
  Object.assign(settings, later, { tls, https });
}

/** The flag that a part was given by, else the setting that it is of. */
function settingOf(key: string): string {
  const [setting = key, part] = key.split(".");
  const flag = Object.entries(PART_FLAGS).find(([, of]) => of[0] === setting && of[1] === part);
  return flag?.[0] ?? setting;
}

function flagOf(setting: string): string {
  return setting === "zones" ? setting : `--${setting}`;
}

function judgeLayer(layer: Layer): { settings: Settings; faults: ConfigFault[] } {
  const faults = notBuilt(layer);
  const parsed = settingsSchema.safeParse(layer.values);
  if (parsed.success) return { settings: parsed.data, faults };
  for (const issue of parsed.error.issues) {
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) {
        faults.push({
          source: layer.sourceOf([...issue.path, key].join(".")),
          message: noSetting(issue.path),
        });
      }
    } else {
      const source = layer.sourceOf(issue.path.join("."));
      const message = hasValue(layer.values, issue.path) ? issueMessage(issue) : "is missing";
      faults.push({ source, message });
    }
  }
  return { settings: {}, faults };
}

/** Of a name that does not exist, or not among the parts of a setting. */
function noSetting(within: readonly PropertyKey[]): string {
  if (within.length > 0) return `is no part of '${within.join(".")}'`;
  return `is no setting; the settings are ${[...SETTING_NAMES, ...FILE_SETTING_NAMES].join(" ")}`;
}

function hasValue(values: unknown, path: readonly PropertyKey[]): boolean {
  let value = values;
  for (const key of path) value = Object(value)[key];
  return value !== undefined;
}

function issueMessage(issue: { code?: string; message: string }): string {
  return issue.code === "invalid_type" ? `has the wrong kind of value: ${issue.message}` : issue.message;
}

/** Settings of CONTRACT.md that this version understands and cannot serve: refused by name, never ignored. */
const NOT_BUILT = ["nats"];

function notBuilt(layer: Layer): ConfigFault[] {
  const faults: ConfigFault[] = [];
  for (const key of NOT_BUILT) {
    if (layer.values[key] === undefined) continue;
    faults.push({ source: layer.sourceOf(key), message: "is not built in this version" });
  }
  return faults;
}

/** systemd lists several folders behind colons; the first is the one to keep state in (systemd.exec(5)). */
function defaultState(environment: Environment): string | undefined {
  const given = environment["STATE_DIRECTORY"];
  if (given !== undefined && given !== "") return given.split(":", 1)[0];
  const stateHome = environment["XDG_STATE_HOME"];
  if (stateHome !== undefined && stateHome !== "") return `${stateHome}/fairlead`;
  const home = environment["HOME"];
  return home === undefined || home === "" ? undefined : `${home}/.local/state/fairlead`;
}
