/**
 * One TCP client: takes octets as they come, finds the messages in them, writes the answers.
 *
 * ```
 *           octets                 whole message               answer
 *  reading ────────→ input buffer ───────────────→ slot (in place) ───→ socket
 *     ↑                                                                    │
 *     └── resumed when the client has read ←── paused at a limit ←─────────┘
 * ```
 *
 * A client that does not read is not read from either, and is cut off when it has made no progress for a while. What is
 * kept for one client is bounded: the message that is coming in, one read's worth behind it, the write backlog.
 */

import type { Socket } from "node:net";
import { DEFAULT_KEEPALIVE_MS } from "../answer/settings.ts";
import { MAX_TCP_ANSWER_OCTETS } from "../answer/transport.ts";

const LENGTH_OCTETS = 2;

/** From a message's first octet to its last. */
export const MAX_MESSAGE_READ_MS = 10_000;
/** Without the client taking a single octet of what waits for it. */
export const MAX_WRITE_STALL_MS = 5_000;
/** Answers that the client has yet to take, in octets; while there are more its queries wait. */
export const MAX_WRITE_BACKLOG_OCTETS = 256 * 1_024;
/** Answers under way to one client; while there are as many its queries wait. */
export const MAX_ANSWERS_IN_FLIGHT = 128;
/** Where a client's input buffer begins: most queries fit, and most clients send one at a time. */
const FIRST_INPUT_OCTETS = 512;

/** Where a listener's messages are answered, one after the other. */
export function createTcpSlot(): Buffer {
  return Buffer.alloc(LENGTH_OCTETS + MAX_TCP_ANSWER_OCTETS);
}

export interface TcpWork {
  /** A query is copied to octet 2 and answered there. */
  readonly slot: Buffer;
  /** Answers the query of so many octets in the slot: the answer's length, or 0 for none. */
  readonly answer: (length: number) => number;
}

export class TcpConnection {
  /** The client's address, as text. */
  readonly client: string;
  readonly #socket: Socket;
  readonly #work: TcpWork;
  #input = Buffer.alloc(0);
  /** The octets in `#input` that are not yet dealt with: [start, end). */
  #start = 0;
  #end = 0;
  #inFlight = 0;
  #readingDone = false;
  /** When it connected, or was last answered. */
  #usedMs: number;
  #messageBegunMs: number | undefined;
  #writeProgressMs: number | undefined;
  #bytesWritten = 0;

  constructor(socket: Socket, client: string, nowMs: number, work: TcpWork) {
    this.#socket = socket;
    this.client = client;
    this.#usedMs = nowMs;
    this.#work = work;
    socket.on("data", (chunk: Buffer) => {
      this.#append(chunk);
      this.#answerWhatIsWhole();
    });
    socket.on("end", () => this.finish());
    socket.on("drain", () => this.#goOn());
    // A client that vanishes is no fault of ours; `close` follows.
    socket.on("error", () => this.destroy());
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** No more queries: answers what is whole, then says goodbye. */
  finish(): void {
    this.#readingDone = true;
    this.#answerWhatIsWhole();
  }

  isExpired(nowMs: number): boolean {
    if (this.#socket.writableLength > 0 || this.#inFlight > 0) {
      // `bytesWritten` counts what is queued as well, so the difference is what has left.
      const left = this.#socket.bytesWritten - this.#socket.writableLength;
      if (this.#writeProgressMs === undefined || left !== this.#bytesWritten) {
        this.#bytesWritten = left;
        this.#writeProgressMs = nowMs;
      }
      return nowMs - this.#writeProgressMs > MAX_WRITE_STALL_MS;
    }
    this.#writeProgressMs = undefined;
    if (this.#messageBegunMs !== undefined && nowMs - this.#messageBegunMs > MAX_MESSAGE_READ_MS) return true;
    return nowMs - this.#usedMs > DEFAULT_KEEPALIVE_MS;
  }

  #append(chunk: Buffer): void {
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
    }
    const needed = this.#end - this.#start + chunk.length;
    if (this.#end + chunk.length > this.#input.length) {
      const room = Math.max(FIRST_INPUT_OCTETS, needed > this.#input.length ? needed * 2 : needed);
      const grown = room > this.#input.length ? Buffer.alloc(room) : this.#input;
      this.#input.copy(grown, 0, this.#start, this.#end);
      this.#input = grown;
      this.#end -= this.#start;
      this.#start = 0;
    }
    this.#end += chunk.copy(this.#input, this.#end);
  }

  #mayAnswer(): boolean {
    return (
      !this.#socket.destroyed &&
      this.#socket.writable &&
      this.#inFlight < MAX_ANSWERS_IN_FLIGHT &&
      this.#socket.writableLength < MAX_WRITE_BACKLOG_OCTETS
    );
  }

  #answerWhatIsWhole(): void {
    while (this.#mayAnswer() && this.#end - this.#start >= LENGTH_OCTETS) {
      const length = this.#input.readUInt16BE(this.#start);
      if (this.#end - this.#start < LENGTH_OCTETS + length) break;
      const messageAt = this.#start + LENGTH_OCTETS;
      this.#input.copy(this.#work.slot, LENGTH_OCTETS, messageAt, messageAt + length);
      this.#start = messageAt + length;
      this.#messageBegunMs = undefined;
      if (!this.#answerOne(length)) return this.#hangUp();
    }
    if (!this.#mayAnswer()) {
      this.#socket.pause();
      return;
    }
    if (this.#readingDone) return this.#hangUp();
    if (this.#start === this.#end) this.#letInputGo();
    else this.#messageBegunMs ??= performance.now();
  }

  /** False where the message deserves no answer, and its sender no more attention. */
  #answerOne(length: number): boolean {
    const { slot, answer } = this.#work;
    const answered = answer(length);
    if (answered === 0) return false;
    this.#usedMs = performance.now();
    slot.writeUInt16BE(answered, 0);
    this.#inFlight++;
    this.#socket.write(Buffer.from(slot.subarray(0, LENGTH_OCTETS + answered)), () => {
      this.#inFlight--;
      this.#goOn();
    });
    return true;
  }

  /** The client has taken something: reads on where that was waited for. */
  #goOn(): void {
    if (!this.#socket.isPaused() || !this.#mayAnswer()) return;
    this.#socket.resume();
    this.#answerWhatIsWhole();
  }

  /** An idle client costs no input buffer. */
  #letInputGo(): void {
    this.#start = 0;
    this.#end = 0;
    this.#input = Buffer.alloc(0);
  }

  /** Sends what waits, then closes; nothing more is read. */
  #hangUp(): void {
    this.#readingDone = true;
    this.#letInputGo();
    this.#socket.pause();
    this.#socket.end(() => this.#socket.destroy());
  }
}
