/** Hints of random policies under random health: what A and AAAA could give the same client, and never two places at once. */

import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { formatIp } from "../../../src/dns/address.ts";
import { splitParams } from "../../../src/dns/rdata/svc-params.ts";
import { TYPE } from "../../../src/dns/types.ts";
import type { Hold, Snapshot } from "../../../src/health/snapshot.ts";
import { compileDecisions, compileZones, makeImage } from "../../../src/image/image.ts";
import { evaluate, sharesOf } from "../../../src/policy/evaluate.ts";
import type { Evaluation } from "../../../src/policy/evaluation.ts";
import type { Expression } from "../../../src/policy/expression.ts";
import type { AddressFamily, Endpoint } from "../../../src/policy/model.ts";
import { type Asker, createAsker } from "../../support/answering.ts";
import { parsed, query } from "../../support/packets.ts";
import {
  arbitraryPlainSituation,
  CLIENT_IPS,
  clientAt,
  definitions,
  endpoint,
  policy,
  pool,
  type Situation,
  snapshot,
} from "../../support/policies.ts";
import { setOfPolicies } from "../image/policy-set.ts";

const RUNS = { seed: 20_261_122, numRuns: 200 };
const NAME = "p0.example.";
const TTL_SECONDS = 300;
/** `1 .` */
const HTTPS = { type: TYPE.HTTPS, ttlSeconds: TTL_SECONDS, rdatas: [Uint8Array.of(0, 1, 0)] };
const DRAWS = 12;

interface Drawn {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  readonly ttlSeconds: number | undefined;
}

function drawHints({ ask }: Asker, client: string): Drawn {
  const answers = parsed(ask(query(NAME, "HTTPS"), { client }) ?? new Uint8Array(0)).answers;
  expect(answers).to.have.length(1);
  const params = splitParams(answers[0]?.rdata.subarray(3) ?? new Uint8Array(0)) ?? [];
  const addresses = (code: number, size: number): string[] => {
    const value = params.find((param) => param.code === code)?.value ?? new Uint8Array(0);
    return Array.from({ length: value.length / size }, (_, at) =>
      formatIp(value.subarray(at * size, (at + 1) * size)),
    );
  };
  return { ipv4: addresses(4, 4), ipv6: addresses(6, 16), ttlSeconds: answers[0]?.ttlSeconds };
}

function drawAddresses({ ask }: Asker, type: "A" | "AAAA", client: string): string[] {
  const { answers } = parsed(ask(query(NAME, type), { client }) ?? new Uint8Array(0));
  return answers.map(({ rdata }) => formatIp(rdata));
}

function askerOf(situation: Pick<Situation, "policy" | "definitions" | "snapshot">): Asker {
  const part = compileZones(setOfPolicies([situation.policy], situation.definitions, [HTTPS]));
  const image = makeImage(1, part, compileDecisions(part, situation.snapshot));
  return createAsker(() => image);
}

function endpointsOf({ pools }: Situation): ReadonlyMap<string, string> {
  const endpoints = pools.flatMap((pool): readonly Endpoint[] => pool.endpoints);
  return new Map(endpoints.flatMap(({ id, addresses }) => addresses.map(({ text }) => [text, id])));
}

function dualStack(names: readonly string[]): Pick<Situation, "definitions" | "snapshot"> {
  const pools = names.map((name, at) => {
    const place = at + 1;
    return pool(name, [endpoint(name, "e", [`203.0.113.${place}`, `2001:db8::${place}`])]);
  });
  return { definitions: definitions(pools), snapshot: snapshot(pools) };
}

const arbitraryHold = fc.oneof(
  fc.constant<Hold>({ kind: "held", untilMs: undefined }),
  fc.integer({ min: 1, max: 20 }).map((step): Hold => ({ kind: "ramping", part: step / 21 })),
);
const arbitraryHolds = fc
  .dictionary(
    fc.constantFrom("amber", "birch", "cedar", "delta"),
    fc.record({ ipv4: arbitraryHold, ipv6: arbitraryHold }, { requiredKeys: [] }),
  )
  .map((holds): NonNullable<Snapshot["holds"]> => new Map(Object.entries(holds)));

