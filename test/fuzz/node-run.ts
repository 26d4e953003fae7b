/** A share of packets for each way into a node that has everything switched on, and what became of the node. */

import { TRANSPORT } from "../../src/answer/answer.ts";
import type { UdpTransport } from "../../src/server/udp-servers.ts";
import { residentKib } from "../bench/measure.ts";
import { BALANCER, type EverythingOn, NAMES, startEverythingOn } from "./everything-on.ts";
import { emptyRun, type LaneRun, type LaneWork, runLane, runRawStreams } from "./lane-run.ts";
import {
  DATAGRAM_HEADER,
  type Lane,
  openHttpsLane,
  openStreamLane,
  openUdpLane,
  plainConnection,
  tlsConnection,
} from "./lanes.ts";
import { createMessageSource } from "./message-source.ts";
import { createMutator } from "./mutation.ts";

/** How many packets go which way, of a thousand. */
const SHARES = {
  udp: 480,
  tcp: 400,
  tls: 20,
  https: 20,
  balancedUdp: 30,
  balancedTcp: 20,
  wrongHeader: 10,
  raw: 20,
} as const;
const FRAMES_OF_A_STREAM = 6;

export interface NodeRun extends LaneRun {
  /** By which the node's memory has grown since it was warm. */
  grownMib: number;
  /** Threads that died or hung, a process that ended, errors that it wrote. */
  crashes: number;
}

function emptyNodeRun(): NodeRun {
  return { ...emptyRun(), grownMib: 0, crashes: 0 };
}

export class FuzzedNode {
  readonly #everything: EverythingOn;
  /** What it had when it was warm; from then on it may not grow, however long it goes on. */
  #warmKib: number | undefined;

  private constructor(everything: EverythingOn) {
    this.#everything = everything;
  }

  static async start(udpTransport: UdpTransport): Promise<FuzzedNode> {
    return new FuzzedNode(await startEverythingOn(udpTransport));
  }

  stop(): Promise<void> {
    return this.#everything.stop();
  }

  /** The memory is looked at when half of the first packets have been sent, and at every end. */
  async run(seed: number, packets: number): Promise<NodeRun> {
    const run = emptyNodeRun();
    const { program } = this.#everything.node;
    await this.#round(seed, packets / 2, run);
    this.#warmKib ??= residentKib([program.pid]);
    await this.#round(seed + 1, packets / 2, run);
    run.grownMib = (residentKib([program.pid]) - this.#warmKib) / 1_024;
    await this.#countCrashes(run);
    return run;
  }

  async #round(seed: number, packets: number, run: LaneRun): Promise<void> {
    const { dns } = this.#everything.node;
    const mutator = createMutator(seed);
    const next = createMessageSource(seed, NAMES, () => Math.floor(Date.now() / 1_000));
    const lanes = await this.#openLanes(seed);
    const shareOf = (share: number): number => Math.ceil((packets * share) / 1_000);
    for (const { lane, share, isRaw } of lanes) {
      const work: LaneWork = { lane, seed, next, packets: shareOf(share), isRaw };
      await runLane(work, run);
      lane.close();
    }
    const streams = Math.ceil(shareOf(SHARES.raw) / FRAMES_OF_A_STREAM / 2);
    for (const from of [undefined, BALANCER]) {
      const connect = plainConnection(dns, from);
      const name = from === undefined ? "raw TCP" : "raw TCP of a balancer";
      await runRawStreams({ name, connect, seed, streams, next, mutator }, run);
    }
  }

  async #openLanes(
    seed: number,
  ): Promise<readonly { readonly lane: Lane; readonly share: number; readonly isRaw: boolean }[]> {
    const { node, tlsPort, httpsPort } = this.#everything;
    const { dns } = node;
    const { mutate } = createMutator(seed);
    const balanced = { from: BALANCER, header: () => DATAGRAM_HEADER };
    const lied = { from: BALANCER, header: () => mutate(DATAGRAM_HEADER) };
    const tcp = openStreamLane("TCP", TRANSPORT.tcp, plainConnection(dns));
    const balancedTcp = openStreamLane("TCP of a balancer", TRANSPORT.tcp, plainConnection(dns, BALANCER));
    const lanes = [
      { lane: await openUdpLane("UDP", dns), share: SHARES.udp, isRaw: false },
      {
        lane: await openUdpLane("UDP of a balancer", dns, balanced),
        share: SHARES.balancedUdp,
        isRaw: false,
      },
      {
        lane: await openUdpLane("UDP behind faulty headers", dns, lied),
        share: SHARES.wrongHeader,
        isRaw: true,
      },
      { lane: tcp, share: SHARES.tcp, isRaw: false },
      { lane: balancedTcp, share: SHARES.balancedTcp, isRaw: false },
    ];
    if (tlsPort === undefined || httpsPort === undefined) return lanes;
    const tls = tlsConnection({ ...dns, port: tlsPort });
    const https = await openHttpsLane("HTTPS", { ...dns, port: httpsPort });
    return [
      ...lanes,
      { lane: openStreamLane("TLS", TRANSPORT.tls, tls), share: SHARES.tls, isRaw: false },
      { lane: https, share: SHARES.https, isRaw: false },
    ];
  }

  async #countCrashes(run: NodeRun): Promise<void> {
    const { node, errors } = this.#everything;
    const restarts = (await node.metric("fairlead_dns_worker_restarts_total")) ?? 0;
    const written = errors();
    run.crashes += restarts + written.length + (node.program.isRunning() ? 0 : 1);
    if (run.crashes > 0) run.failures.push(`${restarts} threads were replaced\n${written.join("\n")}`);
  }
}
