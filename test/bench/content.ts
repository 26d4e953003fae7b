/**
 * What the servers serve and are asked: zones of the same content in the words of each server, and for every name the
 * reply that it must get. Names look random and are the same in every run.
 *
 * | scenario | zone                        | a name's answer                             | measured against |
 * | -------- | --------------------------- | ------------------------------------------- | ---------------- |
 * | static   | 1,000 names                 | its own address                             | gdnsd, static    |
 * | nxdomain | the same zone, other names  | NXDOMAIN with the SOA                       | gdnsd, nxdomain  |
 * | weighted | 1,000 names, 100 policies   | one of three addresses, 50 : 30 : 20        | gdnsd, DYNA      |
 * | failover | 1,000 names, 100 policies   | the first of three                          | gdnsd, weighted  |
 * | geo      | 1,000 names, 100 policies   | that of the client's network, one of eleven | gdnsd, weighted  |
 * | place    | 1,000 names, 100 policies   | that of the client's country, one of four   | gdnsd, weighted  |
 * | nearest  | 1,000 names, 100 policies   | the least far of three                      | gdnsd, weighted  |
 * | sticky   | 1,000 names, 100 policies   | the client's own of three, 50 : 30 : 20     | gdnsd, weighted  |
 * | million  | 1,000,000 names             | its own address                             | gdnsd, million   |
 */

import { type Name, nameOf } from "../../src/dns/name.ts";
import { RCODE, TYPE } from "../../src/dns/types.ts";
import type { Question } from "./generator.ts";

export const SCENARIO_NAMES = [
  "static",
  "weighted",
  "failover",
  "geo",
  "place",
  "nearest",
  "sticky",
  "nxdomain",
  "million",
] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];
type PolicyScenarioName = "weighted" | "failover" | "geo" | "place" | "nearest" | "sticky";

/** A zone in the words of each server; `plain` is for all that have no words of their own. */
export interface BenchZone {
  /** Without the final dot. */
  readonly origin: string;
  readonly plain?: string;
  readonly fairlead?: string;
  /** Where a geo database is to put those who ask. */
  readonly country?: string;
  readonly gdnsd?: string;
  /** Resources for gdnsd's weighted plugin. */
  readonly gdnsdWeighted?: string;
}

export interface Scenario {
  readonly name: ScenarioName;
  readonly zone: BenchZone;
  readonly questions: readonly Question[];
  /** gdnsd's scenario that the ratio is taken to. */
  readonly baseline: ScenarioName;
  /** In per cent, what is to be drawn of each choice; empty where there is no choice. */
  readonly shares: readonly number[];
}

const NAMES = 1_000;
const MILLION = 1_000_000;
const POLICIES = 100;
const WEIGHTS = [50, 30, 20] as const;
const LABEL_LETTERS = 12;

const HEAD = `$TTL 300
@    SOA ns1 hostmaster ( 1 3600 600 86400 60 )
@    NS  ns1
ns1  A   127.0.0.1
`;

/** Made at first use, for a million names take their time. */
export function scenarioOf(name: ScenarioName): Scenario {
  const known = made.get(name);
  if (known !== undefined) return known;
  const scenario = MAKERS[name]();
  made.set(name, scenario);
  return scenario;
}

const made = new Map<ScenarioName, Scenario>();

const MAKERS: { readonly [name in ScenarioName]: () => Scenario } = {
  static: () => staticScenario("static", NAMES),
  million: () => staticScenario("million", MILLION),
  nxdomain: nxdomainScenario,
  weighted: weightedScenario,
  failover: () => policyScenario("failover", (pools) => `failover ( ${pools.join(" ")} )`),
  geo: () => policyScenario("geo", geoExpression),
  place: () => placed(policyScenario("place", placeExpression)),
  nearest: () =>
    placed(policyScenario("nearest", (pools) => `nearest ( ${[...pools].reverse().join(" ")} )`)),
  sticky: stickyScenario,
};

function staticScenario(name: "static" | "million", count: number): Scenario {
  const origin = `${name}.bench.test`;
  const labels = labelsOf(name, count);
  const lines = labels.map((label, index) => `${label} A ${addressOf(index).join(".")}\n`);
  const questions = labels.map((label, index) =>
    addressQuestion(nameOf(`${label}.${origin}.`), [addressOf(index)]),
  );
  return { name, zone: { origin, plain: HEAD + lines.join("") }, questions, baseline: name, shares: [] };
}

function nxdomainScenario(): Scenario {
  const { zone } = scenarioOf("static");
  const questions = labelsOf("nxdomain", NAMES).map((label) => ({
    name: nameOf(`${label}.${zone.origin}.`),
    type: TYPE.A,
    rcode: RCODE.NXDOMAIN,
    answers: 0,
    choices: [],
  }));
  return { name: "nxdomain", zone, questions, baseline: "nxdomain", shares: [] };
}

