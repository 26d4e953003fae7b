/**
 * Writes overrides to a journal as fast as it takes them, and says of each what it was told, until it is killed. Its words:
 * the journal's module, the folder, the first identifier. A plain script, as a hundred of them are started.
 */

import process from "node:process";
import { pathToFileURL } from "node:url";

/** Each so manieth is refused by the disk, half-written. */
const REFUSED_EVERY = 5;

const [module, folder, first] = process.argv.slice(2);
const { openOverrideJournal } = await import(pathToFileURL(module));
let count = 0;
const journal = await openOverrideJournal(folder, async (file, octets) => {
  count += 1;
  if (count % REFUSED_EVERY === 0) {
    await file.writeFile(octets.subarray(0, octets.length >> 1));
    throw new Error("no space left");
  }
  await file.writeFile(octets);
  await file.sync();
});
for (let id = Number(first); ; id++) {
  const override = {
    id: String(id),
    ref: `pool-${id}`,
    state: "drain",
    reason: "why",
    owner: "ann@desk",
    fromMs: 1,
    untilMs: 1e15,
  };
  const told = await journal.append({ kind: "set", override }).then(
    () => "ok",
    () => "refused",
  );
  process.stdout.write(`${told} ${id}\n`);
}
