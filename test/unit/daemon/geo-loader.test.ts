import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { GeoReading } from "../../../src/daemon/geo-file.ts";
import { createGeoLoader, type GeoLoader } from "../../../src/daemon/geo-loader.ts";
import { formatPlace } from "../../../src/geo/client.ts";
import { placeOfNetwork } from "../../../src/geo/database.ts";
import { networkOf } from "../../../src/geo/network.ts";
import { writeMmdb } from "../../support/mmdb.ts";
import { typescriptThread } from "../../support/threads.ts";

const NETWORK = networkOf(Uint8Array.of(192, 0, 2, 0), 24);
const ENTRY = typescriptThread(new URL("../../../src/daemon/geo-thread-entry.ts", import.meta.url));
const MISSING = new URL("./no-such-program.js", import.meta.url);

/** A thread that says that it has begun, and then does this. */
function threadThat(doing: string): URL {
  const program = `import { parentPort } from "node:worker_threads"; parentPort.postMessage("begun"); ${doing}`;
  return new URL(`data:text/javascript,${encodeURIComponent(program)}`);
}

describe("createGeoLoader()", function () {
  this.timeout(60_000);
  let home = "";
  let loader: GeoLoader | undefined;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "fairlead-geo-"));
    writeFileSync(file(), writeMmdb([{ network: NETWORK, record: { country_code: "JP" } }]));
  });
  afterEach(async () => {
    await loader?.stop();
    loader = undefined;
    rmSync(home, { recursive: true });
  });

  const file = (): string => join(home, "geo.mmdb");
  const placeIn = (found: GeoReading): string | undefined => {
    if (!found.ok) return found.reason;
    if ("unchanged" in found) return "unchanged";
    return formatPlace(placeOfNetwork(found.database, NETWORK));
  };

  for (const [what, entry] of [
    ["on a thread", ENTRY],
    ["itself where no thread can be had", MISSING],
  ] as const) {
    it(`reads a file ${what}`, async () => {
      loader = createGeoLoader(entry);
      const found = await loader.load(file());
      expect(placeIn(found)).to.equal("JP");
      if (!found.ok || "unchanged" in found) throw new Error("it was read");
      expect(found.database.words.buffer).to.be.instanceOf(SharedArrayBuffer);
      expect(placeIn(await loader.load(file(), found.digest))).to.equal("unchanged");
      writeFileSync(file(), "none");
      expect(placeIn(await loader.load(file(), found.digest))).to.match(/is no geo database/);
      expect(placeIn(await loader.load(join(home, "absent")))).to.match(/absent/);
    });
  }

  it("refuses a file that a thread dies of", async () => {
    loader = createGeoLoader(threadThat("throw new Error('it is too much');"));
    expect(placeIn(await loader.load(file()))).to.match(/was not read: the thread .* died: it is too much/);
  });

  it("ends with the node, whatever it is at", async () => {
    loader = createGeoLoader(threadThat("for (;;);"));
    const reading = loader.load(file());
    await loader.stop();
    expect(placeIn(await reading)).to.match(/the node is stopping/);
    expect(placeIn(await loader.load(file()))).to.match(/the node is stopping/);
  });
});
