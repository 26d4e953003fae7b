import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { removeLeftovers, writeFileAtomically } from "../../../src/daemon/atomic-file.ts";
import { createLogLimiter } from "../../../src/daemon/log.ts";
import { readIncluded, readZoneFiles } from "../../../src/daemon/zone-files.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("writeFileAtomically()", () => {
  const folder = useTemporaryFolders();

  it("replaces a file as a whole and leaves nothing beside it", async () => {
    const path = join(folder(), "state");
    await writeFileAtomically(path, [octets("old")]);
    await writeFileAtomically(path, [octets("ne"), octets("w")]);
    expect(readFileSync(path, "utf8")).to.equal("new");
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    expect(readdirSync(join(path, ".."))).to.deep.equal(["state"]);
  });

  it("writes parts large and small in their order", async () => {
    const path = join(folder(), "state");
    const parts = [0, 3, 0x10_0000, 1, 0x7_0000, 0xa_0000, 2].map((length, index) =>
      new Uint8Array(length).fill(index),
    );
    await writeFileAtomically(path, parts);
    expect(Buffer.compare(readFileSync(path), Buffer.concat(parts))).to.equal(0);
    await writeFileAtomically(path, []);
    expect(readFileSync(path)).to.have.lengthOf(0);
  });

  it("leaves no trace where it fails", async () => {
    const dir = folder();
    mkdirSync(join(dir, "state"));
    let failed = false;
    await writeFileAtomically(join(dir, "state"), [octets("x")]).catch(() => {
      failed = true;
    });
    expect(failed).to.equal(true);
    expect(readdirSync(dir)).to.deep.equal(["state"]);
  });
});

describe("removeLeftovers()", () => {
  const folder = useTemporaryFolders();

  it("removes what other writers left half-way, and nothing else", async () => {
    const dir = folder();
    for (const name of ["a.1.partial", "b.2.partial", "accepted-1.zones", `c.${process.pid}.partial`]) {
      writeFileSync(join(dir, name), "");
    }
    expect(await removeLeftovers(dir)).to.equal(2);
    expect(readdirSync(dir)).to.have.members(["accepted-1.zones", `c.${process.pid}.partial`]);
  });
});

describe("readZoneFiles()", () => {
  const folder = useTemporaryFolders();

  it("reads the *.zone files of folders by name, and files as given", () => {
    const dir = folder();
    for (const name of ["b.zone", "a.zone", ".hidden.zone", "regions.inc"])
      writeFileSync(join(dir, name), name);
    const read = readZoneFiles([dir, join(dir, "regions.inc")]);
    expect(read.ok && read.files.map(({ path }) => path)).to.deep.equal(
      ["a.zone", "b.zone", "regions.inc"].map((name) => join(dir, name)),
    );
  });

  it("says in one line what it cannot read", () => {
    const dir = folder();
    const missing = join(dir, "nowhere");
    expect(readZoneFiles([missing])).to.deep.equal({
      ok: false,
      message: `Cannot read zones: ${missing}: no such file or directory`,
    });
    expect(readZoneFiles([dir])).to.deep.equal({
      ok: false,
      message: `Cannot read zones: ${dir} holds no *.zone file`,
    });
    expect(readIncluded(missing)).to.equal(undefined);
  });
});

describe("createLogLimiter()", () => {
  it("lets a key through once in the time, and counts what it held back", () => {
    let nowMs = 0;
    const limiter = createLogLimiter(100, () => nowMs);
    expect(limiter.admit("a")).to.equal(0);
    expect(limiter.admit("a")).to.equal(undefined);
    expect(limiter.admit("a")).to.equal(undefined);
    expect(limiter.admit("b")).to.equal(0);
    nowMs = 100;
    expect(limiter.admit("a")).to.equal(2);
    expect(limiter.tidy()).to.equal(1);
  });

  it("never knows more than a thousand keys", () => {
    const limiter = createLogLimiter(100, () => 0);
    for (let key = 0; key < 5000; key++) limiter.admit(String(key));
    expect(limiter.tidy()).to.equal(1000);
  });
});
