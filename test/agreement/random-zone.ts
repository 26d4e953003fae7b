/**
 * A zone at random, with policies of every kind of expression over a few pools, the health that its endpoints have, and
 * where its clients are. The same for the same seed.
 *
 * Health is that of real probes. Whoever serves the zone has a responder on one port of every address of loopback, and none
 * on port 1; an endpoint is probed at an address of its own and at the one port or the other. Five healths come of that and
 * of what a node remembers of its last run, as no later probe changes anything (`fall` and `rise` are out of reach):
 *
 * | health  | the last run knew it as | its probe | it is                     |
 * | ------- | ----------------------- | --------- | ------------------------- |
 * | up      | up                      | passes    | up                        |
 * | failing | up                      | fails     | up, not yet withdrawn     |
 * | down    | down                    | fails     | down                      |
 * | passing | down                    | passes    | down, held back by `rise` |
 * | unknown | new in a reload         | passes    | unknown, passing          |
 */

import type { HealthWord } from "../support/policies.ts";

export interface RandomZone {
  readonly text: string;
  /** Owners of policies, absolute. */
  readonly owners: readonly string[];
  /** By endpoint identifier; of an endpoint that is probed address by address nothing is remembered. */
  readonly health: ReadonlyMap<string, HealthWord>;
  /** How a pool came back in the last run. */
  readonly returns: ReadonlyMap<string, "held" | "ramping">;
  /** In any order, endpoints that overrides may be about: of pools which come back as soon as they are up. */
  readonly forcible: readonly string[];
}

/** Of a slow start in its second quarter; each of its 20 steps is long against a test. */
const SLOW_START = "20h";

const POOL_COUNT = 8;
const NAMED_POLICIES = 4;
const MOST_ENDPOINTS = 3;
const DEPTH = 3;
export const NETWORKS = [
  "10.0.0.0/8",
  "10.1.0.0/16",
  "10.1.2.0/24",
  "192.168.0.0/16",
  "2001:db8::/32",
  "2001:db8:1::/48",
] as const;
export const COUNTRIES = ["DE", "FR", "US", "JP", "BR"] as const;
export const ASNS = [64_500, 64_501, 64_502] as const;
const PLACES = [
  ...NETWORKS.map((network) => `net:${network}`),
  ...ASNS.map((asn) => `asn:${asn}`),
  "country:US-CA",
  ...COUNTRIES.map((country) => `country:${country}`),
  "continent:EU",
  "continent:AS",
];
const LOCATIONS = ["DE", "US-VA", "JP", "48.9,2.4", "-23.5,-46.6"] as const;
const WORDS: readonly HealthWord[] = [
  "up",
  "up",
  "up",
  "up",
  "down",
  "down",
  "failing",
  "passing",
  "unknown",
];

/** Where endpoints are probed that a reload brings. */
const NEWCOMERS_NETWORK = "127.3";

/** The zone before that reload: they are probed elsewhere, so that nothing is known of them. */
export function beforeNewcomers({ text }: Pick<RandomZone, "text">): string {
  return text.replaceAll(`probe=${NEWCOMERS_NETWORK}.`, "probe=127.2.");
}

export class Chance {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** A whole number from 0 to `limit`, without it. */
  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  is(share: number): boolean {
    return this.#random() < share;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error("there is nothing to pick from");
    return item;
  }

  /** So many of them, none twice, in any order. */
  some<Item>(items: readonly Item[], count: number): Item[] {
    const left = [...items];
    return Array.from({ length: Math.min(count, left.length) }, () =>
      left.splice(this.below(left.length), 1),
    ).flat();
  }
}

/** `origin` without the final dot; `port` is where every address of 127.0.0.0/8 answers. */
export function randomZone(random: () => number, origin: string, policies: number, port: number): RandomZone {
  const chance = new Chance(random);
  const health = new Map<string, HealthWord>();
  const returns = new Map<string, "held" | "ramping">();
  const pools = Array.from({ length: POOL_COUNT }, (_, at) => poolText(chance, at, port, health, returns));
  const names: string[] = [];
  const named = Array.from({ length: NAMED_POLICIES }, (_, at) => {
    const expression = new Expressions(chance, [...names], false).node(DEPTH - 1);
    names.push(`n${at}`);
    return `$POLICY n${at} ${expression}`;
  });
  const records = Array.from({ length: policies }, (_, at) => {
    const demand = chance.is(0.5) ? 10 + chance.below(400) : undefined;
    // Every kind has its turn as the outermost one.
    const expression = new Expressions(chance, names, demand !== undefined).node(DEPTH, at);
    const whenDown = chance.pick(["open", "open", "open", "nodata", "servfail"]);
    const options = `when-down=${whenDown}${demand === undefined ? "" : ` demand=${demand}`}`;
    return `r${at} ${20 + chance.below(5)}/${5 + chance.below(5)} POLICY ${expression} ${options}`;
  });
  const head = `$ORIGIN ${origin}.
$TTL 300
@    SOA ns1 hostmaster ( 1 1h 10m 2w 30 )
@    NS  ns1
ns1  A   127.0.0.1
$MONITOR m tcp port=${port} every=1h timeout=5s fall=1000 rise=1000`;
  return {
    text: `${[head, ...pools, ...named, ...records].join("\n")}\n`,
    owners: records.map((_, at) => `r${at}.${origin}.`),
    health,
    returns,
    forcible: chance.some(
      [...health.keys()].filter((id) => !returns.has(id.split("/")[0] ?? "")),
      health.size,
    ),
  };
}

