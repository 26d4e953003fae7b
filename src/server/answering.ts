/**
 * One query through the answer path, as every transport does it: an exception, which is a bug, costs its query a SERVFAIL
 * and nothing more.
 */

import type { Answer, CounterWriter, OpenImage, Transport } from "../answer/answer.ts";
import type { ClientAddress } from "../answer/client-address.ts";
import type { ServerFault } from "./handle.ts";

const HEADER_OCTETS = 12;
const FLAG_QR = 0x80;
const FLAG_RD = 0x01;
const OPCODE_BITS = 0x78;
const RCODE_SERVFAIL = 2;
const MS_PER_SECOND = 1_000;

/** As `Answer`, with everything that stays the same for a listener left out; never throws. */
export type Answering = (buffer: Uint8Array, offset: number, length: number, client: ClientAddress) => number;

export interface AnsweringParts {
  readonly answer: Answer;
  /** Asked for every query. */
  readonly currentImage: () => OpenImage;
  readonly counters: CounterWriter;
}

/** One answer in so many is timed: looking at the clock costs as much as a good part of an answer. */
export const TIMED_ONE_IN = 64;

export function createAnswering(
  { answer, currentImage, counters }: AnsweringParts,
  transport: Transport,
  report: (kind: ServerFault["kind"], error: unknown) => void,
): Answering {
  return (buffer, offset, length, client) => {
    // The answer is written over the query, so what a SERVFAIL needs of it is kept.
    const idHigh = buffer[offset] ?? 0;
    const idLow = buffer[offset + 1] ?? 0;
    const flags = buffer[offset + 2] ?? 0;
    try {
      return answer(buffer, offset, length, client, transport, currentImage());
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

/** As above, and now and then observes how long an answer took, the first one among them. */
export function createTimedAnswering(
  parts: AnsweringParts,
  ...rest: [Transport, (kind: ServerFault["kind"], error: unknown) => void]
): Answering {
  const answering = createAnswering(parts, ...rest);
  let untilTimed = 0;
  return (buffer, offset, length, client) => {
    if (untilTimed > 0) {
      untilTimed--;
      return answering(buffer, offset, length, client);
    }
    const startedMs = performance.now();
    const answered = answering(buffer, offset, length, client);
    if (answered > 0) {
      parts.counters.observeResponse((performance.now() - startedMs) / MS_PER_SECOND);
      untilTimed = TIMED_ONE_IN - 1;
    }
    return answered;
  };
}
