import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { UNKNOWN_CLIENT } from "../../../src/geo/client.ts";
import { evaluate, explain, sharesOf } from "../../../src/policy/evaluate.ts";
import type { Expression } from "../../../src/policy/expression.ts";
import type { Pool } from "../../../src/policy/model.ts";
import { poolPartsOf } from "../../../src/policy/pool-parts.ts";
import { definitions, endpoint, type HealthWord, policy, pool, snapshot } from "../../support/policies.ts";

const ref = (name: string): Expression => ({ kind: "pool", pool: name });
const withCapacity = (name: string, octet: number, capacity: number): Pool =>
  pool(name, [endpoint(name, "one", [`192.0.2.${octet}`])], { capacity });
const POOLS = [withCapacity("a", 1, 100), withCapacity("b", 2, 50), withCapacity("c", 3, 50)];
const SPILL: Expression = { kind: "spill", children: [ref("a"), ref("b"), ref("c")] };

function loads(expression: Expression, demand: number, down: readonly string[], pools = POOLS) {
  const health: { [id: string]: HealthWord } = {};
  for (const name of down) health[`${name}/one`] = "down";
  const evaluation = evaluate(
    policy(expression, { demand }),
    definitions(pools),
    snapshot(pools, health),
    UNKNOWN_CLIENT,
    "ipv4",
  );
  const parts = [...poolPartsOf(evaluation.draws)];
  return {
    loads: Object.fromEntries(parts.map(([name, part]) => [name, Number((part * demand).toFixed(6))])),
    over: evaluation.overCapacity,
    rung: evaluation.rung,
  };
}

const spillOf = (...names: string[]): Expression => ({ kind: "spill", children: names.map(ref) });
const weightedOf = (...children: Expression[]): Expression => ({
  kind: "weighted",
  children: children.map((expression) => ({ weight: 1, expression })),
});

/** The pools of an expression, in order, and the expression. */
type Tree = readonly [string, Expression];

