/**
 * One query through the answer path, as every transport does it: the time taken is counted, and an exception, which is
 * a bug, costs its query a SERVFAIL and nothing more.
 */

import type { Transport } from "../answer/answer.ts";
import type { ClientAddress } from "../answer/client-address.ts";
import type { ServerFault, ServerOptions } from "./handle.ts";

const HEADER_OCTETS = 12;
const FLAG_QR = 0x80;
const FLAG_RD = 0x01;
const OPCODE_BITS = 0x78;
const RCODE_SERVFAIL = 2;
const MS_PER_SECOND = 1_000;

/** As `Answer`, with everything that stays the same for a listener left out; never throws. */
export type Answering = (buffer: Uint8Array, offset: number, length: number, client: ClientAddress) => number;

export function createAnswering(
  { answer, currentImage, counters }: Pick<ServerOptions, "answer" | "currentImage" | "counters">,
  transport: Transport,
  report: (kind: ServerFault["kind"], error: unknown) => void,
): Answering {
  return (buffer, offset, length, client) => {
    const startedMs = performance.now();
    // The answer is written over the query, so what a SERVFAIL needs of it is kept.
    const idHigh = buffer[offset] ?? 0;
    const idLow = buffer[offset + 1] ?? 0;
    const flags = buffer[offset + 2] ?? 0;
    try {
      const answered = answer(buffer, offset, length, client, transport, currentImage());
      if (answered > 0) counters.observeResponse((performance.now() - startedMs) / MS_PER_SECOND);
      return answered;
    } catch (error) {
      report("answer", error);
      counters.countDrop("internal-error");
      if (length < HEADER_OCTETS || (flags & FLAG_QR) !== 0) return 0;
      buffer.fill(0, offset, offset + HEADER_OCTETS);
      buffer[offset] = idHigh;
      buffer[offset + 1] = idLow;
      buffer[offset + 2] = FLAG_QR | (flags & (OPCODE_BITS | FLAG_RD));
      buffer[offset + 3] = RCODE_SERVFAIL;
      return HEADER_OCTETS;
    }
  };
}
