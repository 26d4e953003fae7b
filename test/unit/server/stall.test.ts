/** The data plane without the control plane: the main thread stands still, and nobody who asks can tell. */

import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { before, describe, it } from "mocha";
import { loadLibc } from "../../../src/server/libc.ts";
import { LOOK_EVERY_MS, LOOKS_UNTIL_HUNG } from "../../../src/server/worker-watch.ts";
import { query } from "../../support/packets.ts";
import { sampleImage } from "../../support/sample-zones.ts";
import { askUdp, type Listeners, startListeners } from "../../support/servers.ts";

const STALL_MS = 10_000;
const BEFORE_MS = 1_000;
const EVERY_MS = 2;
/** Of the client's time, what the start of its thread may take. */
const LEEWAY_MS = 500;
const QUERY = query("fail.example.", "A");

interface Heard {
  readonly sent: number;
  readonly received: number;
  readonly longestGapMs: number;
}

function lossOf({ sent, received }: Heard): number {
  return 1 - received / sent;
}

describe("workers while the main thread stalls", () => {
  before(async function () {
    if (!(await loadLibc()).ok) this.skip();
  });

  const askSteadily = async (
    { udp: { address, port } }: Listeners,
    reply: Uint8Array,
    forMs: number,
    meanwhile: () => void,
  ): Promise<Heard> => {
    const workerData = { port, address, query: QUERY, reply, everyMs: EVERY_MS, forMs };
    const client = new Worker(new URL("../../support/steady-client.mjs", import.meta.url), { workerData });
    await once(client, "message");
    meanwhile();
    const [heard]: Heard[] = await once(client, "message");
    if (heard === undefined) throw new Error("the client has nothing to tell");
    return heard;
  };

  it(`answer for ${STALL_MS / 1_000} s from the last image, lose no more than before, and are left alone`, async () => {
    let image = sampleImage();
    const listeners = await startListeners(() => image, { udpTransport: "batch", workers: 2 });
    const { udp, udpServers } = listeners;
    const first = await askUdp(udp, QUERY);
    image = sampleImage({ "one/a": "down" }, 2);
    udpServers.publish();
    const reply = await askUdp(udp, QUERY);
    expect([...reply]).not.to.deep.equal([...first]);

    const calm = await askSteadily(listeners, reply, BEFORE_MS, () => undefined);
    const stalled = await askSteadily(listeners, reply, STALL_MS + LEEWAY_MS, () => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STALL_MS);
    });
    expect(stalled.sent).to.be.above(STALL_MS / EVERY_MS / 5);
    expect(lossOf(stalled)).to.be.at.most(lossOf(calm));
    expect(stalled.longestGapMs).to.be.below(STALL_MS / 2);
    // Whoever watches them was gone for longer than a thread that hangs is borne with.
    expect(STALL_MS).to.be.above(LOOK_EVERY_MS * LOOKS_UNTIL_HUNG);
    await setTimeout(2 * LOOK_EVERY_MS);
    expect(udpServers.restarts()).to.equal(0);
    expect(listeners.faults).to.deep.equal([]);
    await listeners.stop();
  });
});
