import { expect } from "chai";
import { describe, it } from "mocha";
import type { Happening } from "../../../src/admin/events/event.ts";
import type { ServingState } from "../../../src/admin/source.ts";
import { createLastResorts, createTransitions } from "../../../src/daemon/transitions.ts";
import type { Policy } from "../../../src/policy/model.ts";
import { policy } from "../../support/policies.ts";
import { type Situation, servingState, WWW } from "../admin/node.ts";

/** What is recorded from situation to situation, as `kind ref from→to`, a list for each. */
function recorded(...situations: readonly Situation[]): string[][] {
  const happenings: Happening[] = [];
  const first = servingState(situations[0]);
  const transitions = createTransitions({
    record: (happening) => void happenings.push(happening),
    lastResorts: createLastResorts(),
    known: () => first.snapshot.endpoints,
  });
  let before: ServingState | undefined;
  return situations.map((situation) => {
    // A reload would be other definitions.
    const after: ServingState = { ...servingState(situation), definitions: first.definitions };
    for (const _ of transitions.note({ before, after }));
    before = after;
    return happenings.splice(0).map(({ kind, ref, from, to }) => `${kind} ${ref} ${from}→${to}`);
  });
}

const FRANKFURT_DOWN = { "frankfurt/fra-1": "down", "frankfurt/fra-2": "down" } as const;

describe("createTransitions()", () => {
  it("createTransitions() tells of a start what is not up, and nothing of what stayed", () => {
    expect(recorded({})).to.deep.equal([[]]);
    expect(recorded({ health: FRANKFURT_DOWN })).to.deep.equal([["pool frankfurt null→down"]]);
    expect(recorded({ health: { "tokyo/nrt-1": "unknown" } })).to.deep.equal([
      ["pool tokyo null→unknown", "policy six.gtm.example.com. null→rung 2"],
    ]);
    expect(recorded({ forced: { "virginia/iad-1": "drain" } })).to.deep.equal([["pool virginia null→down"]]);
  });

  it("createTransitions() tells nothing of dry runs", () => {
    const dryRun: Policy = policy({ kind: "pool", pool: "frankfurt" }, { dryRun: true });
    const policies = [
      ["www.gtm.example.com.", WWW],
      ["www.gtm.example.com.", dryRun],
    ] as const;
    expect(recorded({ policies }, { policies, health: FRANKFURT_DOWN })).to.deep.equal([
      [],
      ["endpoint frankfurt/fra-1 up→down", "endpoint frankfurt/fra-2 up→down", "pool frankfurt up→down"],
    ]);
  });

  it("createTransitions() tells endpoints, pools and rungs that change, each once", () => {
    const all = { ...FRANKFURT_DOWN, "virginia/iad-1": "down" } as const;
    const one = { "frankfurt/fra-1": "down" } as const;
    expect(
      recorded({}, { health: one }, { health: FRANKFURT_DOWN }, { health: all }, { health: all }, {}),
    ).to.deep.equal([
      [],
      ["endpoint frankfurt/fra-1 up→down"],
      ["endpoint frankfurt/fra-2 up→down", "pool frankfurt up→down"],
      [
        "endpoint virginia/iad-1 up→down",
        "pool virginia up→down",
        "policy www.gtm.example.com. rung 1→failing open",
      ],
      [],
      [
        "endpoint frankfurt/fra-1 down→up",
        "endpoint frankfurt/fra-2 down→up",
        "endpoint virginia/iad-1 down→up",
        "pool frankfurt down→up",
        "pool virginia down→up",
        "policy www.gtm.example.com. failing open→rung 1",
      ],
    ]);
  });

  it("createTransitions() tells each family's rung where they differ", () => {
    const health = {
      "frankfurt/fra-1": ["up", "down"],
      "frankfurt/fra-2": ["up", "down"],
      "virginia/iad-1": ["up", "down"],
    } as const;
    expect(recorded({}, { health })[1]).to.deep.equal([
      "policy www.gtm.example.com. rung 1→A rung 1, AAAA failing open",
    ]);
  });

  it("createTransitions() tells forced states beside what is observed", () => {
    const forced = { "frankfurt/fra-1": "drain", "virginia/iad-1": "up" } as const;
    expect(recorded({}, { forced }, {})).to.deep.equal([
      [],
      ["forced frankfurt/fra-1 null→drain", "forced virginia/iad-1 null→up"],
      ["forced frankfurt/fra-1 drain→null", "forced virginia/iad-1 up→null"],
    ]);
  });
});
