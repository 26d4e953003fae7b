import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { type Client, NOWHERE, type Place, UNKNOWN_CLIENT } from "../../../src/geo/client.ts";
import { networkOf } from "../../../src/geo/network.ts";
import { evaluate, sharesOf } from "../../../src/policy/evaluate.ts";
import type { Expression } from "../../../src/policy/expression.ts";
import type { AddressFamily, MinUp, Pool } from "../../../src/policy/model.ts";
import {
  address,
  clientAt,
  definitions,
  endpoint,
  type HealthWord,
  policy,
  pool,
  snapshot,
} from "../../support/policies.ts";

const ref = (name: string): Expression => ({ kind: "pool", pool: name });
const single = (name: string, octet: number): Pool =>
  pool(name, [endpoint(name, "one", [`192.0.2.${octet}`])]);
const POOLS = [single("a", 1), single("b", 2), single("c", 3)];

interface Asked {
  readonly pools?: readonly Pool[];
  readonly down?: readonly string[];
  readonly client?: Client;
  readonly family?: AddressFamily;
}

/** `a/one=70 b/one=30` in per cent, or the outcome; `!` where the answer failed open. */
function answerOf(expression: Expression, { pools = POOLS, down = [], client, family }: Asked): string {
  const health: { [id: string]: HealthWord } = {};
  for (const id of down) health[id.includes("/") ? id : `${id}/one`] = "down";
  const evaluation = evaluate(
    policy(expression),
    definitions(pools, { named: { kind: "failover", children: [ref("b"), ref("c")] } }),
    snapshot(pools, health),
    client ?? UNKNOWN_CLIENT,
    family ?? "ipv4",
  );
  const shares = sharesOf(evaluation).map(
    ({ endpoint, share }) => `${endpoint.id}=${Math.round(share * 100)}`,
  );
  return (evaluation.failingOpen ? "!" : "") + (shares.join(" ") || evaluation.outcome);
}

function table(expression: Expression, rows: readonly (readonly [Asked, string])[]): void {
  for (const [asked, answer] of rows) {
    it(`${JSON.stringify({ down: asked.down ?? [] })} → ${answer}`, () => {
      expect(answerOf(expression, asked)).to.equal(answer);
    });
  }
}

describe("failover", () => {
  table({ kind: "failover", children: [ref("a"), ref("b"), ref("c")] }, [
    [{}, "a/one=100"],
    [{ down: ["b", "c"] }, "a/one=100"],
    [{ down: ["a"] }, "b/one=100"],
    [{ down: ["a", "b"] }, "c/one=100"],
    [{ down: ["a", "b", "c"] }, "!a/one=100"],
  ]);

  it("keeps its order for every health", () => {
    fc.assert(
      fc.property(fc.subarray(["a", "b", "c"]), (down) => {
        const first = ["a", "b", "c"].find((name) => !down.includes(name));
        const answer = answerOf({ kind: "failover", children: [ref("a"), ref("b"), ref("c")] }, { down });
        expect(answer).to.equal(first === undefined ? "!a/one=100" : `${first}/one=100`);
      }),
    );
  });
});

describe("weighted", () => {
  const expression: Expression = {
    kind: "weighted",
    children: [
      { weight: 70, expression: ref("a") },
      { weight: 30, expression: ref("b") },
      { weight: 0, expression: ref("c") },
    ],
  };
  table(expression, [
    [{}, "a/one=70 b/one=30"],
    [{ down: ["b"] }, "a/one=100"],
    [{ down: ["a"] }, "b/one=100"],
    [{ down: ["a", "b"] }, "c/one=100"],
    [{ down: ["a", "b", "c"] }, "!a/one=70 b/one=30"],
  ]);

  it("shares alike among those that weigh 0 when no other is up", () => {
    const zeros: Expression = {
      kind: "weighted",
      children: [
        { weight: 5, expression: ref("a") },
        { weight: 0, expression: ref("b") },
        { weight: 0, expression: ref("c") },
      ],
    };
    expect(answerOf(zeros, { down: ["a"] })).to.equal("b/one=50 c/one=50");
  });
});

