/**
 * What happens to connections, counted where it happens and read where the metrics are: 64-bit floats in shared memory,
 * which one thread writes and the main thread sums up. The block outlives the thread, so a thread that takes another
 * one's place counts on.
 */

import { LIMIT_NAMES, type LimitName } from "./stream-limits.ts";

/** The transports that have connections, by their label. */
export const STREAM_TRANSPORTS = ["tcp", "tls", "https"] as const;
export type StreamTransport = (typeof STREAM_TRANSPORTS)[number];

/**
 * Why a connection was closed on its client: a TLS handshake that failed, a PROXY header that is missing or wrong, a
 * message that deserves no answer, HTTP that is none.
 */
const CONNECTION_FAULTS = ["handshake", "proxy-header", "message", "http"] as const;
export type ConnectionFault = (typeof CONNECTION_FAULTS)[number];

/** What DNS over HTTPS answers with. */
const HTTP_STATUSES = [200, 400, 404, 405, 413, 414, 415, 503] as const;
export type HttpStatus = (typeof HTTP_STATUSES)[number];

/** Of one transport: open now, opened, then by limit and by fault. */
const OPEN = 0;
const OPENED = 1;
const LIMITS_AT = 2;
const FAULTS_AT = LIMITS_AT + LIMIT_NAMES.length;
const TRANSPORT_SLOTS = FAULTS_AT + CONNECTION_FAULTS.length;
const STATUSES_AT = STREAM_TRANSPORTS.length * TRANSPORT_SLOTS;
const SLOTS = STATUSES_AT + HTTP_STATUSES.length;

/** What a metric is made of. */
export interface StreamReading<Label extends string> {
  readonly labels: Readonly<Record<Label, string>>;
  readonly value: number;
}

export class StreamCounts {
  /** What another thread makes its own `StreamCounts` of. */
  readonly block: SharedArrayBuffer;
  readonly #counts: Float64Array;

  constructor(block = new SharedArrayBuffer(SLOTS * Float64Array.BYTES_PER_ELEMENT)) {
    this.block = block;
    this.#counts = new Float64Array(block);
  }

  /** Nothing is open: before a thread accepts its first connection, and when one has died with all of its own. */
  forgetOpen(): void {
    for (const transport of STREAM_TRANSPORTS) this.#counts[slotOf(transport, OPEN)] = 0;
  }

  opened(transport: StreamTransport): void {
    this.#add(slotOf(transport, OPEN), 1);
    this.#add(slotOf(transport, OPENED), 1);
  }

  closed(transport: StreamTransport): void {
    this.#add(slotOf(transport, OPEN), -1);
  }

  countLimit(transport: StreamTransport, limit: LimitName): void {
    this.#add(slotOf(transport, LIMITS_AT + LIMIT_NAMES.indexOf(limit)), 1);
  }

  countFault(transport: StreamTransport, fault: ConnectionFault): void {
    this.#add(slotOf(transport, FAULTS_AT + CONNECTION_FAULTS.indexOf(fault)), 1);
  }

  countStatus(status: HttpStatus): void {
    this.#add(STATUSES_AT + HTTP_STATUSES.indexOf(status), 1);
  }

  openNow(): StreamReading<"transport">[] {
    return STREAM_TRANSPORTS.map((transport) => this.#read({ transport }, slotOf(transport, OPEN)));
  }

  openedSoFar(): StreamReading<"transport">[] {
    return STREAM_TRANSPORTS.map((transport) => this.#read({ transport }, slotOf(transport, OPENED)));
  }

  /** Every limit of every transport, those never met as well. */
  limits(): StreamReading<"transport" | "limit">[] {
    return STREAM_TRANSPORTS.flatMap((transport) =>
      LIMIT_NAMES.map((limit, index) =>
        this.#read({ transport, limit }, slotOf(transport, LIMITS_AT + index)),
      ),
    );
  }

  faults(): StreamReading<"transport" | "reason">[] {
    return STREAM_TRANSPORTS.flatMap((transport) =>
      CONNECTION_FAULTS.map((reason, index) =>
        this.#read({ transport, reason }, slotOf(transport, FAULTS_AT + index)),
      ),
    );
  }

  httpResponses(): StreamReading<"code">[] {
    return HTTP_STATUSES.map((status, index) => this.#read({ code: String(status) }, STATUSES_AT + index));
  }

  #add(slot: number, value: number): void {
    this.#counts[slot] = (this.#counts[slot] ?? 0) + value;
  }

  #read<Labels>(labels: Labels, slot: number): { readonly labels: Labels; readonly value: number } {
    return { labels, value: this.#counts[slot] ?? 0 };
  }
}

function slotOf(transport: StreamTransport, slot: number): number {
  return STREAM_TRANSPORTS.indexOf(transport) * TRANSPORT_SLOTS + slot;
}
