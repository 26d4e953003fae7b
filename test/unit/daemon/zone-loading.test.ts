import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { type LoadedZones, loadFromAccepted, loadFromFiles } from "../../../src/daemon/zone-loading.ts";
import { ZONE_HEAD } from "./loaded-zones.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

function accepted(loaded: LoadedZones): Extract<LoadedZones, { ok: true }> {
  if (!loaded.ok) throw new Error(loaded.message);
  return loaded;
}

describe("loadFromFiles()", () => {
  const folder = useTemporaryFolders();

  it("takes over zones whose files hold the same, whenever they were written", () => {
    const dir = folder();
    for (const name of ["a", "b"]) {
      writeFileSync(join(dir, `${name}.zone`), `${ZONE_HEAD}$INCLUDE ${name}.inc\n`);
      writeFileSync(join(dir, `${name}.inc`), "www 300 A 192.0.2.1\n");
    }
    const first = accepted(loadFromFiles([dir]));
    writeFileSync(join(dir, "a.inc"), "www 300 A 192.0.2.2\n");
    utimesSync(join(dir, "b.zone"), 1, 1);
    const second = accepted(loadFromFiles([dir], first.judged));
    expect(second.set.zones.map((zone, index) => zone === first.set.zones[index])).to.deep.equal([
      false,
      true,
    ]);
    const third = accepted(loadFromFiles([dir], second.judged));
    expect(third.set.zones.every((zone, index) => zone === second.set.zones[index])).to.equal(true);
    expect(third.set.files).to.deep.equal(second.set.files);
    expect(third.set.files).to.have.lengthOf(4);
  });

  it("hands on the octets of every file, to be kept and read again", () => {
    const dir = folder();
    writeFileSync(join(dir, "a.zone"), `${ZONE_HEAD}$INCLUDE a.inc\n`);
    writeFileSync(join(dir, "a.inc"), "www 300 A 192.0.2.1\n");
    const first = accepted(loadFromFiles([dir]));
    const second = accepted(loadFromFiles([dir], first.judged));
    for (const { roots, sources, set } of [first, second]) {
      expect(sources.map(({ path }) => path)).to.deep.equal(
        ["a.zone", "a.inc"].map((name) => join(dir, name)),
      );
      const again = accepted(loadFromAccepted({ roots, files: sources }));
      expect(again.set.files).to.deep.equal(set.files);
      expect(again.set.zones[0]?.nodes.size).to.equal(3);
    }
  });
});
