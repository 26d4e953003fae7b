/**
 * From what the file, the environment and the flags say to the options that `serve` runs on: the environment overrides
 * the file and a flag overrides both. Every source is judged, also where another one overrides it, and every fault is
 * told with its place. Pure: the caller reads the file and hands the environment in.
 */

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
  SETTING_NAMES,
  type ServeOptions,
  type Settings,
  settingsSchema,
} from "./options.ts";

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
  layers.push({ values: input.flags, sourceOf: (key) => flagOf(settingOf(key)) });

  const settings: Settings = {};
  for (const layer of layers) {
    const judged = judgeLayer(layer);
    faults.push(...judged.faults);
    Object.assign(settings, judged.settings);
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
  if (faults.length > 0 || state === undefined) return { ok: false, faults };
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
      adminTokenFile: settings["admin-token-file"],
      user: settings.user,
      transfer: settings.transfer,
    },
  };
}

/** An empty variable counts as unset, as it does for most programs. */
function environmentLayer(environment: Environment): Layer {
  const values: Record<string, unknown> = {};
  for (const name of SETTING_NAMES) {
    const text = environment[environmentVariableOf(name)];
    if (text === undefined || text === "") continue;
    values[name] = LIST_SETTINGS.has(name) ? text.split(",").map((part) => part.trim()) : text;
  }
  return { values, sourceOf: (key) => environmentVariableOf(settingOf(key)) };
}

/** The setting that a part is of; flags and variables have a place for nothing less. */
function settingOf(key: string): string {
  return key.split(".", 1)[0] ?? key;
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
      faults.push({ source, message: issueMessage(issue) });
    }
  }
  return { settings: {}, faults };
}

/** Of a name that does not exist, or not among the parts of a setting. */
function noSetting(within: readonly PropertyKey[]): string {
  if (within.length > 0) return `is no part of '${within.join(".")}'`;
  return `is no setting; the settings are ${[...SETTING_NAMES, ...FILE_SETTING_NAMES].join(" ")}`;
}

function issueMessage(issue: { code?: string; message: string }): string {
  return issue.code === "invalid_type" ? `has the wrong kind of value: ${issue.message}` : issue.message;
}

/** Settings of CONTRACT.md that this version understands and cannot serve: refused by name, never ignored. */
const NOT_BUILT = ["geoip", "nats"];

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