describe("all", () => {
  const expression: Expression = {
    kind: "all",
    children: [
      { weight: 1, expression: ref("a") },
      { weight: 1, expression: { kind: "policy", policy: "named" } },
    ],
  };
  table(expression, [
    [{}, "a/one=50 b/one=50"],
    [{ down: ["a"] }, "b/one=100"],
    [{ down: ["b"] }, "a/one=50 c/one=50"],
    [{ down: ["b", "c"] }, "a/one=100"],
    [{ down: ["a", "b", "c"] }, "!a/one=50 b/one=50"],
  ]);

  it("puts every endpoint of its children in one answer", () => {
    const { draws } = evaluate(
      policy(expression),
      definitions(POOLS, { named: ref("b") }),
      snapshot(POOLS),
      UNKNOWN_CLIENT,
      "ipv4",
    );
    expect(draws).to.have.length(1);
    expect(draws[0]?.answers).to.equal(Number.POSITIVE_INFINITY);
    expect(draws[0]?.candidates.map((candidate) => candidate.endpoint.id)).to.deep.equal(["a/one", "b/one"]);
  });
});

describe("geo", () => {
  const net = (text: string) => {
    const [ip = "", bits] = text.split("/");
    return { kind: "net", network: networkOf(address(ip).octets, Number(bits)), text } as const;
  };
  const expression: Expression = {
    kind: "geo",
    entries: [
      { match: { kind: "any" }, expression: ref("c") },
      { match: { kind: "country", country: "FR" }, expression: ref("b") },
      { match: net("10.0.0.0/8"), expression: ref("b") },
      { match: net("10.1.0.0/16"), expression: ref("a") },
    ],
  };
  const inner = clientAt("10.1.2.3");
  const france = {
    network: undefined,
    place: { country: "FR", subdivision: undefined, continent: "EU", asn: undefined, coordinates: undefined },
  };
  table(expression, [
    [{ client: inner }, "a/one=100"],
    [{ client: inner, down: ["a"] }, "b/one=100"],
    [{ client: inner, down: ["a", "b"] }, "c/one=100"],
    [{ client: inner, down: ["a", "b", "c"] }, "!a/one=100"],
    [{ client: clientAt("10.9.9.9") }, "b/one=100"],
    [{ client: clientAt("192.0.2.77") }, "c/one=100"],
    [{ client: clientAt("192.0.2.77"), down: ["c"] }, "!c/one=100"],
    [{ client: france }, "b/one=100"],
    [{ client: UNKNOWN_CLIENT }, "c/one=100"],
  ]);

  const closed: Expression = {
    kind: "geo",
    entries: [
      { match: net("10.0.0.0/8"), expression: ref("a") },
      { match: { kind: "any" }, expression: "nodata" },
    ],
  };
  it("answers NODATA to whom `*=nodata` was meant for", () => {
    expect(answerOf(closed, { client: clientAt("192.0.2.77") })).to.equal("nodata");
  });
  it("never makes NODATA of a match that is down", () => {
    expect(answerOf(closed, { client: inner, down: ["a"] })).to.equal("!a/one=100");
  });
});

