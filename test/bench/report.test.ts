import { expect } from "chai";
import { describe, it } from "mocha";
import { SCENARIO_NAMES, scenarioOf } from "./content.ts";
import type { GeneratorResult } from "./generator.ts";
import { parseOptions } from "./options.ts";
import { complaintsOf, formatTable, quantileOf, type Row, ratiosOf, rowsOf } from "./report.ts";
import type { Case, Sample } from "./rounds.ts";

describe("quantileOf()", () => {
  const rows: readonly [values: readonly number[], share: number, expected: number][] = [
    [[3, 1, 2], 0.5, 2],
    [[4, 1, 2, 3], 0.5, 2.5],
    [[1, 2, 3, 4, 5], 0.25, 2],
    [[5, 4, 3, 2, 1], 0.75, 4],
    [[7], 0.25, 7],
    [[2, 10], 0, 2],
    [[2, 10], 1, 10],
  ];
  for (const [values, share, expected] of rows) {
    it(`of [${values.join(" ")}] at ${share} is ${expected}`, () => {
      expect(quantileOf(values, share)).to.equal(expected);
    });
  }
});

describe("ratiosOf()", () => {
  it("divides round by round and leaves out rounds without a baseline", () => {
    expect(ratiosOf([2, 6, 8], [1, 2])).to.deep.equal([2, 3]);
    expect(ratiosOf([2], [0])).to.deep.equal([]);
  });
});

describe("formatTable()", () => {
  const row: Row = {
    scenario: "static",
    server: "nsd",
    queriesPerSecond: 250_000.4,
    cpuUs: 3.456,
    ratios: [1.1, 1, 1.2],
    calmRounds: 3,
    calmOpenRounds: 2,
    p50Us: 20,
    p99Us: 100.6,
    p999Us: 900,
    p99Ratios: [1.5, 0.5, 0.9],
    lost: 0.0123,
    overload: 0.976,
    overloadAsked: 1.196,
    dnsperfCpuUs: Number.NaN,
    dnsperfRatios: [],
    busy: 0.98,
    memoryMib: 44.2,
  };

  it("prints medians with their quartiles, and no column that nothing stands in", () => {
    expect(formatTable([row]).split("\n")).to.deep.equal([
      "| scenario | server | queries/s | CPU µs/query | ratio to gdnsd (quartiles) | calm rounds | calm for latency | p50 µs | p99 µs | p99.9 µs | p99 ratio |   lost | of its peak served, at × peak | busy | memory MiB |",
      "| -------- | ------ | --------: | -----------: | -------------------------: | ----------: | ---------------: | -----: | -----: | -------: | --------: | -----: | ----------------------------: | ---: | ---------: |",
      "| static   | nsd    |    250000 |         3.46 |        1.100 (1.050–1.150) |           3 |                2 |     20 |    101 |      900 |      0.90 | 1.23 % |                  98 % at 1.20 | 98 % |         44 |",
      "",
    ]);
  });
});

const scenario = scenarioOf("weighted");
const weighted = caseOf("fairlead", false);

function caseOf(name: "fairlead" | "gdnsd", isBaseline: boolean): Case {
  return { group: scenario, scenario, runner: { name, port: 1, pid: 1 }, isBaseline };
}

function sampleOf(rdata: number, drawn: readonly number[], cpuNsPerQuery = 1, waited = 0): Sample {
  const faults = { id: 0, malformed: 0, header: 0, rcode: 0, question: 0, records: 0, rdata, opt: 0 };
  const counts = { asked: 0, withEdns: 0, replies: 0, repliesInTime: 0, missing: 0, late: 0, unsent: 0 };
  const times = { elapsedNs: 1, p50Ns: 0, p99Ns: 0, p999Ns: 0, maxNs: 0, lagP99Ns: 0, waitedNs: 0 };
  const firstFault = rdata === 0 ? "" : "rdata: question";
  const result: GeneratorResult = { ...counts, ...times, faults, firstFault, drawn };
  const rest = { cpuNsPerQuery, queriesPerSecond: 1, busy: 1, waited, openWaited: 0 };
  return { ...rest, closed: result, open: result, overload: undefined, dnsperf: undefined };
}

