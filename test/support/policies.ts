/** Pools, policies, snapshots and clients for tests: short to write by hand, and drawn at random for properties. */

import fc from "fast-check";
import { type Client, UNKNOWN_CLIENT } from "../../src/geo/client.ts";
import { networkOf } from "../../src/geo/network.ts";
import type { AddressHealth, EndpointHealth, Snapshot } from "../../src/health/snapshot.ts";
import type { Forced } from "../../src/health/verdict.ts";
import { placesOf } from "../../src/policy/cname.ts";
import type { Expression, GeoEntry, WeightedChild } from "../../src/policy/expression.ts";
import type { Address, Definitions, Endpoint, Policy, Pool } from "../../src/policy/model.ts";

export function address(text: string): Address {
  if (!text.includes(":")) {
    return { family: "ipv4", octets: Uint8Array.from(text.split("."), Number), text };
  }
  // Enough for tests: `2001:db8::N` with N in hexadecimal.
  const last = Number.parseInt(text.split(":").at(-1) ?? "0", 16);
  const octets = Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last >> 8, last & 0xff);
  return { family: "ipv6", octets, text };
}

export function endpoint(pool: string, name: string, addresses: readonly string[], weight = 1): Endpoint {
  return {
    id: `${pool}/${name}`,
    pool,
    name,
    addresses: addresses.map(address),
    hostName: undefined,
    answerAs: "addresses",
    weight,
    monitor: { kind: "at-least", count: 1, monitors: ["clb"] },
    probe: undefined,
  };
}

/** One with a host name that stands for `addresses`, answered as CNAME; it was not resolved where there are none. */
export function cnameEndpoint(
  pool: string,
  name: string,
  addresses: readonly string[] = [],
  weight = 1,
): Endpoint {
  const hostName = `${name}.${pool}.example.net.`;
  return { ...endpoint(pool, name, addresses, weight), hostName, answerAs: "cname" };
}

export function pool(name: string, endpoints: readonly Endpoint[], changes: Partial<Pool> = {}): Pool {
  return {
    name,
    endpoints,
    location: undefined,
    minUp: { kind: "count", count: 1 },
    answers: 1,
    failback: { kind: "auto" },
    slowStartMs: 0,
    graceMs: 0,
    capacity: undefined,
    ...changes,
  };
}

export function policy(expression: Expression, changes: Partial<Policy> = {}): Policy {
  return {
    name: "www",
    expression,
    ttl: { maxSeconds: 30, minSeconds: 10 },
    whenDown: "open",
    rtoMs: undefined,
    demand: undefined,
    dryRun: false,
    ...changes,
  };
}

export function definitions(
  pools: readonly Pool[],
  policies: { readonly [name: string]: Expression } = {},
): Definitions {
  return {
    pools: new Map(pools.map((each) => [each.name, each])),
    policies: new Map(Object.entries(policies)),
  };
}

/** `up`, `down`, `unknown`; `failing` is up with failing probes, `passing` is down with passing ones. */
export type HealthWord = "up" | "down" | "unknown" | "failing" | "passing";

export function addressHealth(word: HealthWord): AddressHealth {
  const observed = word === "failing" ? "up" : word === "passing" ? "down" : word;
  return { observed, passing: word === "up" || word === "passing", reason: word, sinceMs: 0 };
}

/** Every address of an endpoint alike, unless its health is given address by address. Unnamed endpoints are up. */
export function snapshot(
  pools: readonly Pool[],
  health: { readonly [endpointId: string]: HealthWord | readonly HealthWord[] } = {},
  forced: { readonly [endpointId: string]: Forced } = {},
): Snapshot {
  const endpoints = new Map<string, EndpointHealth>();
  for (const each of pools.flatMap((each) => each.endpoints)) {
    const words = health[each.id] ?? "up";
    endpoints.set(each.id, {
      forced: forced[each.id],
      addresses: placesOf(each).map((_, index) =>
        addressHealth(typeof words === "string" ? words : (words[index] ?? "up")),
      ),
    });
  }
  return { atMs: 0, endpoints };
}

export function clientAt(ip: string): Client {
  const { octets } = address(ip);
  return { network: networkOf(octets, octets.length * 8), place: undefined };
}

// --- at random -------------------------------------------------------------------------------------------------------

const POOL_NAMES = ["amber", "birch", "cedar", "delta"];
const NETWORKS = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "192.168.0.0/16"];
export const CLIENT_IPS = ["10.9.9.9", "10.1.9.9", "10.1.2.3", "192.168.7.7", "172.16.0.1"];

const arbitraryEndpoints = (name: string, isCname: fc.Arbitrary<boolean>): fc.Arbitrary<Endpoint[]> =>
  fc
    .array(
      fc.record({
        weight: fc.constantFrom(0, 1, 1, 2, 5),
        ipv4: fc.integer({ min: 0, max: 2 }),
        ipv6: fc.integer({ min: 0, max: 1 }),
        isCname,
      }),
      { minLength: 1, maxLength: 3 },
    )
    .map((drawn) =>
      drawn.map(({ weight, ipv4, ipv6, isCname }, index) => {
        const base = POOL_NAMES.indexOf(name) * 40 + index * 10 + 1;
        const addresses = Array.from(
          { length: ipv4 + ipv6 === 0 && !isCname ? 1 : ipv4 },
          (_, at) => `203.0.113.${base + at}`,
        );
        const wider = Array.from({ length: ipv6 }, (_, at) => `2001:db8::${(base + at).toString(16)}`);
        return (isCname ? cnameEndpoint : endpoint)(name, `e${index}`, [...addresses, ...wider], weight);
      }),
    );