describe("nearest", () => {
  const at = (name: string, last: number, location: Pool["location"]): Pool => ({
    ...single(name, last),
    location,
  });
  const region = (country: string, subdivision?: string) =>
    ({ kind: "region", country, subdivision }) as const;
  const pools = [
    at("tokyo", 1, { kind: "coordinates", latitude: 35.7, longitude: 139.7 }),
    at("virginia", 2, region("US", "VA")),
    at("frankfurt", 3, region("DE")),
    at("nowhere", 4, undefined),
  ];
  const children = ["tokyo", "virginia", "nowhere", "frankfurt"].map(ref);
  const from = (place: Partial<Place>, down: readonly string[] = []): string | undefined => {
    const health = Object.fromEntries(down.map((name) => [`${name}/one`, "down" as const]));
    const client = { network: undefined, place: { ...NOWHERE, ...place } };
    const asked = policy({ kind: "nearest", children }, { whenDown: "servfail" });
    const evaluation = evaluate(asked, definitions(pools), snapshot(pools, health), client, "ipv4");
    return sharesOf(evaluation)[0]?.endpoint.pool ?? evaluation.outcome;
  };
  const rows: [string, Partial<Place>, readonly string[], string][] = [
    ["a country stands at its centroid", { country: "FR" }, [], "frankfurt"],
    ["it passes over what is down", { country: "FR" }, ["frankfurt"], "virginia"],
    ["a subdivision stands at its own", { country: "US", subdivision: "HI" }, [], "tokyo"],
    [
      "as exactly as is known",
      { country: "US", coordinates: { latitude: 64, longitude: 30 } },
      [],
      "frankfurt",
    ],
    ["a great circle goes over the date line", { country: "FJ" }, [], "tokyo"],
    [
      "of which nobody knows where it is comes last",
      { country: "JP" },
      ["tokyo", "virginia", "frankfurt"],
      "nowhere",
    ],
    ["a continent is no place to measure from", { continent: "EU" }, [], "tokyo"],
    ["the first that is up where nothing is known", {}, ["tokyo"], "virginia"],
    ["down where all are", { country: "JP" }, ["tokyo", "virginia", "frankfurt", "nowhere"], "servfail"],
  ];
  for (const [what, place, down, expected] of rows) {
    it(what, () => {
      expect(from(place, down)).to.equal(expected);
    });
  }
});

describe("a pool", () => {
  const wide = (minUp: MinUp, weights = [1, 1, 1]): Pool[] => [
    pool(
      "a",
      weights.map((weight, index) => endpoint("a", `e${index}`, [`192.0.2.${index + 10}`], weight)),
      { minUp },
    ),
    single("b", 2),
  ];
  const expression: Expression = { kind: "failover", children: [ref("a"), ref("b")] };
  const ROWS: readonly (readonly [string, Asked, string])[] = [
    ["draws by weight", { pools: wide({ kind: "count", count: 1 }, [3, 1, 0]) }, "a/e0=75 a/e1=25"],
    [
      "turns to weight 0 when no other is up",
      { pools: wide({ kind: "count", count: 1 }, [3, 1, 0]), down: ["a/e0", "a/e1"] },
      "a/e2=100",
    ],
    [
      "stays while one dead endpoint leaves min-up",
      { pools: wide({ kind: "count", count: 2 }), down: ["a/e0"] },
      "a/e1=50 a/e2=50",
    ],
    [
      "is down below min-up",
      { pools: wide({ kind: "count", count: 2 }), down: ["a/e0", "a/e1"] },
      "b/one=100",
    ],
    [
      "reads min-up as a percentage",
      { pools: wide({ kind: "percent", percent: 67 }), down: ["a/e0"] },
      "b/one=100",
    ],
    [
      "gives what is left below min-up when nothing else is up",
      { pools: wide({ kind: "count", count: 2 }), down: ["a/e0", "a/e1", "b"] },
      "a/e2=100",
    ],
    ["without the family answers NODATA where it is chosen", { family: "ipv6" }, "nodata"],
  ];
  for (const [title, asked, answer] of ROWS) {
    it(`${title} → ${answer}`, () => {
      expect(answerOf(expression, asked)).to.equal(answer);
    });
  }

  it("answers only those addresses of an endpoint that are up", () => {
    const pools = [pool("a", [endpoint("a", "one", ["192.0.2.1", "192.0.2.2"])])];
    const health = snapshot(pools, { "a/one": ["down", "up"] });
    const { draws } = evaluate(policy(ref("a")), definitions(pools), health, UNKNOWN_CLIENT, "ipv4");
    expect(draws[0]?.candidates[0]?.addresses.map(({ text }) => text)).to.deep.equal(["192.0.2.2"]);
  });
});