describe("hints of a policy", () => {
  it("are what A and AAAA could give the same client, of one endpoint, with no longer a TTL", () => {
    let both = 0;
    fc.assert(
      fc.property(arbitraryPlainSituation, fc.constantFrom(...CLIENT_IPS), (situation, client) => {
        const asker = askerOf(situation);
        const evaluationOf = (family: AddressFamily): Evaluation =>
          evaluate(situation.policy, situation.definitions, situation.snapshot, clientAt(client), family);
        const possible = (evaluation: Evaluation): string[] =>
          sharesOf(evaluation).flatMap(({ addresses }) => addresses.map(({ text }) => text));
        const [ipv4, ipv6] = [evaluationOf("ipv4"), evaluationOf("ipv6")];
        const endpointOf = endpointsOf(situation);
        for (let count = 0; count < DRAWS; count++) {
          const drawn = drawHints(asker, client);
          expect(possible(ipv4)).to.include.members([...drawn.ipv4]);
          expect(possible(ipv6)).to.include.members([...drawn.ipv6]);
          expect(drawn.ttlSeconds).to.equal(Math.min(TTL_SECONDS, ipv4.ttlSeconds, ipv6.ttlSeconds));
          const isBest = ipv4.rung <= ipv6.rung && ipv4.draws.length > 0;
          if (isBest && ipv4.draws.every(({ candidates }) => candidates.length > 0)) {
            expect(drawn.ipv4).to.not.have.length(0);
          }
          if (ipv4.outcome !== "answer" && ipv6.draws.some(({ candidates }) => candidates.length > 0)) {
            expect(drawn.ipv4).to.have.length(0);
          }
          if (drawn.ipv4.length === 0 || drawn.ipv6.length === 0) continue;
          both++;
          const places = drawn.ipv4.map((text) => endpointOf.get(text));
          expect(places).to.include.members(drawn.ipv6.map((text) => endpointOf.get(text)));
        }
      }),
      RUNS,
    );
    expect(both, "draws with both hints").to.be.greaterThan(300);
  });

  it("below a sticky are the very endpoints that A and AAAA give the client", () => {
    let compared = 0;
    fc.assert(
      fc.property(arbitraryPlainSituation, arbitraryHolds, (situation, holds) => {
        const others = { weight: 2, expression: { kind: "pool", pool: "cedar" } as const };
        const expression: Expression = {
          kind: "sticky",
          children: [{ weight: 3, expression: situation.policy.expression }, others],
        };
        const asker = askerOf({
          policy: { ...situation.policy, expression },
          definitions: situation.definitions,
          snapshot: { ...situation.snapshot, holds },
        });
        for (const client of CLIENT_IPS) {
          const hints = drawHints(asker, client);
          const ipv4 = drawAddresses(asker, "A", client);
          if (hints.ipv4.length > 0 || hints.ipv6.length === 0) expect(hints.ipv4).to.deep.equal(ipv4);
          if (hints.ipv6.length === 0) continue;
          compared++;
          expect(drawAddresses(asker, "AAAA", client)).to.include.members([...hints.ipv6]);
        }
      }),
      RUNS,
    );
    expect(compared, "clients with an ipv6hint").to.be.greaterThan(200);
  });

  it("have the shares of A and of AAAA where both families are up alike", () => {
    const names = ["one", "two", "three"];
    const children = names.map((name, at) => ({
      weight: at + 1,
      expression: { kind: "pool", pool: name } as const,
    }));
    const asker = askerOf({ policy: policy({ kind: "weighted", children }), ...dualStack(names) });
    const counts = new Map<string, number>();
    const draws = 12_000;
    for (let count = 0; count < draws; count++) {
      const { ipv4, ipv6 } = drawHints(asker, "127.0.0.1");
      const pair = [...ipv4, ...ipv6].join(" ");
      counts.set(pair, (counts.get(pair) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).to.deep.equal([
      "203.0.113.1 2001:db8::1",
      "203.0.113.2 2001:db8::2",
      "203.0.113.3 2001:db8::3",
    ]);
    for (const [pair, count] of counts) {
      expect(count / draws, pair).to.be.closeTo(Number(pair.at(-1)) / 6, 0.02);
    }
  });
});
