import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { nameOf } from "../../src/dns/name.ts";
import { RCODE, TYPE } from "../../src/dns/types.ts";
import { needPeers } from "../peers.ts";
import {
  compileGenerator,
  type FaultName,
  type GeneratorResult,
  type Load,
  type Question,
  runGenerator,
  writePlan,
} from "./generator.ts";
import { type Lie, startLyingServer, TRUE_ADDRESS } from "./lying-server.ts";

const NAMES = 60;
const SWEEP: Load = { kind: "sweep", sockets: 3, window: 4, milliseconds: 2_000, seed: 7 };
const ONE_IN_TEN = NAMES / 10;

const questions: Question[] = Array.from({ length: NAMES }, (_, at) => ({
  name: nameOf(`n${String(at).padStart(2, "0")}.bench.test.`),
  type: TYPE.A,
  rcode: RCODE.NOERROR,
  answers: 1,
  choices: [Uint8Array.of(192, 0, 2, 9), TRUE_ADDRESS],
}));
const QUESTION_OCTETS = (questions[0]?.name.length ?? 0) + 4;
const ANSWER_AT = 12 + QUESTION_OCTETS;
const RDATA_AT = ANSWER_AT + 12;
/** What compression points to: the question's name, and bench.test below its first label. */
const OWNER = 12;
const PARENT = 16;

/** Changes one octet in each tenth reply. */
function flip(at: number, mask = 1): Lie {
  return (reply, number) => {
    if (number % 10 === 0) reply[at] = (reply[at] ?? 0) ^ mask;
    return [reply];
  };
}

const eachTenth =
  (lie: (reply: Buffer) => readonly Buffer[]): Lie =>
  (reply, number) =>
    number % 10 === 0 ? lie(reply) : [reply];

describe("the load generator", () => {
  let folder = "";
  let generator = "";
  let plan = "";

  before(async function () {
    needPeers.call(this, "cc");
    folder = await mkdtemp(join(tmpdir(), "fairlead-generator-"));
    plan = join(folder, "plan");
    await writePlan(plan, questions);
    generator = await compileGenerator(folder);
  });
  after(() => (folder === "" ? undefined : rm(folder, { recursive: true })));

  const askLiar = async (lie: Lie, load: Load = SWEEP): Promise<GeneratorResult> => {
    const server = await startLyingServer(lie);
    try {
      return await runGenerator(generator, server, plan, load);
    } finally {
      await server.stop();
    }
  };

  it("finds nothing wrong with an honest server", async () => {
    const result = await askLiar((reply) => [reply]);
    expect(result).to.include({ asked: NAMES, replies: NAMES, missing: 0, late: 0, firstFault: "" });
    expect(Object.values(result.faults)).to.deep.equal([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(result.drawn.slice(0, 3)).to.deep.equal([0, NAMES, 0]);
    expect(result.withEdns).to.be.within(1, NAMES - 1);
  });

  /** A reply with a wrong id answers nobody, so that its query goes without one as well. */
  const lies: readonly [what: string, lie: Lie, fault: FaultName, missing: number][] = [
    ["a wrong address", flip(RDATA_AT + 3), "rdata", 0],
    ["a wrong id", flip(0, 0x40), "id", ONE_IN_TEN],
    ["another rcode", flip(3, RCODE.REFUSED), "rcode", 0],
    ["no authority", flip(2, 0x04), "header", 0],
    ["a truncated answer", flip(2, 0x02), "header", 0],
    ["another question", flip(13), "question", 0],
    ["another type asked", flip(ANSWER_AT - 3), "question", 0],
    ["another type answered", flip(ANSWER_AT + 3), "records", 0],
    ["an owner that was not asked", flip(ANSWER_AT + 1, OWNER ^ PARENT), "records", 0],
    ["an owner that is no name", flip(ANSWER_AT + 1), "malformed", 0],
    ["more answers than there are", flip(7, 2), "records", 0],
    ["a record cut off", eachTenth((reply) => [reply.subarray(0, RDATA_AT + 2)]), "malformed", 0],
    [
      "octets behind the message",
      eachTenth((reply) => [Buffer.concat([reply, Buffer.of(0)])]),
      "malformed",
      0,
    ],
    ["a reply said twice", eachTenth((reply) => [reply, reply]), "id", 0],
    ["an OPT record too many or too few", eachTenth(toggleOpt), "opt", 0],
  ];
  for (const [what, lie, fault, missing] of lies) {
    it(`notices ${what}`, async () => {
      const result = await askLiar(lie);
      const all = Object.values(result.faults).reduce((sum, count) => sum + count, 0);
      expect(result.faults[fault], JSON.stringify(result)).to.equal(ONE_IN_TEN);
      expect(all).to.equal(ONE_IN_TEN);
      expect(result.missing).to.equal(missing);
      expect(result.firstFault).to.match(new RegExp(`^${fault}: question `));
    });
  }

  it("notices a reply that never comes, in either loop", async () => {
    const silent = eachTenth(() => []);
    const closed = await askLiar(silent);
    expect(closed).to.include({ asked: NAMES, missing: ONE_IN_TEN, replies: NAMES - ONE_IN_TEN });
    const load: Load = {
      kind: "open",
      sockets: 3,
      ratePerSecond: 2_000,
      milliseconds: 2_000,
      count: 200,
      seed: 7,
    };
    const open = await askLiar(silent, load);
    expect(open).to.include({ asked: 200, missing: 20, replies: 180, unsent: 0 });
  });

  it("tells a late reply from a wrong one, and counts a stall from when each question was due", async () => {
    let held: Buffer[] | undefined = [];
    const load: Load = {
      kind: "open",
      sockets: 1,
      ratePerSecond: 1_000,
      milliseconds: 2_000,
      count: 500,
      seed: 7,
    };
    const stall: Lie = (reply) => {
      if (held === undefined) return [reply];
      held.push(reply);
      if (held.length < 400) return [];
      const released = held;
      held = undefined;
      return released;
    };
    const result = await askLiar(stall, load);
    expect(result.asked).to.equal(500);
    expect(result.missing).to.equal(result.late).and.be.within(50, 200);
    expect(result.replies + result.late).to.equal(500);
    expect(result.p99Ns).to.be.above(250e6);
    expect(result.p50Ns).to.be.above(50e6);
  });

  it("holds the open loop to its rate and ends in time", async () => {
    const load: Load = { kind: "open", sockets: 2, ratePerSecond: 1_000, milliseconds: 500, seed: 7 };
    const result = await askLiar((reply) => [reply], load);
    // Never faster; how much slower, on a machine that does much else, is shown by the run itself.
    expect(result.asked).to.be.within(1, 501);
    expect(result.elapsedNs).to.be.above(500e6);
  });

  it("ends in time where nobody answers", async () => {
    const server = await startLyingServer(() => []);
    await server.stop();
    const result = await runGenerator(generator, server, plan, { ...SWEEP, milliseconds: 300 });
    expect(result.replies).to.equal(0);
  });
});

/** Takes the OPT record away, or adds one where none was asked for. */
function toggleOpt(reply: Buffer): readonly Buffer[] {
  const opt = Uint8Array.of(0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0);
  const has = reply[11] === 1;
  const changed = has ? Buffer.from(reply.subarray(0, -opt.length)) : Buffer.concat([reply, opt]);
  changed[11] = has ? 0 : 1;
  return [changed];
}
