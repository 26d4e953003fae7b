/**
 * Four ways to the same answer, held against each other: random policies, healths and clients, and for each of them what
 * `evaluate` says, what `explain` says, what the compiled tables hold, and what a running node answers, 100,000 times.
 *
 * Where chance draws, the answers are held against the exact shares by a chi-square test of each distribution; the whole run
 * cries wolf once in a thousand millions. Where it does not (below a `sticky`, in a slice of a slow start) there is but one
 * answer, and any other fails.
 */

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { CLASS } from "../../src/dns/types.ts";
import { sharesOf } from "../../src/policy/evaluate.ts";
import { TcpClient } from "../behaviour/asking.ts";
import { needPeers, peerPath } from "../peers.ts";
import { eventually } from "../support/peers/program.ts";
import { framed } from "../support/servers.ts";
import { testCounts } from "./chi-square.ts";
import { NODATA } from "./predicted.ts";
import { QueryLoad } from "./query-load.ts";
import { describeRow, isCertain, outcomeOf, packetOf, type Row, rowsOf, stringsOf } from "./rows.ts";
import { World } from "./world.ts";

const SEED = 20_261_122;
const ROUNDS = 4;
const QUERIES = 100_000;
const SOCKETS = 4;
const FALSE_ALARM = 1e-9;
/** Of an answer that chance has no part in. */
const TIMES_WHERE_CERTAIN = 5;
const SETTLED_LIMIT_MS = 100_000;
/** Tables say shares in hundredths of a per cent, and draw by fractions of 32 bits. */
const TABLE_PRECISION = 0.006 / 100;
const DIG_ROWS = 4;
const DIG_QUERIES = 1_000;
const run = promisify(execFile);

/** What was drawn of one distribution. */
interface Drawn {
  readonly row: Row;
  readonly counts: Map<string, number>;
}

describe(`agreement of evaluate, explain, tables and answers (seed ${SEED})`, function () {
  this.timeout(240_000);
  let world: World;
  let load: QueryLoad;
  let tcp: TcpClient;
  let rows: Row[] = [];
  const drawn = new Map<string, Drawn>();
  let asked = 0;

  before(async () => {
    world = await World.start(SEED);
    load = await QueryLoad.open(world.node.dns, SOCKETS);
  });

  after(async () => {
    load?.close();
    tcp?.close();
    await world?.stop();
  });

  const explained = async ({ asked: { owner, address }, type }: Row): Promise<unknown> => {
    const answer = await world.node.fetchText(`/api/v1/explain?name=${owner}&type=${type}&client=${address}`);
    const { outcome, ttlSeconds, rung, failingOpen, shares } = JSON.parse(answer?.text ?? "{}");
    return { outcome, ttlSeconds, rung, failingOpen, shares };
  };

  /** To the last digit: the node evaluates what we do. */
  const expectedOf = ({ evaluation }: Row): unknown => {
    const { outcome, ttlSeconds, rung, failingOpen } = evaluation;
    const shares = sharesOf(evaluation).map(({ endpoint: { pool, name }, addresses, share }) => ({
      pool,
      endpoint: name,
      addresses: addresses.map(({ text }) => text),
      share,
    }));
    return { outcome, ttlSeconds, rung, failingOpen, shares };
  };

  const tablesOf = async (row: Row): Promise<string[]> => {
    tcp.write(framed(packetOf(row.asked, "TXT", CLASS.CH)));
    const reply = await tcp.next(SETTLED_LIMIT_MS);
    if (!(reply instanceof Uint8Array)) throw new Error(`the connection is ${reply}`);
    return stringsOf(reply);
  };

  const generationOf = (strings: readonly string[]): number =>
    Number(/generation=(\d+)/.exec(strings[0] ?? "")?.[1] ?? 0);

  /** Until every thread that answers holds what the main thread holds now. */
  const published = async (row: Row): Promise<void> => {
    const generation = (await world.node.metric("fairlead_image_generation")) ?? Number.POSITIVE_INFINITY;
    const packet = packetOf(row.asked, "TXT", CLASS.CH);
    const isHeld = async (): Promise<true | undefined> => {
      const held = [generationOf(await tablesOf(row))];
      await load.askEach(packet, (reply) => held.push(generationOf(stringsOf(reply))));
      return held.every((each) => each >= generation) ? true : undefined;
    };
    await eventually(isHeld, SETTLED_LIMIT_MS, () => `no generation ${generation}`);
  };

  const askAll = async (round: number): Promise<void> => {
    const certain = rows.filter(isCertain).length;
    const uncertain = rows.length - certain;
    const left = QUERIES / ROUNDS - certain * TIMES_WHERE_CERTAIN;
    const loads = rows.map((row) => ({
      packet: row.packet,
      times: isCertain(row) ? TIMES_WHERE_CERTAIN : Math.ceil(left / uncertain),
    }));
    const cells = rows.map((row): Map<string, number> => {
      const shares = Array.from(row.prediction.shares, ([cell, share]) => `${cell} ${share}`)
        .sort()
        .join(" ");
      const key = isCertain(row)
        ? `${round} ${describeRow(row)}`
        : `${round} ${row.asked.owner} ${row.type} ${shares}`;
      const known = drawn.get(key) ?? { row, counts: new Map() };
      drawn.set(key, known);
      return known.counts;
    });
    await load.ask(loads, (number, reply) => {
      const [row, counts] = [rows[number], cells[number]];
      if (row === undefined || counts === undefined) throw new Error(`there is no row ${number}`);
      const outcome = outcomeOf(row, reply);
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      asked++;
    });
  };

  for (let round = 0; round < ROUNDS; round++) {
    it(`health ${round + 1} of ${ROUNDS}: 'explain' and the tables say what 'evaluate' says, and all are asked`, async () => {
      const forced = round === 0 ? new Map() : await world.forceAtRandom();
      rows = rowsOf(world.set, world.questions, world.snapshot(forced));
      // Until the node has taken everything in; what is explained as expected stays so.
      const left = [...rows];
      let found: unknown;
      const areSame = async (): Promise<true | undefined> => {
        for (let row = left[0]; row !== undefined; row = left[0]) {
          found = await explained(row);
          if (JSON.stringify(found) !== JSON.stringify(expectedOf(row))) return undefined;
          left.shift();
        }
        return true;
      };
      const describeLeft = (): string => left.slice(0, 1).map(describeRow).join("");
      await eventually(areSame, SETTLED_LIMIT_MS, () => `${describeLeft()}: ${JSON.stringify(found)}`);
      const [first] = rows;
      if (first === undefined) throw new Error("there is nothing to ask");
      // A connection over which nothing is asked for long is closed.
      tcp?.close();
      tcp = await TcpClient.open(world.node.dns);
      await published(first);
      for (const row of rows) expectTables(row, await tablesOf(row));
      await askAll(round);
    });
  }

  it(`${QUERIES.toLocaleString("en")} answers are drawn as 'evaluate' says`, () => {
    expect(asked).to.be.at.least(QUERIES);
    const chances = [...drawn.values()].filter(({ row }) => !isCertain(row));
    // Enough of each kind, or the seed is a poor one.
    expect(chances.length).to.be.above(50);
    expect(drawn.size - chances.length).to.be.above(50);
    const alarms = [...drawn.values()].flatMap(({ row, counts }) => {
      const verdict = testCounts(counts, row.prediction.shares, FALSE_ALARM / drawn.size);
      return verdict.refuted
        ? [`${describeRow(row)}: ${JSON.stringify([...counts])} ${JSON.stringify(verdict)}`]
        : [];
    });
    expect(alarms).to.deep.equal([]);
  });

  it("'dig' is answered by the same shares", async function () {
    needPeers.call(this, "dig");
    const isPlain = ({ prediction: { draws } }: Row): boolean =>
      draws.every(
        ({ answers, candidates }) =>
          answers === 1 && candidates.every(({ addresses }) => addresses.length === 1),
      );
    const some = rows
      .filter((row) => !isCertain(row) && isPlain(row) && row.asked.octets.length === 4)
      .slice(0, DIG_ROWS);
    expect(some).not.to.deep.equal([]);
    for (const row of some) {
      const { shares } = row.prediction;
      expect(
        testCounts(await countsByDig(row, world), shares, FALSE_ALARM / DIG_ROWS).refuted,
        describeRow(row),
      ).to.equal(false);
    }
  });
});

