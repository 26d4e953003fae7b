import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { expect } from "chai";
import { describe, it } from "mocha";
import { createRegexSearch, HURRIED_TIMEOUT_MS, REGEX_TIMEOUT_MS } from "../../../src/probe/regex.ts";
import { threadTimeMs } from "../../../src/probe/thread-time.ts";

const EVIL = "^(a+)+$b";
const BODY = "a".repeat(50);
const BUSY = "process.stdout.write('x'); for (;;);";

describe("createRegexSearch()", () => {
  it("search() finds or not, and gives up after its time", () => {
    const { search } = createRegexSearch();
    expect(search("^b.*n$", "burn", 0)).to.deep.equal({ kind: "found" });
    expect(search("^b.*n$", "born again?", 0)).to.deep.equal({ kind: "absent" });
    expect(search(EVIL, BODY, 0)).to.deep.equal({ kind: "undecided", withinMs: REGEX_TIMEOUT_MS });
  });

  it("search() hurries an expression that overruns its time again and again, for the rest of that second", () => {
    const { search } = createRegexSearch();
    const times = Array.from({ length: 7 }, () => search(EVIL, BODY, 100));
    const withinMs = times.map((result) => (result.kind === "undecided" ? result.withinMs : 0));
    expect(withinMs).to.deep.equal([
      ...Array<number>(5).fill(REGEX_TIMEOUT_MS),
      HURRIED_TIMEOUT_MS,
      HURRIED_TIMEOUT_MS,
    ]);
    // Others are not, nor is a body that it can decide.
    expect(search("(x+x+)+y", "x".repeat(50), 100)).to.deep.equal({
      kind: "undecided",
      withinMs: REGEX_TIMEOUT_MS,
    });
    // A machine that is busy may take those two milliseconds for itself, though not for ever.
    const well = Array.from({ length: 100 }, () => search(EVIL, "all is well", 100));
    expect(well).to.deep.include({ kind: "absent" });
    expect(search(EVIL, BODY, 1_099)).to.deep.equal({ kind: "undecided", withinMs: HURRIED_TIMEOUT_MS });
    expect(search(EVIL, BODY, 1_100)).to.deep.equal({ kind: "undecided", withinMs: REGEX_TIMEOUT_MS });
  });

  it("search() blames no expression for the cores that others take from it", async function () {
    // Elsewhere the system does not say who had them.
    if (threadTimeMs() === undefined) this.skip();
    const busy = Array.from({ length: 3 * availableParallelism() }, () =>
      spawn(process.execPath, ["-e", BUSY]),
    );
    await Promise.all(busy.map((child) => once(child.stdout, "data")));
    const { search } = createRegexSearch();
    const body = `PUT ${"a".repeat(60_000)}`;
    const results = Array.from({ length: 300 }, () => search("^PUT [a-z]+x$", body, performance.now()));
    for (const child of busy) child.kill("SIGKILL");
    expect(results.filter(({ kind }) => kind !== "absent")).to.have.length.below(3);
  });

  it("search() survives an expression that exhausts the engine's stack", () => {
    const { search } = createRegexSearch();
    expect(search(`${"(?:".repeat(60)}a${")*".repeat(60)}b`, "a".repeat(65_536), 0).kind).to.be.oneOf([
      "undecided",
      "absent",
    ]);
  });

  it("search() keeps nothing of a body, and bodies cannot reach the process", () => {
    const { search } = createRegexSearch();
    expect(search("secret", "a secret", 0)).to.deep.equal({ kind: "found" });
    expect(search("secret", "", 0)).to.deep.equal({ kind: "absent" });
    expect(search('"+process.exit()+"', "nothing", 0)).to.deep.equal({ kind: "absent" });
  });
});
