import { expect } from "chai";
import { describe, it } from "mocha";
import { createClb, type ZoneName, type ZoneState } from "../../../deploy/demo/clb.ts";

describe("createClb()", () => {
  type Step = [atMs: number, zone: ZoneName, state: ZoneState];
  const cases: readonly [name: string, steps: readonly Step[], atMs: number, inUse: ZoneName][] = [
    ["uses the primary zone", [], 0, "primary"],
    ["keeps a failing primary until the time is up", [[0, "primary", "unhealthy"]], 9999, "primary"],
    ["then moves to the secondary", [[0, "primary", "dead"]], 10_000, "secondary"],
    [
      "stays where both fail",
      [
        [0, "primary", "unhealthy"],
        [0, "secondary", "slow"],
      ],
      99_999,
      "primary",
    ],
    [
      "begins to count anew after a recovery",
      [
        [0, "primary", "unhealthy"],
        [9000, "primary", "healthy"],
        [9500, "primary", "unhealthy"],
      ],
      19_000,
      "primary",
    ],
    [
      "moves back as slowly",
      [
        [0, "primary", "unhealthy"],
        [20_000, "primary", "healthy"],
      ],
      29_999,
      "secondary",
    ],
    [
      "and is back then",
      [
        [0, "primary", "unhealthy"],
        [20_000, "primary", "healthy"],
      ],
      30_000,
      "primary",
    ],
  ];
  for (const [name, steps, atMs, inUse] of cases) {
    it(name, () => {
      const clb = createClb(10_000);
      for (const [stepAtMs, zone, state] of steps) clb.set([zone], state, stepAtMs);
      expect(clb.status(atMs).inUse).to.equal(inUse);
    });
  }
});
