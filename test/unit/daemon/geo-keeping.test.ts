import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import pino from "pino";
import { type GeoKeeping, openGeoKeeping } from "../../../src/daemon/geo-keeping.ts";
import { formatPlace } from "../../../src/geo/client.ts";
import { networkOf } from "../../../src/geo/network.ts";
import { writeMmdb } from "../../support/mmdb.ts";

const NETWORK = networkOf(Uint8Array.of(192, 0, 2, 0), 24);

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
  const open = (path: string | undefined): GeoKeeping => {
    const opened = openGeoKeeping(path, () => 0, log);
    if (!opened.ok) throw new Error(opened.message);
    return opened.geo;
  };

  it("takes a new file, and keeps what it has where that is none", () => {
    write("JP");
    const geo = open(file());
    expect(formatPlace(geo.placeOf(NETWORK))).to.equal("JP");
    expect(geo.reload()).to.equal(false);
    write("DE");
    expect(geo.reload()).to.equal(true);
    expect(formatPlace(geo.placeOf(NETWORK))).to.equal("DE");
    const builtAtMs = 1_780_000_000_000;
    expect(geo.read()).to.deep.equal({ builtAtMs, loadSuccess: true });
    for (const octets of ["", "no such file", writeMmdb([]), writeMmdb([{ network: NETWORK, record: {} }])]) {
      writeFileSync(file(), octets);
      expect(geo.reload()).to.equal(false);
      expect(formatPlace(geo.placeOf(NETWORK))).to.equal("DE");
      expect(geo.read()).to.deep.equal({ builtAtMs, loadSuccess: false });
    }
    expect(logged.at(-1)).to.contain("refused, the old one stays");
    write("DE");
    expect(geo.reload()).to.equal(false);
    expect(geo.read()?.loadSuccess).to.equal(true);
  });

  it("does not begin with a file that is none, or that is not there", () => {
    writeFileSync(file(), "no such file");
    for (const path of [file(), join(home, "absent.mmdb")]) {
      const opened = openGeoKeeping(path, () => 0, log);
      expect(opened.ok ? "it began" : opened.message).to.match(/^Cannot use the geo database: .*\.mmdb/);
    }
  });

  it("reads the countries that come along when a place is first asked for", () => {
    const geo = open(undefined);
    expect(geo.read()).to.equal(undefined);
    expect(formatPlace(geo.placeOf(networkOf(Uint8Array.of(193, 0, 6, 139), 32)))).to.equal("NL");
    expect(geo.read()?.loadSuccess).to.equal(true);
    expect(geo.reload()).to.equal(false);
  });
});
