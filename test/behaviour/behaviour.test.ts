/**
 * Every row of the table against a running Fairlead: over UDP by either of its ways, and over TCP. A row is ideal where
 * it is so on all of them. The last line of the run counts them.
 */

import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { type Fairlead, startFairlead } from "../support/peers/fairlead.ts";
import { PLAIN_FILES } from "../support/sample-zones.ts";
import { framed, UDP_TRANSPORTS } from "../support/servers.ts";
import { UdpAsker, writeTcp } from "./asking.ts";
import { BEHAVIOUR_ROWS } from "./behaviour-rows.ts";
import { type Observation, observe } from "./observation.ts";
import { formatObservation, rankOf } from "./outcome.ts";
import type { Row } from "./rows/row.ts";

const MAX_DATAGRAM_OCTETS = 1_232;

describe("behaviour", () => {
  const servers: Fairlead[] = [];
  const udpAskers: UdpAsker[] = [];
  let ideal = 0;
  let accepted = 0;

  before(async () => {
    for (const udpTransport of UDP_TRANSPORTS) {
      const server = await startFairlead({ zones: PLAIN_FILES, udpTransport });
      servers.push(server);
      udpAskers.push(await UdpAsker.open(server.dns));
    }
  });

  after(async () => {
    for (const asker of udpAskers) asker.close();
    for (const server of servers) await server.stop();
    const failed = BEHAVIOUR_ROWS.length - ideal - accepted;
    process.stdout.write(`behaviour: ${ideal} ideal, ${accepted} accepted, ${failed} failed\n`);
  });

  for (const row of BEHAVIOUR_ROWS) {
    it(`${row.rfc} ${row.input}: ${row.outcomes}`, async () => {
      const observations = await observeRow(row, servers, udpAskers);
      let worst = 0;
      for (const [way, observation] of observations) {
        const rank = rankOf(row.outcomes, observation);
        expect(rank, `${way}: ${formatObservation(observation)}`).to.be.at.least(0);
        worst = Math.max(worst, rank);
      }
      const shown = observations.map(([way, each]) => `${way}: ${formatObservation(each)}`).join("\n");
      if (worst > 0) expect(row.reason, `not ideal, and no reason is given\n${shown}`).to.be.a("string");
      else expect(row.reason, "a reason is given, but the outcome is ideal").to.equal(undefined);
      if (worst > 0) accepted++;
      else ideal++;
    });
  }
});

async function observeRow(
  row: Row,
  servers: readonly Fairlead[],
  udpAskers: readonly UdpAsker[],
): Promise<[way: string, Observation][]> {
  const observations: [string, Observation][] = [];
  for (const [at, { dns }] of servers.entries()) {
    const transport = UDP_TRANSPORTS[at] ?? "";
    if (row.kind === "exchange") {
      observations.push([`beside UDP by ${transport}`, await row.exchange(dns)]);
      continue;
    }
    const { octets, over } = row;
    if (over.includes("udp")) {
      const observation = observe(octets, await udpAskers[at]?.ask(octets));
      observations.push([`UDP by ${transport}`, observation]);
      expectSound(row.octets, observation, MAX_DATAGRAM_OCTETS);
    }
    // TCP is served by the same thread whichever way UDP goes.
    if (over.includes("tcp") && at === 0) {
      const observation = observe(octets, (await writeTcp(dns, framed(octets))).reply);
      observations.push(["TCP", observation]);
      expectSound(row.octets, observation, Infinity);
    }
  }
  return observations;
}

/** What every reply owes, whatever was asked. */
function expectSound(query: Uint8Array, observation: Observation, maxOctets: number): void {
  if (observation.get("result") === "drop") return;
  const opcode = ((query[2] ?? 0) >> 3) & 0x0f;
  const owed = { readable: "1", id: "same", qr: "1", op: String(opcode), ra: "0", z: "0", ad: "0", cd: "0" };
  const seen = Object.fromEntries(Object.keys(owed).map((key) => [key, observation.get(key)]));
  expect(seen).to.deep.equal(owed);
  expect(Number(observation.get("octets"))).to.be.at.most(maxOctets);
  if (observation.get("qd") === "1") expect(observation.get("question")).to.equal("same");
}
