/** Fuzz that finds nothing has to be known to find what is there. */

import { expect } from "chai";
import { describe, it } from "mocha";
import { TRANSPORT } from "../../src/answer/answer.ts";
import { query } from "../support/packets.ts";
import { type Decoder, runDecoder } from "./decoder.ts";
import { NAMES } from "./everything-on.ts";
import { emptyRun, runLane } from "./lane-run.ts";
import type { Exchange, Lane } from "./lanes.ts";
import { createMessageSource } from "./message-source.ts";

const SEED = 7;

function decoderThat(check: Decoder["check"], limitMs = 1_000): Decoder {
  return {
    name: "it",
    limitMs,
    source:
      ({ octets }) =>
      () =>
        octets(40),
    check,
  };
}

describe("runDecoder()", () => {
  it("tells the smallest input that fails, with its seed", async () => {
    const decoder = decoderThat((input) => {
      const at = input.indexOf(0x80);
      if (at !== -1 && input.length > at + 1) throw new Error("does not like it");
    });
    const [failure = ""] = (await runDecoder(decoder, SEED, 100)).failures;
    expect(failure).to.match(/^it, seed 7, input \d+, made smaller: 8000\nError: does not like it\n/);
  });

  it("takes no input for slow that is so once, and tells one that always is", async () => {
    let checks = 0;
    const once = decoderThat(() => {
      if (++checks === 1) waitMs(3);
    }, 2);
    expect(await runDecoder(once, SEED, 2)).to.deep.equal({ inputs: 2, repeated: 1, failures: [] });
    const always = decoderThat(() => waitMs(0.1), 0.05);
    expect((await runDecoder(always, SEED, 1)).failures[0]).to.match(/\ntakes 0\.\d ms at best$/);
  });
});

function waitMs(ms: number): void {
  for (const endMs = performance.now() + ms; performance.now() < endMs; );
}

describe("runLane()", () => {
  const run = async (reply: (packet: Uint8Array) => readonly Uint8Array[], packet: Uint8Array) => {
    const lane: Lane = {
      name: "pretended",
      transport: TRANSPORT.udp,
      exchange: async (packets): Promise<Exchange> => ({
        replies: new Map(packets.map((each, at) => [at, reply(each)])),
        strangers: [],
        tookMs: 1,
      }),
      close: () => undefined,
    };
    const result = emptyRun();
    await runLane({ lane, seed: SEED, packets: 1, next: () => packet }, result);
    const { unreadable, toResponses, wrong } = result;
    return { unreadable, toResponses, wrong };
  };
  const good = query("a.", "A");
  const answered = (packet: Uint8Array): Uint8Array => packet.with(2, 0x80);
  const cases: readonly [what: string, (packet: Uint8Array) => readonly Uint8Array[], Uint8Array, object][] =
    [
      ["a good reply", (packet) => [answered(packet)], good, { unreadable: 0, toResponses: 0, wrong: 0 }],
      ["no reply", () => [], good, { unreadable: 0, toResponses: 0, wrong: 1 }],
      [
        "two replies",
        (packet) => [answered(packet), answered(packet)],
        good,
        { unreadable: 0, toResponses: 0, wrong: 1 },
      ],
      ["a query for a reply", (packet) => [packet], good, { unreadable: 0, toResponses: 0, wrong: 1 }],
      [
        "half a reply",
        (packet) => [answered(packet).subarray(0, 15)],
        good,
        { unreadable: 1, toResponses: 0, wrong: 0 },
      ],
      [
        "a reply to a response",
        (packet) => [packet],
        answered(good),
        { unreadable: 0, toResponses: 1, wrong: 0 },
      ],
      ["none to a response", () => [], answered(good), { unreadable: 0, toResponses: 0, wrong: 0 }],
    ];
  for (const [what, reply, packet, expected] of cases) {
    it(`counts ${what}`, async () => {
      expect(await run(reply, packet)).to.deep.equal(expected);
    });
  }
});

describe("createMessageSource()", () => {
  it("makes the same packets for the same seed", () => {
    const [one, other] = [1, 2].map(() => {
      const next = createMessageSource(SEED, NAMES, () => 0);
      return Array.from({ length: 500 }, () => Buffer.from(next()).toString("hex"));
    });
    expect(one).to.deep.equal(other);
    expect(new Set(one).size).to.be.above(450);
  });
});
