import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import { startDaemon } from "../../../src/daemon/daemon.ts";
import { createHealthBook } from "../../../src/daemon/health-book.ts";
import { createStatus } from "../../../src/daemon/readiness.ts";
import { PATIENCE_MS, partsOf, until } from "../../support/daemons.ts";
import { loadText, ZONE_HEAD } from "./loaded-zones.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

describe("createStatus()", () => {
  it("createStatus() says all that it waits for, and nothing else, until it stops", () => {
    let hasImage = false;
    let progress = { endpoints: 0, waiting: 0 };
    const status = createStatus(
      () => hasImage,
      () => progress,
    );
    const reasons = (): readonly string[] => {
      const { ready, reasons: told } = status.readiness();
      expect(ready).to.equal(told.length === 0);
      return told;
    };
    const [image, listeners] = ["there is no image yet", "the listeners are not open"];
    expect(reasons()).to.deep.equal([
      "the overrides are not replayed",
      "waiting for the first probes",
      image,
      listeners,
    ]);
    status.overridesReplayed();
    progress = { endpoints: 12, waiting: 3 };
    expect(reasons()).to.deep.equal(["waiting for the first probes: 3 of 12 endpoints", image, listeners]);
    status.firstRoundIn();
    hasImage = true;
    expect(reasons()).to.deep.equal([listeners]);
    status.listening();
    expect(reasons()).to.deep.equal([]);
    status.stopping();
    expect(reasons()).to.deep.equal(["stopping"]);
  });
});

describe("createHealthBook()", () => {
  it("firstRound() counts endpoints until each of their probes has ended once, over a reload too", () => {
    const zone = (more = "") => `$MONITOR one tcp port=80
$MONITOR two tcp port=81
$POOL near monitor=one,two
  a 192.0.2.1
  b 192.0.2.2 monitor=one
$POOL none monitor=none
  n 192.0.2.9
${more}www POLICY failover ( near none )
`;
    const book = createHealthBook();
    expect(book.firstRound()).to.deep.equal({ endpoints: 0, waiting: 0 });
    book.use(loadText(zone()), 0);
    expect(book.firstRound()).to.deep.equal({ endpoints: 2, waiting: 2 });
    const waiting = book.targets().map((target) => {
      book.record(target.key, { ok: true, reason: "", elapsedMs: 1, atMs: 1 });
      return book.firstRound().waiting;
    });
    expect(waiting).to.have.members([2, 1, 0].slice(-waiting.length));
    book.use(loadText(zone("$POOL far monitor=two\n  f 198.51.100.1\n")), 0);
    expect(book.firstRound()).to.deep.equal({ endpoints: 3, waiting: 1 });
  });
});

describe("/readyz", function () {
  this.timeout(3 * PATIENCE_MS);
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  const folder = useTemporaryFolders();

  async function listening(server: Server): Promise<number> {
    servers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  it("/readyz says for how many endpoints the first probes are waited for, while they are", async () => {
    const home = folder();
    // Takes connections and says nothing.
    const silent = createServer((socket) => void socket.on("error", () => undefined).resume());
    const port = await listening(silent);
    const taken = createServer();
    const adminPort = await listening(taken);
    await new Promise((resolve) => taken.close(resolve));
    writeFileSync(
      join(home, "example.com.zone"),
      `${ZONE_HEAD}
$MONITOR slow http port=${port} every=60s timeout=50s
$MONITOR quick tcp port=${port} every=60s timeout=50s
$POOL near monitor=slow
  n 127.0.0.1
$POOL far monitor=quick
  f 127.0.0.1
  g 127.0.0.1
www 5 POLICY failover ( near far )
`,
    );
    const starting = startDaemon(partsOf(home, { admin: { address: "127.0.0.1", port: adminPort } }, []));
    let told = "";
    try {
      await until("what it waits for", async () => {
        const response = await fetch(`http://127.0.0.1:${adminPort}/readyz`).catch(() => undefined);
        told = response === undefined ? "" : `${response.status} ${await response.text()}`;
        return told.includes("1 of 3");
      });
      expect(told).to.match(
        /^503 \{"ready":false,"reasons":\["waiting for the first probes: 1 of 3 endpoints",/,
      );
    } finally {
      const result = await starting;
      if (result.ok) await result.daemon.stop();
    }
  });
});
