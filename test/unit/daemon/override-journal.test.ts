/** The journal of overrides, against crashes, damage and full disks. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { describe, it } from "mocha";
import {
  JOURNAL_NAME,
  LINES_BEFORE_REWRITE,
  openOverrideJournal,
} from "../../../src/daemon/override-journal.ts";
import type { Override } from "../../../src/health/override.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

const KILLS = 100;
const WRITER = fileURLToPath(new URL("../../support/journal-writer.mjs", import.meta.url));
/** Compiled, as the command of `npm test` is or as this file is itself, a hundred of them start in a third of the time. */
const COMMAND = process.env["FAIRLEAD_TEST_COMMAND"];
const JOURNAL = import.meta.url.endsWith(".js")
  ? fileURLToPath(new URL("../../../src/daemon/override-journal.js", import.meta.url))
  : COMMAND === undefined
    ? fileURLToPath(new URL("../../../src/daemon/override-journal.ts", import.meta.url))
    : join(dirname(COMMAND), "daemon", "override-journal.js");
/** No writer may refuse again what the one before it had written when it was killed, and had not yet told. */
const IDS_OF_A_WRITER = 1_000_000;

function overrideOf(id: string, ref = id): Override {
  return { id, ref, state: "drain", reason: "why", owner: "ann@desk", fromMs: 1, untilMs: 1e15 };
}

