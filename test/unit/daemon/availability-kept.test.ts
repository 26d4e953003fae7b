/** A whole node that counts how available its pools and policies are. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { z } from "zod";
import { type Daemon, startDaemon } from "../../../src/daemon/daemon.ts";
import {
  endRegions,
  getText as get,
  PATIENCE_MS,
  partsOf,
  type Region,
  startRegion,
  twoRegions,
  until,
} from "../../support/daemons.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

describe("a node that counts availability", function () {
  this.timeout(3 * PATIENCE_MS);
  const folder = useTemporaryFolders();
  let home: string;
  let near: Region;
  let far: Region;
  let daemons: Daemon[];

  beforeEach(async () => {
    home = folder();
    [near, far] = await Promise.all([startRegion(), startRegion()]);
    daemons = [];
  });
  afterEach(async () => {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
    endRegions(near, far);
  });

  async function start(): Promise<Daemon> {
    const result = await startDaemon(partsOf(home, {}, []));
    if (!result.ok) throw new Error(result.message);
    daemons.push(result.daemon);
    return result.daemon;
  }

  it("counts how available pools and policies were, over a restart too, and says so wherever it is asked", async () => {
    writeFileSync(join(home, "example.com.zone"), twoRegions(near, far));
    near.healthy = false;
    const first = await start();
    // The pool has been down, and known, for a while.
    const ratio = async (daemon: Daemon, labels: string): Promise<string | undefined> =>
      new RegExp(`_availability_ratio\\{${labels},window="1d"\\} (.*)$`, "m").exec(
        await get(daemon, "/metrics"),
      )?.[1];
    await until("the region's availability", async () => (await ratio(first, 'pool="near"')) === "0");
    expect(await ratio(first, 'policy="www.example.com."')).to.equal("1");
    await first.stop();
    near.healthy = true;
    const second = await start();
    await until("the region's recovery", async () => Number(await ratio(second, 'pool="near"')) > 0);
    const status = await get(second, "/api/v1/status");
    const [, known] = /"name":"near","up":.*?"availability":(\{.*?\}\})/.exec(status) ?? [];
    const { ratio: told } = z
      .looseObject({ "30d": z.object({ ratio: z.number(), knownSeconds: z.number() }) })
      .parse(JSON.parse(known ?? ""))["30d"];
    expect(told).to.be.within(0.000_001, 0.999_999);
    await until("the page", async () =>
      /<h2>Pools<\/h2>[^]*1h \d+(\.\d+)?% \(of /.test(await get(second, "/")),
    );
  });
});
