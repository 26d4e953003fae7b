import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import pino from "pino";
import { loadGeoFile } from "../../../src/daemon/geo-file.ts";
import { type GeoKeeping, openGeoKeeping } from "../../../src/daemon/geo-keeping.ts";
import type { GeoLoader } from "../../../src/daemon/geo-loader.ts";
import { formatPlace } from "../../../src/geo/client.ts";
import { networkOf } from "../../../src/geo/network.ts";
import { writeMmdb } from "../../support/mmdb.ts";

const NETWORK = networkOf(Uint8Array.of(192, 0, 2, 0), 24);

/** Without a thread. */
const DIRECT: GeoLoader = {
  load: (path, knownDigest) => Promise.resolve(loadGeoFile(path, knownDigest)),
  stop: () => Promise.resolve(),
};

describe("openGeoKeeping()", () => {
  let home = "";
  let logged: string[] = [];
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "fairlead-geo-"));
    logged = [];
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const log = pino({}, { write: (line: string) => void logged.push(line) });
  const file = (): string => join(home, "geo.mmdb");
  const write = (country: string): void =>
    writeFileSync(file(), writeMmdb([{ network: NETWORK, record: { country_code: country } }]));
  /** Tells of each reading when it is asked to; the first is told at once. */
  const heldLoader = () => {
    const waiting: (() => void)[] = [];
    let count = 0;
    const loader: GeoLoader = {
      load: (path, knownDigest) =>
        new Promise((resolve) => {
          const tell = (): void => resolve(loadGeoFile(path, knownDigest));
          if (count++ === 0) tell();
          else waiting.push(tell);
        }),
      async stop() {
        for (const tell of waiting.splice(0)) tell();
      },
    };
    return { loader, waiting };
  };
  const open = async (path: string | undefined, loader = DIRECT): Promise<GeoKeeping> => {
    const opened = await openGeoKeeping(path, { now: () => 0, log, loader });
    if (!opened.ok) throw new Error(opened.message);
    return opened.geo;
  };

  it("takes a new file, and keeps what it has where that is none", async () => {
    write("JP");
    const geo = await open(file());
    expect(formatPlace(geo.placeOf(NETWORK))).to.equal("JP");
    const first = geo.database();
    await geo.reload();
    expect(geo.database()).to.equal(first);
    write("DE");
    await geo.reload();
    expect(formatPlace(geo.placeOf(NETWORK))).to.equal("DE");
    const builtAtMs = 1_780_000_000_000;
    expect(geo.read()).to.deep.equal({ builtAtMs, loadSuccess: true });
    const second = geo.database();
    for (const octets of ["", "no such file", writeMmdb([]), writeMmdb([{ network: NETWORK, record: {} }])]) {
      writeFileSync(file(), octets);
      await geo.reload();
      expect(geo.database()).to.equal(second);
      expect(geo.read()).to.deep.equal({ builtAtMs, loadSuccess: false });
    }
    expect(logged.at(-1)).to.contain("refused, the old one stays");
    const told = logged.length;
    await geo.reload();
    expect(logged).to.have.lengthOf(told);
    write("DE");
    await geo.reload();
    expect(geo.database()).to.equal(second);
    expect(geo.read()?.loadSuccess).to.equal(true);
  });

  it("uses the old one while a new one is read, and reads once more for all who ask meanwhile", async () => {
    write("JP");
    const { loader, waiting } = heldLoader();
    const geo = await open(file(), loader);
    const first = geo.reload();
    await Promise.resolve();
    write("DE");
    const others = [geo.reload(), geo.reload()];
    expect(formatPlace(geo.placeOf(NETWORK))).to.equal("JP");
    expect(waiting).to.have.length(1);
    waiting.shift()?.();
    await first;
    expect(formatPlace(geo.placeOf(NETWORK))).to.equal("DE");
    // What was asked for while the first was read sees what has been written by then.
    write("FR");
    expect(waiting).to.have.length(1);
    waiting.shift()?.();
    await Promise.all(others);
    expect(formatPlace(geo.placeOf(NETWORK))).to.equal("FR");
    expect(waiting).to.have.length(0);
  });

  it("takes nothing any more once it is stopped, and says nothing of it", async () => {
    write("JP");
    const { loader } = heldLoader();
    const geo = await open(file(), loader);
    const before = logged.length;
    write("DE");
    const reading = geo.reload();
    await Promise.resolve();
    await geo.stop();
    await reading;
    await geo.reload();
    expect(formatPlace(geo.placeOf(NETWORK))).to.equal("JP");
    expect(logged).to.have.length(before);
  });

  it("does not begin with a file that is none, or that is not there", async () => {
    writeFileSync(file(), "no such file");
    for (const path of [file(), join(home, "absent.mmdb")]) {
      const opened = await openGeoKeeping(path, { now: () => 0, log, loader: DIRECT });
      expect(opened.ok ? "it began" : opened.message).to.match(/^Cannot use the geo database: .*\.mmdb/);
    }
  });

  it("reads the countries that come along when a place is first asked for", async () => {
    const geo = await open(undefined);
    expect(geo.read()).to.equal(undefined);
    expect(formatPlace(geo.placeOf(networkOf(Uint8Array.of(193, 0, 6, 139), 32)))).to.equal("NL");
    expect(geo.read()?.loadSuccess).to.equal(true);
    const first = geo.database();
    await geo.reload();
    expect(geo.database()).to.equal(first);
  });
});
