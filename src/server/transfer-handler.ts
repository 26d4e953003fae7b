/**
 * The seam between a connection and what is answered with more than one message: zone transfers (RFC 5936, RFC 1995),
 * over TCP and over TLS (RFC 9103). Everything else is one message for one message, and goes through the answer path.
 *
 * A connection asks its handler of every query that could be one, and of no other. What the handler returns is written
 * message by message: the next one is asked for when the client has taken enough of those before, so a transfer costs no
 * more memory than the write backlog. Queries that came behind it on the same connection wait until it is over; a
 * client that takes nothing for too long is cut off, and the iterator's `return` is called then.
 */

export interface TransferRequest {
  /** One message, without its length; the handler's own copy. */
  readonly query: Uint8Array;
  /** Who asks, 4 or 16 octets; behind a load balancer that is trusted, whom that one speaks for. */
  readonly client: Uint8Array;
}

/** Whole messages without their lengths, each of at most 65,535 octets, in the order in which they are sent. */
export type TransferMessages = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * The answer, or `undefined` where the query is none of the handler's business, and the answer path's then. What a
 * client is refused is a message as well. An exception is a bug: it is reported and costs the client its connection.
 */
export type TransferHandler = (request: TransferRequest) => TransferMessages | undefined;

/** The same messages; `tell` is shown the first one before it goes out. */
export async function* tellFirst(
  messages: TransferMessages,
  tell: (first: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void> {
  let isFirst = true;
  for await (const message of messages) {
    if (isFirst) tell(message);
    isFirst = false;
    yield message;
  }
}

const HEADER_OCTETS = 12;
const FLAG_QR_AND_OPCODE = 0xf8;
const MAX_LABEL_OCTETS = 63;
const TYPE_IXFR = 251;
const TYPE_AXFR = 252;

/** Whether the message is a query (RFC 1035 §4.1) with one question, for AXFR or IXFR; some 20 ns for most. */
export function asksForTransfer(buffer: Uint8Array, offset: number, length: number): boolean {
  if (length < HEADER_OCTETS || ((buffer[offset + 2] ?? 0) & FLAG_QR_AND_OPCODE) !== 0) return false;
  if (buffer[offset + 4] !== 0 || buffer[offset + 5] !== 1) return false;
  const end = offset + length;
  let at = offset + HEADER_OCTETS;
  for (;;) {
    const label = buffer[at] ?? 0;
    if (at >= end || label > MAX_LABEL_OCTETS) return false;
    at += 1 + label;
    if (label === 0) break;
  }
  if (at + 4 > end || buffer[at] !== 0) return false;
  return buffer[at + 1] === TYPE_AXFR || buffer[at + 1] === TYPE_IXFR;
}
