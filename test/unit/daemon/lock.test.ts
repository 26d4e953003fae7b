import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { acquireLock } from "../../../src/daemon/lock.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

/** The number of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  return child.pid ?? 0;
}

describe("acquireLock()", () => {
  const folder = useTemporaryFolders();

  it("lets one in, until it is released", () => {
    const dir = folder();
    const first = acquireLock(dir);
    expect(first.ok).to.equal(true);
    expect(acquireLock(dir)).to.deep.equal({
      ok: false,
      message: `state folder ${dir} is in use by process ${process.pid}`,
    });
    if (first.ok) first.release();
    expect(readdirSync(dir)).to.deep.equal([]);
    expect(acquireLock(dir).ok).to.equal(true);
  });

  it("takes over from a process that is gone, and says from whom", async () => {
    const dir = folder();
    const pid = await deadPid();
    writeFileSync(join(dir, "lock"), `${pid} 12345\n`);
    expect(acquireLock(dir)).to.deep.include({ ok: true, tookOverFrom: pid });
    expect(readFileSync(join(dir, "lock"), "utf8")).to.match(new RegExp(`^${process.pid} `));
    expect(readdirSync(dir)).to.deep.equal(["lock"]);
  });

  it("takes over a lock that was made while the disk was full, and respects one of a process that lives", async () => {
    const dir = folder();
    const pid = await deadPid();
    symlinkSync(`${pid} 12345`, join(dir, "lock"));
    const lock = acquireLock(dir);
    expect(lock).to.deep.include({ ok: true, tookOverFrom: pid });
    const own = readFileSync(join(dir, "lock"), "utf8").trimEnd();
    if (lock.ok) lock.release();
    symlinkSync(own, join(dir, "lock"));
    expect(acquireLock(dir)).to.deep.include({ ok: false });
    expect(readlinkSync(join(dir, "lock"))).to.equal(own);
  });

  it("takes over from a process whose number was given to another one", function () {
    if (!existsSync("/proc/self/stat")) this.skip();
    const dir = folder();
    // Number 1 lives, but did not begin at tick 12345678901.
    writeFileSync(join(dir, "lock"), "1 12345678901\n");
    expect(acquireLock(dir)).to.deep.include({ ok: true, tookOverFrom: 1 });
  });

  for (const content of ["", "garbage", "-1 3\n", "12"]) {
    it(`takes over a lock that reads ${JSON.stringify(content)}`, () => {
      const dir = folder();
      writeFileSync(join(dir, "lock"), content);
      expect(acquireLock(dir)).to.deep.include({ ok: true, tookOverFrom: undefined });
    });
  }

  it("releases no lock but its own", () => {
    const dir = folder();
    const lock = acquireLock(dir);
    writeFileSync(join(dir, "lock"), "1 -\n");
    if (lock.ok) lock.release();
    expect(readFileSync(join(dir, "lock"), "utf8")).to.equal("1 -\n");
  });
});