describe("rowsOf()", () => {
  const measured = (...rounds: readonly (readonly [cpu: number, waited: number])[]) =>
    rounds.map(([cpu, waited]) => sampleOf(0, [], cpu, waited));
  const baseline = measured([4, 0], [4, 0.2], [5, 0], [4, 0], [4, 0]);

  it("takes ratios of calm rounds alone where there are enough", () => {
    const own = measured([4, 0], [4, 0], [10, 0.01], [12, 0], [40, 0.5]);
    const cases = new Map([
      [weighted, own],
      [caseOf("gdnsd", true), baseline],
    ]);
    const [row, against] = rowsOf(cases, new Map());
    expect(row).to.deep.include({ ratios: [1, 2, 3], calmRounds: 3 });
    expect(against).to.deep.include({ ratios: [1, 1, 1, 1], calmRounds: 4 });
  });

  it("takes those of all rounds where few were calm", () => {
    const own = measured([4, 0.3], [8, 0], [5, 0], [4, 0.3], [4, 0.3]);
    const cases = new Map([
      [weighted, own],
      [caseOf("gdnsd", true), baseline],
    ]);
    expect(rowsOf(cases, new Map())[0]).to.deep.include({ ratios: [1, 2, 1, 1, 1], calmRounds: 1 });
  });
});

describe("rowsOf() of loads that are given, not taken", () => {
  const loaded = (openWaited: number, p99Ns: number, overload: Sample["overload"]): Sample => {
    const sample = sampleOf(0, []);
    return { ...sample, openWaited, open: { ...sample.open, p50Ns: 1, p99Ns }, overload };
  };
  const calm = (served: number) => ({ served, asked: 1.2, waited: 0 });
  const own = [
    loaded(0, 2_000, calm(0.97)),
    loaded(0, 4_000, calm(0.99)),
    loaded(0.001, 3_000, { served: 0.2, asked: 0.7, waited: 0.3 }),
    loaded(0.02, 90_000, calm(0.98)),
  ];
  const baseline = own.map(() => loaded(0, 2_000, calm(1)));
  const cases = new Map([
    [weighted, own],
    [caseOf("gdnsd", true), baseline],
  ]);

  it("takes latencies where others left even the slowest answers alone", () => {
    const [row] = rowsOf(cases, new Map());
    expect(row).to.deep.include({ calmOpenRounds: 3, p99Us: 3, p99Ratios: [1, 2, 1.5] });
  });

  it("says what was served of the peak, and at what load", () => {
    const [row] = rowsOf(cases, new Map());
    expect(row).to.deep.include({ overload: 0.98, overloadAsked: 1.2 });
  });
});

describe("complaintsOf()", () => {
  const rows: readonly [what: string, sample: Sample, complaints: readonly string[]][] = [
    ["nothing where all is right", sampleOf(0, [510, 300, 190]), []],
    [
      "wrong replies of both loops",
      sampleOf(3, [50, 30, 20]),
      ["fairlead, weighted: 6 wrong replies; the first: rdata: question"],
    ],
    [
      "shares that do not follow the weights",
      sampleOf(0, [530, 300, 170]),
      ["fairlead, weighted: drawn 53.0 : 30.0 : 17.0, expected 50 : 30 : 20"],
    ],
  ];
  for (const [what, sample, complaints] of rows) {
    it(`says ${what}`, () => {
      expect(complaintsOf(new Map([[weighted, [sample]]]))).to.deep.equal(complaints);
    });
  }
});

describe("parseOptions()", () => {
  it("takes seven rounds of everything but the million unless told otherwise", () => {
    expect(parseOptions([])).to.include({
      rounds: 7,
      seconds: 1,
      ratePerSecond: 60_000,
      dnsperf: true,
      overload: true,
    });
    expect(parseOptions([])?.scenarios).to.deep.equal(SCENARIO_NAMES.slice(0, -1));
    const words = ["--rounds", "2", "--servers", "gdnsd,nsd", "--no-dnsperf", "--seconds", "0.5"];
    const options = parseOptions(words);
    expect(options).to.include({ rounds: 2, seconds: 0.5, dnsperf: false });
    expect(options?.servers).to.deep.equal(["gdnsd", "nsd"]);
    expect(parseOptions(["--help"])).to.equal(undefined);
  });

  const refused: readonly [words: string, message: string][] = [
    ["--rounds 0", "--rounds 0: expected a number from 1 to 1000"],
    ["--rounds 1.5", "--rounds 1.5: expected a whole number"],
    ["--seconds x", "--seconds x: expected a number from 0.05 to 60"],
    ["--servers bind", "--servers bind: expected some of fairlead, fairlead-dgram, gdnsd, nsd, knot"],
    ["--generator-core 0", "--server-core and --generator-core are the same"],
  ];
  for (const [words, message] of refused) {
    it(`refuses ${words}`, () => {
      expect(() => parseOptions(words.split(" "))).to.throw(message);
    });
  }
});

describe("scenarioOf()", () => {
  for (const name of SCENARIO_NAMES.filter((each) => each !== "million")) {
    it(`asks a thousand names of ${name}, none twice, and the same in every run`, () => {
      const { questions } = scenarioOf(name);
      const names = new Set(questions.map((question) => Buffer.from(question.name).toString("latin1")));
      expect(names.size).to.equal(1_000);
      expect(questions.every(({ choices }) => choices.length <= 8)).to.equal(true);
    });
  }
});
