/**
 * The fault table: what goes wrong, how long until no answer has it any more, and the reason that operators read. Real
 * servers break all at one moment, behind a node and unbound; loss and a black hole are made in a network namespace.
 * Every row is asserted, and printed.
 */

import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { needPeers } from "../../peers.ts";
import { dig } from "../../support/peers/dig.ts";
import { type Fairlead, startFairlead } from "../../support/peers/fairlead.ts";
import { eventually } from "../../support/peers/program.ts";
import { type Server, startResolver } from "../../support/peers/resolution.ts";
import { type Scene, setScene } from "./scene.ts";
import { fetchEvents, fetchReasons, printTable, type TableRow } from "./table.ts";

const ORIGIN = "faults.test";
const SPARE = "192.0.2.80";
const EVERY_MS = 1_200;
const TIMEOUT_MS = 1_000;
const TIMEOUT_SPELT = "1 s";
const FALL = 2;
const TTL_SECONDS = 1;
/** CONTRACT's bound on detection. */
const BOUND_MS = FALL * EVERY_MS + TIMEOUT_MS;
/** What a busy machine may add: two dozen servers and a node on two cores. */
const MACHINE_MS = 15_000;
const PATIENCE_MS = 60_000;

function zone({ rows }: Scene): string {
  const health = `every=${EVERY_MS}ms timeout=${TIMEOUT_MS}ms fall=${FALL} rise=1`;
  const parts = rows.map(
    ({ kind, address, keys }, at) => `$MONITOR m${at} ${kind} ${health} ${keys}
$POOL p${at} monitor=m${at}
    e  ${address}
r${at} ${TTL_SECONDS} POLICY failover ( p${at} spare )
`,
  );
  return `$TTL 60
@    SOA  ns1 hostmaster 1 1h 10m 2w 1
@    NS   ns1
ns1  A    127.0.0.1
$POOL spare monitor=none
    e  ${SPARE}
${parts.join("")}`;
}

describe("the fault table", function () {
  this.timeout(180_000);
  let scene: Scene;
  let fairlead: Fairlead;
  let resolver: Server;
  const table: TableRow[] = [];

  before(async function () {
    needPeers.call(this, "nginx", "unbound", "openssl", "dig");
    scene = await setScene(TIMEOUT_SPELT);
    fairlead = await startFairlead({ zones: { [`${ORIGIN}.zone`]: zone(scene) } });
    resolver = await startResolver(ORIGIN, fairlead.dns.address, fairlead.dns.port);
  });

  after(async () => {
    await resolver?.stop();
    await fairlead?.stop();
    await scene?.end();
    printTable(table);
  });

  const resolvesTo = async (at: number, address: string): Promise<void> => {
    let last = "";
    await eventually(
      async () => {
        const { answer, text } = await dig(resolver, `r${at}.${ORIGIN}`, "A");
        last = text;
        return answer.length === 1 && answer[0]?.rdata === address ? true : undefined;
      },
      PATIENCE_MS,
      () => `unbound has no ${address} for ${scene.rows[at]?.fault ?? ""}: ${last}`,
    );
  };

  it("withdraws each within its bound, and says why word by word, to resolvers as well", async () => {
    const reasons = () => fetchReasons(fairlead);
    // Where the machine was slow while all of it started, something may have failed: it is well now.
    await eventually(
      async () => {
        const endpoints = await reasons();
        return scene.rows.every((_, at) => endpoints.get(`p${at}`)?.up === true) ? true : undefined;
      },
      PATIENCE_MS,
      () => `not all is well: ${fairlead.program.output().slice(-3000)}`,
    );
    for (const [at, { address }] of scene.rows.entries()) await resolvesTo(at, address);
    const brokenAtMs = Date.now();
    scene.break();
    for (const [at, { fault, kind, reason }] of scene.rows.entries()) {
      const event = await eventually(
        async () =>
          (await fetchEvents(fairlead, `p${at}/e`)).find(
            ({ to, atMs }) => to === "down" && atMs >= brokenAtMs,
          ),
        PATIENCE_MS,
        () => `${fault} (${kind}) is not withdrawn: ${fairlead.program.output().slice(-3000)}`,
      );
      const withdrawnMs = event.atMs - brokenAtMs;
      expect(withdrawnMs, `${fault} (${kind})`).to.be.at.most(BOUND_MS + MACHINE_MS);
      let shown: string | undefined;
      await eventually(
        async () => {
          shown = (await reasons()).get(`p${at}`)?.reason;
          return shown === reason ? true : undefined;
        },
        PATIENCE_MS,
        () => `${fault} (${kind}) says '${shown}', not '${reason}'`,
      );
      table.push({ fault, kind, withdrawnMs, boundMs: BOUND_MS, reason });
    }
    for (const at of scene.rows.keys()) await resolvesTo(at, SPARE);
  });
});
