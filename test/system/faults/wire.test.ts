/**
 * The rows of the fault table that are the network's doing: a black hole, and a path with 30 % loss, over a wire in a network
 * namespace. Of ten connections the wire loses three, whole and never two in a row: so `fall=30%/20` must withdraw, and
 * `fall=3` cannot, unless something else fails as well. Whether it did, the counts say: probes that failed, against
 * connections that the wire lost.
 */

import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { needPeers } from "../../peers.ts";
import { type Fairlead, startFairlead } from "../../support/peers/fairlead.ts";
import { freePort } from "../../support/peers/network.ts";
import { eventually, type Program, startProgram } from "../../support/peers/program.ts";
import { FAR_ADDRESS, NEAR_ADDRESS, startWire, type Wire } from "../../support/peers/wire.ts";
import { fetchEvents, fetchReasons, printTable, type TableRow } from "./table.ts";

const EVERY_MS = 1_000;
const TIMEOUT_MS = 900;
const FALL = 3;
const WINDOW = 20;
const MACHINE_MS = 15_000;
const PATIENCE_MS = 120_000;
const REASON = "connect timed out after 900 ms";

/** Answers on a port of the near end; whatever it is asked. */
const SERVER = `
  const { createServer } = require("node:net");
  const ports = process.argv.slice(1).map(Number);
  for (const port of ports) createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end("HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n"));
  }).listen(port, "${NEAR_ADDRESS}");
`;

interface Ports {
  readonly hole: number;
  readonly ratio: number;
  readonly count: number;
}

function zone({ hole, ratio, count }: Ports): string {
  const pace = `every=${EVERY_MS}ms timeout=${TIMEOUT_MS}ms rise=${WINDOW}`;
  const pool = (name: string, port: number, fall: string): string => `
$MONITOR ${name} http port=${port} ${pace} fall=${fall}
$POOL ${name} monitor=${name}
    e  ${FAR_ADDRESS}
${name} 1 POLICY failover ( ${name} spare )`;
  return `$TTL 60
@    SOA  ns1 hostmaster 1 1h 10m 2w 1
@    NS   ns1
ns1  A    127.0.0.1
$POOL spare monitor=none
    e  192.0.2.80
${pool("hole", hole, String(FALL))}
${pool("ratio", ratio, `30%/${WINDOW}`)}
${pool("count", count, String(FALL))}
`;
}

describe("the fault table, over a wire that loses packets", function () {
  this.timeout(240_000);
  let wire: Wire | undefined;
  let fairlead: Fairlead;
  let server: Program;
  let ports: Ports;
  const table: TableRow[] = [];

  before(async function () {
    needPeers.call(this, "gcc", "ip", "unshare", "nsenter", "curl");
    wire = await startWire((reason) => process.stdout.write(`    no wire on this system: ${reason}\n`));
    if (wire === undefined) {
      this.skip();
      return;
    }
    ports = { hole: await freePort(), ratio: await freePort(), count: await freePort() };
    const [command, ...words] = [...wire.within, process.execPath, "-e", SERVER, "--"];
    server = startProgram(command, [...words, ...Object.values(ports).map(String)]);
    fairlead = await startFairlead({ zones: { "wire.test.zone": zone(ports) }, within: wire.within });
  });

  after(async () => {
    await fairlead?.stop();
    await server?.end();
    await wire?.end();
    printTable(table);
  });

  const failed = async (pool: string): Promise<number> =>
    (await fairlead.metric(
      `fairlead_probes_total{pool="${pool}",endpoint="e",monitor="${pool}",result="fail"}`,
    )) ?? 0;
  const withdrawnAt = async (pool: string, sinceMs: number): Promise<number> => {
    const isIt = ({ to, atMs }: { readonly to: string | null; readonly atMs: number }): boolean =>
      to === "down" && atMs >= sinceMs;
    const find = async () => (await fetchEvents(fairlead, `${pool}/e`)).find(isIt);
    const event = await eventually(find, PATIENCE_MS, fairlead.program.output);
    const says = async () => (await fetchReasons(fairlead)).get(pool)?.reason === REASON || undefined;
    await eventually(says, PATIENCE_MS, fairlead.program.output);
    return event.atMs - sinceMs;
  };

  it("withdraws a black hole and a path with 30 % loss where that is asked for, and never by failures in a row", async () => {
    const isUp = async () => [...(await fetchReasons(fairlead)).values()].every(({ up }) => up) || undefined;
    await eventually(isUp, PATIENCE_MS, fairlead.program.output);
    const failedBefore = await failed("count");
    const beganAtMs = Date.now();
    wire?.cut(ports.hole);
    wire?.lose(ports.ratio);
    wire?.lose(ports.count);

    const holeBoundMs = FALL * EVERY_MS + TIMEOUT_MS;
    const holeMs = await withdrawnAt("hole", beganAtMs);
    expect(holeMs).to.be.at.most(holeBoundMs + MACHINE_MS);
    const lossBoundMs = WINDOW * EVERY_MS + TIMEOUT_MS;
    const lossMs = await withdrawnAt("ratio", beganAtMs);
    expect(lossMs).to.be.at.most(lossBoundMs + MACHINE_MS);

    // As many were lost on the way to the other by now, or soon will be.
    const lostEnough = () => (wire?.lost(ports.count) ?? 0) >= 6 || undefined;
    await eventually(lostEnough, PATIENCE_MS, fairlead.program.output);
    const fell = (await fetchEvents(fairlead, "count/e")).filter(
      ({ to, atMs }) => to === "down" && atMs >= beganAtMs,
    );
    const failures = (await failed("count")) - failedBefore;
    const lost = wire?.lost(ports.count) ?? 0;
    // More failures than losses: the machine was too slow for some of the others, and then three may be in a row.
    if (failures <= lost) expect(fell).to.deep.equal([]);
    else process.stdout.write(`    ${failures} probes failed where ${lost} connections were lost\n`);
    const row = { kind: "http", reason: REASON };
    table.push({ ...row, fault: "black hole", withdrawnMs: holeMs, boundMs: holeBoundMs });
    table.push({ ...row, fault: "30 % loss, fall=30%/20", withdrawnMs: lossMs, boundMs: lossBoundMs });
    if (fell.length === 0)
      table.push({ ...row, fault: "30 % loss, fall=3", withdrawnMs: undefined, boundMs: undefined });
  });
});
