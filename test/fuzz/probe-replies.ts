/**
 * Replies to a probe of the kind `dns`: a server that answers it with the input first, and rightly behind that. Whatever
 * the input is, the probe comes to a verdict of its own, and nothing is thrown past it.
 */

import { probeDns } from "../../src/probe/dns.ts";
import { startLyingServer } from "../bench/lying-server.ts";
import { createAsker } from "../support/answering.ts";
import { join, query } from "../support/packets.ts";
import { sampleImage } from "../support/sample-zones.ts";
import { monitorOf, targetOf } from "../unit/probe/monitors.ts";
import { type Decoder, expectThat } from "./decoder.ts";

/** A verdict takes two datagrams and a socket; without one the whole timeout would pass. */
const VERDICT_LIMIT_MS = 1_000;
const TIMEOUT_MS = 5_000;
const TYPES = ["A", "MX", "SOA", "TXT", "CNAME", "NS", "ANY"] as const;

export interface ProbedServer {
  readonly decoder: Decoder;
  stop(): Promise<void>;
}

export async function startProbedServer(): Promise<ProbedServer> {
  let input: Uint8Array = new Uint8Array(0);
  const server = await startLyingServer((right) => {
    // An identifier that is not the probe's ends the matter at once.
    const lie = input.length < 2 ? input : join(right.subarray(0, 2), input.subarray(2));
    return [Buffer.from(lie), right];
  });
  const monitor = monitorOf("dns", {
    query: "www.example.",
    timeout: `${TIMEOUT_MS}ms`,
    every: "20s",
    receive: "192.0.2.1",
  });
  const target = targetOf(monitor, server.address, server.port);
  return {
    stop: () => server.stop(),
    decoder: {
      name: "reply to a probe",
      limitMs: VERDICT_LIMIT_MS,
      source: ({ chance, pick, mutate }) => {
        const image = sampleImage();
        const { ask } = createAsker(() => image);
        const replyTo = (name: string, type: string): Uint8Array =>
          ask(query(name, type)) ?? new Uint8Array(0);
        return () => {
          const name = chance(0.8)
            ? "www.example."
            : pick(["alias.example.", "big.example.", "here.moved.example."]);
          const reply = replyTo(name, chance(0.6) ? "A" : pick(TYPES));
          return chance(0.1) ? reply : mutate(reply);
        };
      },
      check: async (octets) => {
        input = octets;
        await untilThrown(async () => {
          const { ok, reason } = await probeDns(target, AbortSignal.timeout(TIMEOUT_MS));
          expectThat(ok || !reason.includes("timed out"), reason);
          expectThat(/^[\x20-\x7e]*$/.test(reason.replaceAll("…", "")), JSON.stringify(reason));
        });
      },
    },
  };
}

/** An exception in a callback of a socket is nobody's to catch; here it fails the input that it came with. */
async function untilThrown(work: () => Promise<void>): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      process.setUncaughtExceptionCaptureCallback(reject);
      work().then(resolve, reject);
    });
  } finally {
    process.setUncaughtExceptionCaptureCallback(null);
  }
}
