import { expect } from "chai";
import { describe, it } from "mocha";
import { initialState, newcomerState, type ProbeState, step } from "../../../src/health/hysteresis.ts";
import type { Thresholds } from "../../../src/health/monitor.ts";
import { describeProgress } from "../../../src/health/progress.ts";

const COUNT: Thresholds = { fall: { kind: "consecutive", failures: 3 }, rise: 6 };
const SHARE: Thresholds = { fall: { kind: "ratio", percent: 30, window: 20 }, rise: 2 };

/** After verdicts, `+` or `-` each. */
function after(start: ProbeState, verdicts: string, thresholds: Thresholds): ProbeState {
  let state = start;
  for (const mark of verdicts) {
    state = step(state, { ok: mark === "+", reason: "why", elapsedMs: 1, atMs: 1 }, thresholds);
  }
  return state;
}

describe("describeProgress()", () => {
  const rows: [what: string, verdicts: string, thresholds: Thresholds, words: string | undefined][] = [
    ["unknown, not yet probed", "", COUNT, "its first probe decides"],
    ["up", "++", COUNT, undefined],
    ["up, failing", "+--", COUNT, "2 of 3 failures towards down"],
    ["down", "+---", COUNT, "0 of 6 passes towards up"],
    ["down, passing", "---++", COUNT, "2 of 6 passes towards up"],
    ["up by a share, with no failure", "+++", SHARE, undefined],
    ["up by a share, though it passes", "+-+-+", SHARE, "2 of 6 failures among the last 20 towards down"],
    ["down by a share", "-+", SHARE, "1 of 2 passes towards up"],
  ];
  for (const [what, verdicts, thresholds, words] of rows) {
    it(`says of one that is ${what}: ${words ?? "nothing"}`, () => {
      expect(describeProgress(after(initialState(0), verdicts, thresholds), thresholds)).to.equal(words);
    });
  }
  it("says of one that is new in a reload how many passes it waits for", () => {
    expect(describeProgress(newcomerState(0), COUNT)).to.equal("0 of 6 passes towards up");
    expect(describeProgress(after(newcomerState(0), "++", COUNT), COUNT)).to.equal(
      "2 of 6 passes towards up",
    );
  });
});