/** Two pools are probed address by address, IPv4 with success and IPv6 without; two are on their way back. */
function poolText(
  chance: Chance,
  at: number,
  port: number,
  health: Map<string, HealthWord>,
  returns: Map<string, "held" | "ramping">,
): string {
  const name = `p${at}`;
  const isBare = at >= 2 && at < 4;
  const comesBack = at === 0 ? "held" : at === 1 ? "ramping" : undefined;
  const lines = Array.from({ length: 1 + chance.below(MOST_ENDPOINTS) }, (_, index) => {
    const ipv4 = isBare ? `127.9.${at}.${index + 1}` : `198.51.${at}.${index + 1}`;
    const ipv6 = isBare ? "::1" : `2001:db8:ffff:${at}::${index + 1}`;
    const addresses = chance.pick([
      ipv4,
      ipv4,
      ipv6,
      `${ipv4} ${ipv6}`,
      `${ipv4} 203.0.${at}.${index + 1} ${ipv6}`,
    ]);
    const id = `${name}/e${index}`;
    const word = comesBack === undefined ? chance.pick(WORDS) : chance.pick(["up", "up", "failing"] as const);
    health.set(id, word);
    const passes = word === "up" || word === "passing" || word === "unknown";
    const network = word === "unknown" ? NEWCOMERS_NETWORK : "127.1";
    const probe = isBare ? "" : `probe=${network}.${at}.${index + 1}:${passes ? port : 1}`;
    return `    e${index} ${isBare ? addresses.replace("203.0", "127.8") : addresses} weight=${chance.pick([0, 1, 1, 2, 5])} ${probe}`;
  });
  if (comesBack !== undefined) returns.set(name, comesBack);
  const keys = [
    `capacity=${20 + chance.below(100)}`,
    `min-up=${chance.pick(["1", "1", "60%", "100%"])}`,
    `answers=${chance.pick(["1", "1", "1", "2", "all"])}`,
    ...(chance.is(0.7) ? [`location=${chance.pick(LOCATIONS)}`] : []),
    ...(comesBack === "held" ? ["failback=manual"] : []),
    ...(comesBack === "ramping" ? [`slow-start=${SLOW_START}`] : []),
    ...(chance.is(0.25) ? ["grace=1h"] : []),
  ];
  return [`$POOL ${name} monitor=m ${keys.join(" ")}`, ...lines].join("\n");
}

class Expressions {
  readonly #chance: Chance;
  readonly #names: readonly string[];
  readonly #kinds: readonly ((depth: number) => string)[];

  constructor(chance: Chance, names: readonly string[], spills: boolean) {
    this.#chance = chance;
    this.#names = names;
    const listed = (kind: string) => (depth: number) => `${kind} ( ${this.#children(depth).join(" ")} )`;
    const weighted = (kind: string) => (depth: number) =>
      `${kind} ( ${this.#children(depth)
        .map((child) => this.#weighed(child))
        .join(" ")} )`;
    this.#kinds = [
      weighted("weighted"),
      weighted("sticky"),
      (depth) => this.#geo(depth),
      listed("nearest"),
      listed(spills ? "spill" : "failover"),
      weighted("all"),
      weighted("weighted"),
      listed("failover"),
    ];
  }

  /** `turn` says which kind it is to be, or any. */
  node(depth: number, turn = this.#chance.below(this.#kinds.length)): string {
    const kind = this.#kinds[turn % this.#kinds.length];
    if (kind === undefined) throw new Error("there are no kinds of expressions");
    return kind(depth);
  }

  #children(depth: number): string[] {
    const count = this.#chance.is(0.1) ? 1 : 2 + this.#chance.below(3);
    return Array.from({ length: count }, () => this.#child(depth - 1));
  }

  #child(depth: number): string {
    if (depth > 0 && this.#chance.is(0.4)) return this.node(depth);
    const pool = `p${this.#chance.below(POOL_COUNT)}`;
    if (this.#names.length > 0 && this.#chance.is(0.15)) return this.#chance.pick(this.#names);
    return this.#chance.is(0.15) ? `${pool}/e0` : pool;
  }

  #weighed(child: string): string {
    return this.#chance.is(0.2) ? child : `${child}=${this.#chance.pick([0, 1, 2, 3, 7, 70])}`;
  }

  #geo(depth: number): string {
    const places = this.#chance.some(PLACES, 1 + this.#chance.below(5));
    const entries = places.map((place) => `${place}=${this.#child(depth - 1)}`);
    const rest = this.#chance.is(0.2) ? "nodata" : this.#child(depth - 1);
    return `geo ( ${entries.join(" ")} *=${rest} )`;
  }
}
