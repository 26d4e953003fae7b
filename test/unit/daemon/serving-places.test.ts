/** Zones and geo databases that come and go while places are compiled: what is published, and in which order. */

import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { createHealthBook } from "../../../src/daemon/health-book.ts";
import { createServing, type Serving } from "../../../src/daemon/serving.ts";
import type { GeoDatabase } from "../../../src/geo/database.ts";
import { networkOf } from "../../../src/geo/network.ts";
import type { ZoneSet } from "../../../src/zone/model.ts";
import { databaseOf } from "../../support/geo.ts";
import { writeMmdb } from "../../support/mmdb.ts";
import { loadText } from "./loaded-zones.ts";

const POOL = "$POOL p\n  e 192.0.2.1\n$POOL q\n  e 192.0.2.2\n";
const asking = (): ZoneSet => loadText(`${POOL}www 60 POLICY geo ( country:DE=p *=q )\n`);

function databaseWith(country: string): GeoDatabase {
  const network = networkOf(Uint8Array.of(192, 0, 2, 0), 24);
  return databaseOf(writeMmdb([{ network, record: { country_code: country } }]));
}

describe("createServing(), with places", () => {
  const [first, second] = [asking(), asking()];
  const [old, other, third] = ["DE", "FR", "JP"].map(databaseWith);
  const nameOf = new Map<unknown, string>([
    [first, "first"],
    [second, "second"],
    [old, "old"],
    [other, "other"],
    [third, "third"],
    [undefined, "none"],
  ]);
  let geo: GeoDatabase | undefined;
  let published: string[] = [];
  let serving: Serving;
  beforeEach(() => {
    geo = old;
    published = [];
    serving = createServing({
      book: createHealthBook(),
      forcedAt: () => new Map(),
      clock: { now: () => 0, monotonic: () => performance.now() },
      geo: () => geo,
      onPublish({ zones, decisions }) {
        published.push(`${nameOf.get(zones.set)} ${nameOf.get(decisions.places?.geo)}`);
      },
      // oxlint-disable-next-line eslint/require-yield -- there is nothing to tell
      *tell() {
        return undefined;
      },
      onTold: () => undefined,
    });
    serving.install(first);
  });
  afterEach(() => serving.stop());

  it("publishes what is served again with another database, once for all who say so", async () => {
    geo = other;
    await Promise.all([serving.geoChanged(), serving.geoChanged()]);
    await serving.geoChanged();
    expect(published).to.deep.equal(["first old", "first other"]);
  });

  it("publishes nothing where no policy asks for a place", async () => {
    const plain = loadText(`${POOL}www 60 POLICY p\n`);
    nameOf.set(plain, "plain");
    serving.install(plain);
    geo = other;
    await serving.geoChanged();
    expect(published).to.deep.equal(["first old", "plain none"]);
  });

  it("gives up what it compiles for zones that others take the place of", async () => {
    geo = other;
    const changing = serving.geoChanged();
    serving.install(second);
    await changing;
    expect(published).to.deep.equal(["first old", "second other"]);
  });

  it("ends with the latest of the databases that came while it compiled", async () => {
    geo = other;
    const changing = serving.geoChanged();
    geo = third;
    await Promise.all([changing, serving.geoChanged()]);
    expect(published.at(-1)).to.equal("first third");
    expect(published.filter((each) => each === "first third")).to.have.length(1);
  });

  it("publishes zones with the database that they were prepared with, and then with the one since", async () => {
    await serving.prepare(second);
    geo = other;
    await serving.geoChanged();
    serving.install(second);
    await serving.geoChanged();
    expect(published).to.deep.equal(["first old", "first other", "second old", "second other"]);
  });

  it("takes no places that were prepared for other zones", async () => {
    await serving.prepare(second);
    geo = other;
    serving.install(first);
    expect(published).to.deep.equal(["first old", "first other"]);
  });

  it("publishes nothing any more when it was stopped meanwhile", async () => {
    geo = other;
    const changing = serving.geoChanged();
    const preparing = serving.prepare(second);
    serving.stop();
    await Promise.all([changing, preparing]);
    serving.install(second);
    await serving.geoChanged();
    expect(published).to.deep.equal(["first old"]);
  });
});