function startWriter(folder: string, first: number): ChildProcess {
  const loader = JOURNAL.endsWith(".ts") ? ["--import", import.meta.resolve("tsx")] : [];
  return spawn(process.execPath, [...loader, WRITER, JOURNAL, folder, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

describe("openOverrideJournal()", function () {
  this.timeout(120_000);
  const folder = useTemporaryFolders();
  const ids = async (at: string): Promise<string[]> =>
    (await openOverrideJournal(at)).overrides().map(({ id }) => id);

  it("gives back what was set and not cleared, the last one of a REF, to nobody but its owner", async () => {
    const at = folder();
    const journal = await openOverrideJournal(at);
    await journal.append({ kind: "set", override: overrideOf("1", "fra") });
    await journal.append({ kind: "set", override: overrideOf("2", "vir") });
    await journal.append({ kind: "set", override: overrideOf("3", "fra") });
    await journal.append({ kind: "set", override: overrideOf("4") });
    await journal.append({ kind: "clear", ids: ["4"] });
    expect(journal.overrides().map(({ id }) => id)).to.deep.equal(["2", "3"]);
    expect(await ids(at)).to.deep.equal(["2", "3"]);
    expect(statSync(join(at, JOURNAL_NAME)).mode & 0o777).to.equal(0o600);
  });

  it("cuts off what was written by half at any octet, and goes on behind it", async () => {
    const at = folder();
    const path = join(at, JOURNAL_NAME);
    const journal = await openOverrideJournal(at);
    await journal.append({ kind: "set", override: overrideOf("1") });
    const whole = readFileSync(path).length;
    await journal.append({ kind: "set", override: overrideOf("2") });
    const octets = readFileSync(path);
    for (let length = whole; length < octets.length; length++) {
      writeFileSync(path, octets.subarray(0, length));
      const opened = await openOverrideJournal(at);
      expect(opened.overrides().map(({ id }) => id)).to.deep.equal(["1"]);
      expect(opened.damagedLines).to.equal(length === whole ? 0 : 1);
      expect(readFileSync(path).length).to.equal(whole);
    }
    await (await openOverrideJournal(at)).append({ kind: "set", override: overrideOf("3") });
    expect(await ids(at)).to.deep.equal(["1", "3"]);
  });

  it("drops a line that was damaged and keeps what stands behind it", async () => {
    const at = folder();
    const path = join(at, JOURNAL_NAME);
    const journal = await openOverrideJournal(at);
    for (const id of ["1", "2", "3"]) await journal.append({ kind: "set", override: overrideOf(id) });
    writeFileSync(path, readFileSync(path, "utf8").replace('"ref":"2"', '"ref":"9"'));
    const opened = await openOverrideJournal(at);
    expect(opened.damagedLines).to.equal(1);
    expect(opened.overrides().map(({ id }) => id)).to.deep.equal(["1", "3"]);
    expect((await openOverrideJournal(at)).damagedLines).to.equal(0);
  });

  it("takes back what the disk refuses, by half or after it was written, and goes on", async () => {
    const at = folder();
    let fails: "not" | "by half" | "at last" = "not";
    const journal = await openOverrideJournal(at, async (file, octets) => {
      await file.writeFile(fails === "by half" ? octets.subarray(0, 20) : octets);
      if (fails !== "not")
        throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
      await file.sync();
    });
    await journal.append({ kind: "set", override: overrideOf("1") });
    for (const how of ["by half", "at last"] as const) {
      fails = how;
      const refused = await journal.append({ kind: "set", override: overrideOf("2") }).catch(String);
      expect(refused).to.include("no space left");
      expect(journal.overrides().map(({ id }) => id)).to.deep.equal(["1"]);
      expect(await ids(at)).to.deep.equal(["1"]);
    }
    fails = "not";
    await journal.append({ kind: "set", override: overrideOf("3") });
    expect(await ids(at)).to.deep.equal(["1", "3"]);
    expect((await openOverrideJournal(at)).damagedLines).to.equal(0);
  });

  it("holds all that is set after the next write, whatever was done to the file meanwhile", async () => {
    const at = folder();
    const path = join(at, JOURNAL_NAME);
    const journal = await openOverrideJournal(at);
    const harms = [() => rmSync(path), () => truncateSync(path, 7), () => appendFileSync(path, "not ours")];
    const set: string[] = [];
    for (const [index, harm] of harms.entries()) {
      set.push(`${index}a`, `${index}b`);
      await journal.append({ kind: "set", override: overrideOf(`${index}a`) });
      harm();
      await journal.append({ kind: "set", override: overrideOf(`${index}b`) });
      expect(await ids(at)).to.deep.equal(set);
    }
  });

  it("writes itself anew once it is long, with what lasts", async () => {
    const at = folder();
    const journal = await openOverrideJournal(at);
    for (let number = 0; number < LINES_BEFORE_REWRITE; number++) {
      await journal.append({ kind: "set", override: { ...overrideOf(String(number), "fra"), untilMs: 10 } });
    }
    await journal.append({ kind: "set", override: overrideOf("lasting") });
    await journal.compact(11);
    expect(readFileSync(join(at, JOURNAL_NAME), "utf8").split("\n")).to.have.length(2);
    await journal.append({ kind: "set", override: overrideOf("later") });
    expect(await ids(at)).to.deep.equal(["lasting", "later"]);
  });

  it(`keeps every override that was acknowledged and none that was refused, over ${KILLS} kills`, async () => {
    const at = folder();
    const acknowledged = new Set<string>();
    const refused = new Set<string>();
    for (let kill = 0; kill < KILLS; kill++) {
      const writer = startWriter(at, kill * IDS_OF_A_WRITER);
      const { stdout } = writer;
      if (stdout === null) throw new Error("the writer says nothing");
      // At another instant each time: after so many lines, and within what follows them.
      let linesLeft = 1 + (kill % 7);
      for await (const line of createInterface({ input: stdout })) {
        const [word = "", id = ""] = line.split(" ");
        (word === "ok" ? acknowledged : refused).add(id);
        linesLeft -= 1;
        if (linesLeft === 0) writer.kill("SIGKILL");
      }
      if (writer.exitCode === null && writer.signalCode === null) await once(writer, "exit");
      expect(writer.signalCode).to.equal("SIGKILL");
      // What was under way is there or not; nobody was told either.
      const found = new Set(await ids(at));
      for (const id of acknowledged) expect(found.has(id), `kill ${kill}: ${id}`).to.equal(true);
      for (const id of refused) expect(found.has(id), `kill ${kill}: refused ${id}`).to.equal(false);
    }
    expect(acknowledged.size).to.be.at.least(KILLS);
    expect(refused.size).to.be.at.least(10);
  });

  it("says so where what is there cannot be read", async () => {
    const at = folder();
    appendFileSync(join(at, JOURNAL_NAME), "");
    const error = await openOverrideJournal(join(at, JOURNAL_NAME)).catch(String);
    expect(error).to.include("ENOTDIR");
  });
});
