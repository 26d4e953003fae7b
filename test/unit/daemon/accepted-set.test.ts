import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import {
  type AcceptedSet,
  keepAcceptedSet,
  pruneAcceptedSets,
  readAcceptedSet,
} from "../../../src/daemon/accepted-set.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

function setOf(text: string): AcceptedSet {
  const files = [
    { path: "zones/a.zone", octets: new TextEncoder().encode(text) },
    { path: "zones/empty.inc", octets: new Uint8Array() },
    { path: "zones/octets.inc", octets: Uint8Array.of(0, 10, 13, 255, 10) },
  ];
  return { savedAtMs: 1_700_000_000_000, roots: ["zones/a.zone"], files };
}

function plain(set: AcceptedSet | undefined): unknown {
  return set && { ...set, files: set.files.map(({ path, octets }) => [path, [...octets]]) };
}

describe("keepAcceptedSet(), readAcceptedSet()", () => {
  const folder = useTemporaryFolders();

  it("give back octet for octet what was kept last, for nobody else's eyes", async () => {
    const dir = folder();
    await keepAcceptedSet(dir, setOf("one"));
    await keepAcceptedSet(dir, setOf("two"));
    const { set, damaged } = await readAcceptedSet(dir);
    expect(plain(set)).to.deep.equal(plain(setOf("two")));
    expect(damaged).to.equal(0);
    expect(readdirSync(dir)).to.have.members(["accepted-1.zones", "accepted-2.zones"]);
    expect(statSync(join(dir, "accepted-2.zones")).mode & 0o777).to.equal(0o600);
  });

  it("do not keep the same set twice", async () => {
    const dir = folder();
    await keepAcceptedSet(dir, setOf("one"));
    await keepAcceptedSet(dir, { ...setOf("one"), savedAtMs: 1 });
    expect(readdirSync(dir)).to.deep.equal(["accepted-1.zones"]);
  });

  it("find nothing in an empty folder", async () => {
    expect(await readAcceptedSet(folder())).to.deep.equal({ set: undefined, damaged: 0 });
  });

  it("fall back to the set before, wherever the newest one was cut", async () => {
    const dir = folder();
    await keepAcceptedSet(dir, setOf("one"));
    await keepAcceptedSet(dir, setOf("two"));
    const newest = join(dir, "accepted-2.zones");
    for (let length = statSync(newest).size - 1; length >= 0; length -= 1) {
      truncateSync(newest, length);
      const { set, damaged } = await readAcceptedSet(dir);
      expect(plain(set), `cut at ${length}`).to.deep.equal(plain(setOf("one")));
      expect(damaged).to.equal(1);
    }
  });

  it("pass over octets that changed on the disk", async () => {
    const dir = folder();
    await keepAcceptedSet(dir, setOf("one"));
    const path = join(dir, "accepted-1.zones");
    const octets = readFileSync(path);
    octets[octets.length - 1] = (octets[octets.length - 1] ?? 0) ^ 1;
    writeFileSync(path, octets);
    expect(await readAcceptedSet(dir)).to.deep.equal({ set: undefined, damaged: 1 });
  });
});

describe("pruneAcceptedSets()", () => {
  const folder = useTemporaryFolders();

  it("keeps the newest two, by number and not by name", async () => {
    const dir = folder();
    for (const name of [1, 2, 8, 9, 10, "x"]) writeFileSync(join(dir, `accepted-${name}.zones`), "any");
    expect(await pruneAcceptedSets(dir)).to.equal(3);
    expect(readdirSync(dir)).to.have.members(["accepted-9.zones", "accepted-10.zones", "accepted-x.zones"]);
  });

  it("is done by whoever keeps a set", async () => {
    const dir = folder();
    for (let number = 1; number <= 4; number++) await keepAcceptedSet(dir, setOf(String(number)));
    expect(readdirSync(dir)).to.have.members(["accepted-3.zones", "accepted-4.zones"]);
  });
});
