/**
 * `npm run fuzz -- --minutes 30 --seed 1`: decoders and a node in turns, each round with seeds of its own, until the time
 * is over. A failure is printed when it is met, with its seed and its octets; the exit status is 1 then.
 */

import { parseArgs } from "node:util";
import { bootstrap } from "../../deploy/bootstrap.mjs";
import { FuzzedNode } from "./node-run.ts";
import { FuzzSession } from "./session.ts";

const DEFAULT_MINUTES = 5;
const PACKETS_OF_A_ROUND = 50_000;
const INPUTS_OF_A_ROUND = 5_000;
const MINUTE_MS = 60_000;
/** The decoders and the node's halves take one each. */
const SEEDS_OF_A_ROUND = 2;
const USAGE = "usage: npm run fuzz -- [--minutes N] [--seed N]";

interface Choices {
  readonly minutes: number;
  readonly seed: number;
}

function choicesOf(words: readonly string[]): Choices | undefined {
  const options = { minutes: { type: "string" }, seed: { type: "string" } } as const;
  try {
    const { values } = parseArgs({ args: [...words], options });
    const minutes = Number(values.minutes ?? DEFAULT_MINUTES);
    // Any seed will do, as long as it is told.
    const seed = Number(values.seed ?? Date.now() % 1_000_000_000);
    return minutes > 0 && Number.isSafeInteger(seed) && seed >= 0 ? { minutes, seed } : undefined;
  } catch {
    return undefined;
  }
}

async function run({ minutes, seed }: Choices): Promise<boolean> {
  await bootstrap();
  process.stdout.write(`fuzz: ${minutes} minutes, seed ${seed}\n`);
  const endsAtMs = performance.now() + minutes * MINUTE_MS;
  const session = new FuzzSession();
  const node = await FuzzedNode.start("batch");
  let told = 0;
  try {
    for (let round = 0; performance.now() < endsAtMs; round++) {
      const own = seed + round * SEEDS_OF_A_ROUND;
      await session.runDecoders(own, INPUTS_OF_A_ROUND);
      session.addNode(await node.run(own, PACKETS_OF_A_ROUND));
      for (const failure of session.failures.slice(told)) process.stdout.write(`${failure}\n\n`);
      told = session.failures.length;
    }
  } finally {
    await node.stop();
  }
  process.stdout.write(`${session.line()}\n`);
  return session.failures.length === 0;
}

const choices = choicesOf(process.argv.slice(2));
if (choices === undefined) {
  process.stderr.write(`${USAGE}\n`);
  process.exitCode = 2;
} else if (!(await run(choices))) {
  process.exitCode = 1;
}
