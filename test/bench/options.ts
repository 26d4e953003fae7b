/** The flags of `npm run bench`. */

import { parseArgs } from "node:util";
import { SCENARIO_NAMES, type ScenarioName } from "./content.ts";
import { SERVER_NAMES, type ServerName } from "./servers/server.ts";

export interface BenchOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly servers: readonly ServerName[];
  readonly scenarios: readonly ScenarioName[];
  /** Of the open loop. */
  readonly ratePerSecond: number;
  readonly serverCore: number;
  readonly generatorCore: number;
  /** How often a measurement may be made while others take the cores; the calmest counts. */
  readonly tries: number;
  /** Before each measurement, how long other work is given to leave the cores. */
  readonly patienceSeconds: number;
  readonly dnsperf: boolean;
  readonly overload: boolean;
  /** Starts and memory in place of queries. */
  readonly starts: boolean;
  /** `undefined`: built from this tree. */
  readonly dist: string | undefined;
  readonly json: boolean;
  /** Instead of measuring: what becomes of every kind of packet. */
  readonly behaviour: boolean;
}

export const HELP = `npm run bench -- [flags]

  --rounds N           interleaved rounds (default 7)
  --seconds S          length of each measurement, fractions allowed (default 1)
  --servers A,B        of ${SERVER_NAMES.join(", ")} (default: all)
  --scenarios A,B      of ${SCENARIO_NAMES.join(", ")} (default: all but million)
  --rate N             queries a second at which latency is measured (default 60000)
  --server-core N      the core of the server that is measured (default 0)
  --generator-core N   the core of the generator (default 1)
  --tries N            measure again, so often in all, where other work took more than 5 % of a core (default 3)
  --patience S         before each, wait so long for other work to leave both cores (default 0)
  --no-dnsperf         without the second witness
  --no-overload        without offering 1.2 times the peak, to see what share of the peak is still served
  --starts             instead: how long each takes to start, and what memory it holds, with 1,000 and with 1,000,000 names
  --dist DIR           compiled code to measure (default: built from this tree), package.json and node_modules beside it
  --behaviour          instead of measuring speed: what becomes of every kind of packet, of fuzz and of reflection
  --json               every figure of every round instead of the table
`;

const MAX_ROUNDS = 1_000;
const MAX_SECONDS = 60;
const MAX_RATE = 10_000_000;
const MAX_TRIES = 100;
const MAX_CORE = 4_095;

const WORDS = {
  rounds: { type: "string", default: "7" },
  seconds: { type: "string", default: "1" },
  servers: { type: "string", default: SERVER_NAMES.join(",") },
  scenarios: { type: "string", default: SCENARIO_NAMES.filter((name) => name !== "million").join(",") },
  rate: { type: "string", default: "60000" },
  "server-core": { type: "string", default: "0" },
  "generator-core": { type: "string", default: "1" },
  tries: { type: "string", default: "3" },
  patience: { type: "string", default: "0" },
  dnsperf: { type: "boolean", default: true },
  overload: { type: "boolean", default: true },
  starts: { type: "boolean", default: false },
  dist: { type: "string" },
  json: { type: "boolean", default: false },
  behaviour: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** `undefined` where help is asked for; throws with what is wrong. */
export function parseOptions(words: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({ args: [...words], options: WORDS, allowNegative: true });
  if (values.help) return undefined;
  const options: BenchOptions = {
    rounds: whole("rounds", values.rounds, 1, MAX_ROUNDS),
    seconds: between("seconds", values.seconds, 0.05, MAX_SECONDS),
    servers: listOf("servers", values.servers, SERVER_NAMES),
    scenarios: listOf("scenarios", values.scenarios, SCENARIO_NAMES),
    ratePerSecond: whole("rate", values.rate, 1, MAX_RATE),
    serverCore: whole("server-core", values["server-core"], 0, MAX_CORE),
    generatorCore: whole("generator-core", values["generator-core"], 0, MAX_CORE),
    tries: whole("tries", values.tries, 1, MAX_TRIES),
    patienceSeconds: between("patience", values.patience, 0, MAX_SECONDS),
    dnsperf: values.dnsperf,
    overload: values.overload,
    starts: values.starts,
    dist: values.dist,
    json: values.json,
    behaviour: values.behaviour,
  };
  if (options.serverCore === options.generatorCore) {
    throw new Error(
      "--server-core and --generator-core are the same: the generator would take the server's time",
    );
  }
  return options;
}

function between(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= least && value <= most) return value;
  throw new Error(`--${flag} ${text}: expected a number from ${least} to ${most}`);
}

function whole(flag: string, text: string, least: number, most: number): number {
  const value = between(flag, text, least, most);
  if (Number.isInteger(value)) return value;
  throw new Error(`--${flag} ${text}: expected a whole number`);
}

function listOf<Word extends string>(flag: string, text: string, known: readonly Word[]): Word[] {
  return text.split(",").map((each) => {
    const word = known.find((name) => name === each);
    if (word === undefined) throw new Error(`--${flag} ${each}: expected some of ${known.join(", ")}`);
    return word;
  });
}