function weightedScenario(): Scenario {
  const scenario = policyScenario("weighted", (pools) => `weighted ( ${weighted(pools)} )`, WEIGHTS.length);
  const labels = labelsOf("weighted", NAMES);
  const gdnsd = HEAD + labels.map((label, at) => `${label} DYNA weighted!r${at % POLICIES}\n`).join("");
  const gdnsdWeighted = policyAddresses("weighted")
    .map((addresses, at) => {
      const members = addresses.map((address, of) => `e${of} => [ ${address.join(".")}, ${WEIGHTS[of]} ]`);
      return `r${at} => { ${members.join(", ")} }\n`;
    })
    .join("");
  return {
    ...scenario,
    zone: { ...scenario.zone, gdnsd, gdnsdWeighted },
    shares: WEIGHTS,
  };
}

/** Which of the three is the client's own the generator cannot know; that it stays the same the tests show. */
function stickyScenario(): Scenario {
  return policyScenario("sticky", (pools) => `sticky ( ${weighted(pools)} )`, WEIGHTS.length);
}

function weighted(pools: readonly string[]): string {
  return pools.map((pool, at) => `${pool}=${WEIGHTS[at]}`).join(" ");
}

/** Clients ask from 127.0.0.1, which only the widest of the networks holds. */
function geoExpression(pools: readonly string[]): string {
  const [own, other, rest] = pools;
  const others = Array.from({ length: 10 }, (_, at) => `net:127.${at + 10}.0.0/16=${other}`);
  return `geo ( net:127.0.0.0/8=${own} ${others.join(" ")} *=${rest} )`;
}

const COUNTRY = "DE";
/** Of the three pools; the first is the nearest. */
const LOCATIONS = ["FR", "US-VA", "JP"] as const;

function placeExpression(pools: readonly string[]): string {
  const [own, other, rest] = pools;
  return `geo ( country:US=${other} country:${COUNTRY}=${own} continent:EU=${other} *=${rest} )`;
}

function placed(scenario: Scenario): Scenario {
  return { ...scenario, zone: { ...scenario.zone, country: COUNTRY } };
}

/** Policies over three pools of one endpoint each, of which one of the first `answered` is to be answered. */
function policyScenario(
  name: PolicyScenarioName,
  expressionOf: (pools: readonly string[]) => string,
  answered = 1,
): Scenario {
  const origin = `${name}.bench.test`;
  const addresses = policyAddresses(name);
  const definitions = addresses.map((three, at) => {
    const pools = three.map((_, of) => `${name}-${at}-${of}`);
    const written = pools.map(
      (pool, of) => `$POOL ${pool} monitor=none location=${LOCATIONS[of]}\n    e ${three[of]?.join(".")}\n`,
    );
    return `${written.join("")}$POLICY ${name}-${at} ${expressionOf(pools)}\n`;
  });
  const labels = labelsOf(name, NAMES);
  const owners = labels.map((label, at) => `${label} 300 POLICY ${name}-${at % POLICIES}\n`);
  const questions = labels.map((label, at) =>
    addressQuestion(nameOf(`${label}.${origin}.`), (addresses[at % POLICIES] ?? []).slice(0, answered)),
  );
  const fairlead = HEAD + definitions.join("") + owners.join("");
  return { name, zone: { origin, fairlead }, questions, baseline: "weighted", shares: [] };
}

/** Three for each policy, no two alike in the whole bench. */
function policyAddresses(name: PolicyScenarioName): number[][][] {
  const second = { weighted: 100, failover: 101, geo: 102, sticky: 103, place: 104, nearest: 105 }[name];
  return Array.from({ length: POLICIES }, (_, at) => [1, 2, 3].map((of) => [10, second, at, of]));
}

function addressOf(index: number): number[] {
  return [10, index >> 16, (index >> 8) & 0xff, index & 0xff];
}

function addressQuestion(name: Name, addresses: readonly (readonly number[])[]): Question {
  const choices = addresses.map((address) => Uint8Array.from(address));
  return { name, type: TYPE.A, rcode: RCODE.NOERROR, answers: 1, choices };
}

/** Labels of letters that look random, none twice, the same at every call. */
function labelsOf(salt: string, count: number): string[] {
  let state = 0;
  for (const letter of salt) state = (Math.imul(state, 31) + letter.charCodeAt(0)) >>> 0;
  const labels = new Set<string>();
  while (labels.size < count) {
    let label = "";
    while (label.length < LABEL_LETTERS) {
      // An xorshift generator; its low bits are as good as its high ones.
      state = (state ^ (state << 13)) >>> 0;
      state = (state ^ (state >>> 17)) >>> 0;
      state = (state ^ (state << 5)) >>> 0;
      label += String.fromCharCode(97 + (state % 26));
    }
    labels.add(label);
  }
  return [...labels];
}