/** The thread that answers says what it holds for the client: the shares of each type. */
function expectTables(row: Row, strings: readonly string[]): void {
  const ofType = strings.filter((line) => line.startsWith(`${row.type} `)).map((line) => line.split(" "));
  const [head, ...shares] = ofType;
  const said = new Map(shares.map(([, id = "", percent = ""]) => [id, Number(percent.slice(0, -1)) / 100]));
  const { endpoints, ttlSeconds } = row.prediction;
  expect(head?.at(-1), describeRow(row)).to.equal(`ttl=${ttlSeconds}`);
  for (const id of new Set([...said.keys(), ...endpoints.keys()])) {
    expect(said.get(id) ?? 0, `${describeRow(row)}: ${id}`).to.be.closeTo(
      endpoints.get(id) ?? 0,
      TABLE_PRECISION,
    );
  }
}

async function countsByDig(
  { asked: { owner, address }, type }: Row,
  { node }: World,
): Promise<Map<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-dig-"));
  try {
    const batch = join(folder, "batch");
    await writeFile(batch, `${owner} ${type} +subnet=${address}/32\n`.repeat(DIG_QUERIES));
    const words = [
      `@${node.dns.address}`,
      "-p",
      String(node.dns.port),
      "+noall",
      "+answer",
      "+tries=5",
      "-f",
      batch,
    ];
    const { stdout } = await run(peerPath("dig") ?? "dig", words, { maxBuffer: 64 * DIG_QUERIES * 8 });
    const counts = new Map<string, number>();
    const records = stdout
      .split("\n")
      .map((line) => line.split(/\s+/))
      .filter(([, , , found]) => found === type);
    for (const record of records) counts.set(record[4] ?? "", (counts.get(record[4] ?? "") ?? 0) + 1);
    if (records.length < DIG_QUERIES) counts.set(NODATA, DIG_QUERIES - records.length);
    return counts;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
