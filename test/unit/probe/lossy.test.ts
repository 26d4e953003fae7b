/**
 * Paths with loss: real responders that refuse or ignore a share of the connections, probed one after the other, and
 * what becomes of the verdicts under each rule. Nothing here waits: what is played is the sequence, not the time.
 */

import type { Socket } from "node:net";
import { expect } from "chai";
import { describe, it } from "mocha";
import { initialState, type ProbeState, step } from "../../../src/health/hysteresis.ts";
import { createProbe } from "../../../src/probe/kinds.ts";
import { monitorOf, targetOf } from "./monitors.ts";
import { listen, rawServer } from "./servers.ts";

const PROBES = 60;

/** Which connections are lost: three of each ten, in an order that the seed decides. */
function threeInTen(seed: number): (connection: number) => boolean {
  let state = seed;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 16) % below;
  };
  const lost = new Set<number>();
  for (let block = 0; block * 10 < PROBES; block++) {
    // Places 1, 4 and 7 of the ten, each put off by one at most: never three in a row, and never the very first.
    for (const place of [1, 4, 7]) lost.add(block * 10 + place + next(2));
  }
  return (connection) => lost.has(connection);
}

const everyThird = (connection: number): boolean => connection % 3 === 2;

const never = (): boolean => false;

/** What a responder does with a connection that is lost: `passDeadline` ends the probe as its deadline would. */
type Loss = (socket: Socket, passDeadline: () => void) => void;

const reset: Loss = (socket) => void socket.resetAndDestroy();
const hang: Loss = (_socket, passDeadline) => passDeadline();

/** The states after each probe of a responder that loses connections by `isLost`, in the way given. */
async function observe(fall: string, isLost: (connection: number) => boolean, lose: Loss): Promise<string[]> {
  let connections = 0;
  let deadline = new AbortController();
  const passDeadline = (): void =>
    deadline.abort(new DOMException("the deadline has passed", "TimeoutError"));
  const server = await listen(
    rawServer((socket) => {
      if (isLost(connections++)) lose(socket, passDeadline);
      else socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    }),
  );
  const monitor = monitorOf("http", { fall, rise: "6" });
  const target = targetOf(monitor, "127.0.0.1", server.port);
  const probe = createProbe();
  let state: ProbeState = initialState(0);
  const observed: string[] = [];
  for (let made = 0; made < PROBES; made++) {
    deadline = new AbortController();
    state = step(state, await probe(target, deadline.signal), monitor.thresholds);
    observed.push(state.observed);
  }
  await server.close();
  return observed;
}

describe("a path with 30 % loss", () => {
  const seeded = [1, 2, 3].map((seed) => [`three in ten, seed ${seed}`, threeInTen(seed)] as const);
  const losses = [["every third", everyThird] as const, ...seeded];
  for (const [name, isLost] of losses) {
    it(`is withdrawn with fall=30%/20 where ${name} connection is refused, within 20 probes, and stays so`, async () => {
      const observed = await observe("30%/20", isLost, reset);
      expect(observed.indexOf("down")).to.be.within(5, 20);
      expect(observed.slice(20)).to.deep.equal(Array(PROBES - 20).fill("down"));
    });

    it(`is never withdrawn with fall=3 where ${name} connection is refused`, async () => {
      const observed = await observe("3", isLost, reset);
      // The first verdict after a start counts at once, either way.
      const begun = observed.slice(observed.indexOf("up"));
      expect(begun.length).to.be.above(PROBES - 10);
      expect(begun).to.not.include("down");
    });

    it(`is never withdrawn with fall=40%/20 where ${name} connection is refused`, async () => {
      const observed = await observe("40%/20", isLost, reset);
      expect(observed.slice(observed.indexOf("up"))).to.not.include("down");
    });
  }

  it("is withdrawn as well where what is lost hangs", async () => {
    const observed = await observe("30%/20", everyThird, hang);
    expect(observed.indexOf("down")).to.be.within(5, 20);
    expect(await observe("3", everyThird, hang)).to.not.include("down");
  });

  it("does not take down a path without loss, whatever the rule", async () => {
    for (const fall of ["1", "3", "1%/20", "30%/20"]) {
      expect(await observe(fall, never, reset)).to.deep.equal(Array(PROBES).fill("up"));
    }
  });
});
