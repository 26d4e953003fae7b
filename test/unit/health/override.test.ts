/** What endpoints are forced to, by what was said of them and when. */

import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { forcedStatesAt, withForcedStates } from "../../../src/health/override.ts";
import { globMatches, refMatches } from "../../../src/health/ref.ts";
import type { Forced } from "../../../src/health/verdict.ts";
import { isAddressUp } from "../../../src/policy/group.ts";
import { addressHealth, endpoint, pool, snapshot } from "../../support/policies.ts";

const ENDPOINTS = ["fra/a", "fra/b", "vir/a"].map((id) => {
  const [of = "", name = ""] = id.split("/");
  return { id, pool: of, name };
});

const override = fc.record({
  ref: fc.constantFrom("*", "fra", "fra/*", "*/a", "fra/b", "v?r", "vir/b"),
  state: fc.constantFrom<Forced>("up", "down", "drain"),
  untilMs: fc.integer({ min: 0, max: 20 }),
});

describe("refMatches()", () => {
  const rows: readonly (readonly [ref: string, matched: string])[] = [
    ["fra", "fra/a fra/b"],
    ["fra/a", "fra/a"],
    ["fr?", "fra/a fra/b"],
    ["*/a", "fra/a vir/a"],
    ["*", "fra/a fra/b vir/a"],
    ["*/*", "fra/a fra/b vir/a"],
    ["f*a/?", "fra/a fra/b"],
    ["a", ""],
    ["fra/", ""],
  ];
  for (const [ref, matched] of rows) {
    it(`refMatches() takes ${ref} for ${matched === "" ? "nothing" : matched}`, () => {
      const found = ENDPOINTS.filter(({ pool, name }) => refMatches(ref, pool, name)).map(({ id }) => id);
      expect(found.join(" ")).to.equal(matched);
    });
  }

  it("globMatches() agrees with a regular expression", () => {
    const letters = fc.constantFrom("a", "b", "*", "?");
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 6 }), fc.stringMatching(/^[ab]{0,8}$/), (glob, text) => {
        const pattern = new RegExp(`^${glob.join("").replaceAll("*", ".*").replaceAll("?", ".")}$`);
        expect(globMatches(glob.join(""), text)).to.equal(pattern.test(text));
      }),
    );
  });
});

describe("forcedStatesAt()", () => {
  it("lets the last one count that matches and has not ended, and is exact about the end", () => {
    fc.assert(
      fc.property(
        fc.array(override, { maxLength: 6 }),
        fc.integer({ min: 0, max: 20 }),
        (overrides, atMs) => {
          const forced = forcedStatesAt(overrides, ENDPOINTS, atMs);
          for (const { id, pool, name } of ENDPOINTS) {
            let expected: Forced | undefined;
            for (const { ref, state, untilMs } of overrides) {
              if (refMatches(ref, pool, name) && atMs < untilMs) expected = state;
            }
            expect(forced.get(id)).to.equal(expected);
          }
        },
      ),
    );
  });

  it("always wins over what probes say", () => {
    const words = fc.constantFrom("up", "down", "unknown", "failing", "passing");
    fc.assert(
      fc.property(
        words,
        fc.constantFrom<Forced>("up", "down", "drain"),
        fc.constantFrom(1, 2, 4),
        (word, state, rung) => {
          expect(isAddressUp(state, addressHealth(word), rung)).to.equal(state === "up");
        },
      ),
    );
  });

  it("withForcedStates() changes what is forced and nothing else", () => {
    const pools = [pool("fra", [endpoint("fra", "a", ["192.0.2.1"]), endpoint("fra", "b", ["192.0.2.2"])])];
    const before = snapshot(pools, { "fra/a": "down" }, { "fra/b": "drain" });
    const after = withForcedStates(before, new Map([["fra/a", "up"]]));
    expect(after).to.deep.equal(snapshot(pools, { "fra/a": "down" }, { "fra/a": "up" }));
    const same = withForcedStates(before, new Map([["fra/b", "drain"]]));
    expect(same.endpoints.get("fra/b")).to.equal(before.endpoints.get("fra/b"));
  });
});
