import { expect } from "chai";
import * as fc from "fast-check";
import { describe, it } from "mocha";
import { composeAddressHealth } from "../../../src/health/compose.ts";
import { initialState, type ProbeState } from "../../../src/health/hysteresis.ts";
import type { Observed } from "../../../src/health/verdict.ts";

function state(observed: Observed, passing: boolean, sinceMs: number): ProbeState {
  return { ...initialState(0), observed, passing, sinceMs, reason: passing ? "fine" : "bad" };
}

const LETTERS: Record<string, ProbeState | undefined> = {
  U: state("up", true, 100),
  u: state("up", false, 200),
  D: state("down", false, 300),
  d: state("down", true, 400),
  "?": initialState(500),
  "-": undefined,
};

/** One letter a monitor, named m0, m1, … */
function compose(count: number, letters: string) {
  const monitors = letters.split("").map((_, index) => `m${index}`);
  const stateOf = (name: string) => LETTERS[letters[Number(name.slice(1))] ?? "-"];
  return composeAddressHealth({ kind: "at-least", count, monitors }, stateOf, 999);
}

describe("composeAddressHealth()", () => {
  it("composeAddressHealth() takes an address without a monitor for up and passing", () => {
    const health = composeAddressHealth({ kind: "none" }, () => undefined, 7);
    expect(health).to.deep.equal({ observed: "up", passing: true, reason: "not monitored", sinceMs: 7 });
  });

  /** needed, monitors, observed, passing, since, reason */
  const ROWS: readonly (readonly [number, string, Observed, boolean, number, string])[] = [
    [1, "U", "up", true, 100, "fine"],
    [1, "u", "up", false, 200, "bad"],
    [1, "D", "down", false, 300, "bad"],
    [1, "d", "down", true, 400, "fine"],
    [1, "?", "unknown", false, 500, "not yet probed"],
    [1, "-", "unknown", false, 999, "not yet probed"],
    [2, "UU", "up", true, 100, "2 of 2 monitors pass, 2 needed (m0: fine; m1: fine)"],
    [2, "UD", "down", false, 300, "1 of 2 monitors pass, 2 needed (m1: bad)"],
    [2, "?D", "down", false, 300, "0 of 2 monitors pass, 2 needed (m0: not yet probed; m1: bad)"],
    [2, "U?", "unknown", false, 500, "1 of 2 monitors pass, 2 needed (m1: not yet probed)"],
    [1, "UD", "up", true, 100, "1 of 2 monitors pass, 1 needed (m1: bad)"],
    [1, "D?", "unknown", false, 500, "0 of 2 monitors pass, 1 needed (m0: bad; m1: not yet probed)"],
    [1, "Dd", "down", true, 400, "1 of 2 monitors pass, 1 needed (m0: bad)"],
    [1, "U?", "up", true, 100, "1 of 2 monitors pass, 1 needed (m1: not yet probed)"],
    [2, "UuD", "up", false, 200, "1 of 3 monitors pass, 2 needed (m1: bad; m2: bad)"],
    [2, "UD?", "unknown", false, 500, "1 of 3 monitors pass, 2 needed (m1: bad; m2: not yet probed)"],
    [2, "UDd", "down", true, 400, "2 of 3 monitors pass, 2 needed (m1: bad)"],
    [1, "uU-", "up", true, 100, "1 of 3 monitors pass, 1 needed (m0: bad; m2: not yet probed)"],
  ];
  it("composeAddressHealth() dates the failure by the monitor that left too few", () => {
    const failing = (failingSinceMs?: number): ProbeState => ({
      ...state("down", false, 300),
      ...(failingSinceMs === undefined ? {} : { failingSinceMs }),
    });
    const up = state("up", true, 100);
    const rows: readonly (readonly [number, readonly ProbeState[], number | undefined])[] = [
      [1, [up], undefined],
      [1, [failing(700)], 700],
      [1, [failing()], undefined],
      [1, [up, failing(700)], undefined],
      [2, [up, failing(700)], 700],
      [1, [failing(900), failing(700)], 900],
      [2, [failing(900), failing(700)], 700],
      [2, [failing(900), failing(700), up], 900],
      [1, [failing(), failing(700)], 700],
      [2, [failing(), failing(700)], undefined],
      [2, [failing(), up, failing(700)], 700],
    ];
    for (const [count, states, since] of rows) {
      const monitors = states.map((_, index) => `m${index}`);
      const health = composeAddressHealth(
        { kind: "at-least", count, monitors },
        (name) => states[Number(name.slice(1))],
        999,
      );
      expect(health.failingSinceMs, `${count} of ${states.length}`).to.equal(since);
    }
  });

  for (const [count, letters, observed, passing, sinceMs, reason] of ROWS) {
    it(`composeAddressHealth() judges ${count} of ${letters} ${observed}`, () => {
      expect(compose(count, letters)).to.deep.equal({ observed, passing, sinceMs, reason });
    });
  }

  it("composeAddressHealth() says unknown exactly where the unknown monitors could turn it either way", () => {
    const letter = fc.constantFrom("U", "D", "?");
    const monitors = fc.array(letter, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(monitors, fc.nat(5), (letters, more) => {
        const text = letters.join("");
        const count = 1 + (more % letters.length);
        const best = compose(count, text.replaceAll("?", "U")).observed;
        const worst = compose(count, text.replaceAll("?", "D")).observed;
        expect(compose(count, text).observed).to.equal(best === worst ? best : "unknown");
      }),
    );
  });
});