const arbitraryPool = (name: string, isCname: fc.Arbitrary<boolean>): fc.Arbitrary<Pool> =>
  fc
    .record({
      endpoints: arbitraryEndpoints(name, isCname),
      minUp: fc.oneof(
        fc.integer({ min: 1, max: 3 }).map((count) => ({ kind: "count", count }) as const),
        fc.constantFrom(34, 50, 100).map((percent) => ({ kind: "percent", percent }) as const),
      ),
      answers: fc.constantFrom(1, 1, 2, Number.POSITIVE_INFINITY),
    })
    .map(({ endpoints, minUp, answers }) => pool(name, endpoints, { minUp, answers }));

const arbitraryExpression: fc.Arbitrary<Expression> = fc.letrec<{ node: Expression }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.constantFrom(...POOL_NAMES).map((name): Expression => ({ kind: "pool", pool: name })),
    fc
      .constantFrom(...POOL_NAMES)
      .map((name): Expression => ({ kind: "endpoint", pool: name, endpoint: "e0" })),
    fc
      .array(tie("node"), { minLength: 1, maxLength: 3 })
      .map((children): Expression => ({ kind: "failover", children })),
    arbitraryChildren(tie("node")).map((children): Expression => ({ kind: "weighted", children })),
    arbitraryChildren(tie("node")).map((children): Expression => ({ kind: "all", children })),
    fc
      .tuple(
        fc.uniqueArray(fc.constantFrom(...NETWORKS), { maxLength: 3 }),
        fc.array(tie("node"), { minLength: 3, maxLength: 3 }),
        fc.oneof(
          { arbitrary: tie("node"), weight: 3 },
          { arbitrary: fc.constant("nodata" as const), weight: 1 },
        ),
      )
      .map(
        ([networks, children, rest]): Expression => ({
          kind: "geo",
          entries: [...networks.flatMap((text, index) => geoEntry(text, children[index])), anyEntry(rest)],
        }),
      ),
  ),
})).node;

function arbitraryChildren(node: fc.Arbitrary<Expression>): fc.Arbitrary<WeightedChild[]> {
  return fc.array(fc.record({ weight: fc.constantFrom(0, 1, 1, 3, 70), expression: node }), {
    minLength: 1,
    maxLength: 3,
  });
}

function geoEntry(text: string, expression: Expression | undefined): GeoEntry[] {
  const [ip = "", bits] = text.split("/");
  const network = networkOf(address(ip).octets, Number(bits));
  return expression === undefined ? [] : [{ match: { kind: "net", network, text }, expression }];
}

function anyEntry(expression: Expression | "nodata"): GeoEntry {
  return { match: { kind: "any" }, expression };
}

export interface Situation {
  readonly pools: readonly Pool[];
  readonly definitions: Definitions;
  readonly policy: Policy;
  readonly snapshot: Snapshot;
  readonly client: Client;
}

/** A policy over four pools, some of their endpoints answered as CNAME, with a health for every address and forced states for some endpoints. */
export const arbitrarySituation = situationWith(fc.constantFrom(false, false, false, true));

/** The same with addresses alone: beside CNAMEs no other record can stand. */
export const arbitraryPlainSituation = situationWith(fc.constant(false));

function situationWith(isCname: fc.Arbitrary<boolean>): fc.Arbitrary<Situation> {
  return fc
    .record({
      pools: fc.tuple(...POOL_NAMES.map((name) => arbitraryPool(name, isCname))),
      expression: arbitraryExpression,
      whenDown: fc.constantFrom("open", "open", "nodata", "servfail"),
      words: fc.array(
        fc.constantFrom<HealthWord>("up", "up", "down", "down", "unknown", "failing", "passing"),
        {
          minLength: 36,
          maxLength: 36,
        },
      ),
      forced: fc.array(
        fc.constantFrom<Forced | undefined>(undefined, undefined, undefined, "up", "down", "drain"),
        {
          minLength: 12,
          maxLength: 12,
        },
      ),
      ip: fc.constantFrom(undefined, ...CLIENT_IPS),
    })
    .map(({ pools, expression, whenDown, words, forced, ip }) => {
      const endpoints = new Map<string, EndpointHealth>();
      pools
        .flatMap((each) => each.endpoints)
        .forEach((each, at) => {
          const addresses = placesOf(each).map((_, index) => addressHealth(words[at * 3 + index] ?? "up"));
          endpoints.set(each.id, { forced: forced[at], addresses });
        });
      return {
        pools,
        definitions: definitions(pools),
        policy: policy(expression, { whenDown }),
        snapshot: { atMs: 0, endpoints },
        client: ip === undefined ? UNKNOWN_CLIENT : clientAt(ip),
      };
    });
}