describe("spill", () => {
  it("fills pools that are exactly full without calling them overfull", () => {
    expect(loads(SPILL, 200, []).over).to.deep.equal([]);
    expect(loads(SPILL, 200.001, []).over).to.deep.equal(["a", "b", "c"]);
  });

  it("is down when all its children are, and fails open by capacity", () => {
    const found = loads(SPILL, 120, ["a", "b", "c"]);
    expect(found.rung).to.equal(4);
    expect(found.loads).to.deep.equal({ a: 100, b: 20 });
  });

  it("fills a child that is an expression until its first pool is full, and a pool in two children once", () => {
    const weighted: Expression = {
      kind: "weighted",
      children: [
        { weight: 1, expression: ref("a") },
        { weight: 1, expression: ref("b") },
      ],
    };
    const nested: Expression = { kind: "spill", children: [weighted, ref("a"), ref("c")] };
    // Fifty and fifty until b is full, then what a has left, then c.
    expect(loads(nested, 160, []).loads).to.deep.equal({ a: 100, b: 50, c: 10 });
  });

  it("gets the part of the demand that a weighted parent gives it", () => {
    const expression: Expression = {
      kind: "weighted",
      children: [
        { weight: 1, expression: { kind: "spill", children: [ref("a"), ref("b")] } },
        { weight: 1, expression: ref("c") },
      ],
    };
    expect(loads(expression, 100, []).loads).to.deep.equal({ a: 50, c: 50 });
    expect(loads(expression, 240, []).loads).to.deep.equal({ a: 100, b: 20, c: 120 });
    expect(loads(expression, 240, []).over).to.deep.equal(["c"]);
    expect(loads(expression, 120, ["c"]).loads).to.deep.equal({ a: 100, b: 20 });
  });

  it("gives a spill below it what overflows to it, and no more", () => {
    const nested: Expression = { kind: "spill", children: [ref("b"), spillOf("c", "a")] };
    expect(loads(nested, 80, []).loads).to.deep.equal({ b: 50, c: 30 });
    expect(loads(nested, 120, []).loads).to.deep.equal({ b: 50, c: 50, a: 20 });
    expect(loads(nested, 400, []).loads).to.deep.equal({ b: 100, c: 100, a: 200 });
  });

  it("sends nothing more to a pool that something before it has filled", () => {
    const halves = weightedOf(ref("b"), ref("c"));
    const nested: Expression = { kind: "spill", children: [halves, spillOf("b", "a")] };
    expect(loads(nested, 150, []).loads).to.deep.equal({ b: 50, c: 50, a: 50 });
    expect(loads(weightedOf(spillOf("b", "a"), ref("b")), 80, []).loads).to.deep.equal({ b: 50, a: 30 });
    expect(loads(weightedOf(spillOf("b", "a"), spillOf("b", "c")), 120, []).loads).to.deep.equal({
      b: 50,
      a: 10,
      c: 60,
    });
  });

  it("divides alike however the order is put into parentheses", () => {
    const leaf = fc.constantFrom("a", "b", "c", "d", "e").map((name): Tree => [name, ref(name)]);
    const { tree } = fc.letrec<{ tree: Tree; node: Tree }>((tie) => ({
      tree: fc.oneof({ depthSize: "small", withCrossShrink: true }, leaf, tie("node")),
      node: fc
        .array(tie("tree"), { minLength: 1, maxLength: 3 })
        .map(
          (trees): Tree => [
            trees.map(([names]) => names).join(" "),
            { kind: "spill", children: trees.map(([, expression]) => expression) },
          ],
        ),
    }));
    const pools = [...POOLS, withCapacity("d", 4, 30), withCapacity("e", 5, 70)];
    fc.assert(
      fc.property(tree, fc.integer({ min: 1, max: 300 }), ([names, expression], demand) => {
        const inOrder = [...new Set(names.split(" "))];
        const room = pools.reduce(
          (sum, { name, capacity = 0 }) => (inOrder.includes(name) ? sum + capacity : sum),
          0,
        );
        // Where all together have too little, a pool that stands twice is spread to twice.
        fc.pre(demand <= room || inOrder.length === names.split(" ").length);
        expect(loads(expression, demand, [], pools).loads).to.deep.equal(
          loads(spillOf(...inOrder), demand, [], pools).loads,
        );
      }),
      { numRuns: 500 },
    );
  });

  it("is done however deep it is nested", () => {
    let below = spillOf("a", "b");
    for (let depth = 0; depth < 15; depth++)
      below = weightedOf({ kind: "spill", children: [below, ref("c")] }, ref("c"));
    expect(loads(below, 100, []).over).to.deep.equal(["c"]);
  });

  it("says what each child takes, and why the demand is spread", () => {
    const reason = (demand: number): string | undefined => {
      const asked = policy(SPILL, { demand });
      const { trace } = explain(asked, definitions(POOLS), snapshot(POOLS), UNKNOWN_CLIENT, "ipv4");
      return trace[0]?.children?.[0]?.reason;
    };
    expect(reason(120)).to.equal("demand 120: a 100, b 20, c 0");
    expect(reason(400)).to.equal(
      "demand 400 exceeds the 200 that those that are up can take: spread by capacity",
    );
  });

  it("pushes nobody over its limit while there is headroom, and everybody alike when there is none", () => {
    const arbitraryPools = fc
      .array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 6 })
      .map((capacities) => capacities.map((capacity, at) => withCapacity(`p${at}`, at + 1, capacity)));
    fc.assert(
      fc.property(
        arbitraryPools,
        fc.integer({ min: 1, max: 5_000 }),
        fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
        (pools, demand, dead) => {
          const down = pools.flatMap(({ name }, at) => (dead[at] === true ? [name] : []));
          fc.pre(down.length < pools.length);
          const up = pools.filter(({ name }) => !down.includes(name));
          const room = up.reduce((sum, { capacity = 0 }) => sum + capacity, 0);
          const spill: Expression = { kind: "spill", children: pools.map(({ name }) => ref(name)) };
          const found = loads(spill, demand, down, pools);
          const total = Object.values(found.loads).reduce((sum, load) => sum + load, 0);
          expect(total).to.be.closeTo(demand, 1e-3);
          let isFirstWithRoom = true;
          for (const { name, capacity = 0 } of up) {
            const load = found.loads[name] ?? 0;
            if (demand > room) {
              expect(load).to.be.closeTo((demand * capacity) / room, 1e-3);
              continue;
            }
            expect(load).to.be.at.most(capacity + 1e-3);
            // Whatever stands behind one that is not full gets nothing.
            if (!isFirstWithRoom) expect(load).to.be.closeTo(0, 1e-6);
            if (load < capacity - 1e-6) isFirstWithRoom = false;
          }
          expect(found.over.length > 0).to.equal(demand > room);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("shares as exactly as the demand divides", () => {
    const evaluation = evaluate(
      policy(SPILL, { demand: 150 }),
      definitions(POOLS),
      snapshot(POOLS),
      UNKNOWN_CLIENT,
      "ipv4",
    );
    expect(sharesOf(evaluation).map(({ share }) => share)).to.deep.equal([100 / 150, 50 / 150]);
  });
});
