/**
 * One client that speaks DNS over a stream of octets (RFC 1035 §4.2.2, RFC 7766), over TCP or over TLS (RFC 7858): takes
 * octets as they come, finds the messages in them, writes the answers.
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
import { MAX_TCP_ANSWER_OCTETS } from "../answer/transport.ts";
import type { LimitName, StreamLimits } from "./stream-limits.ts";
import { asksForTransfer, type TransferMessages } from "./transfer-handler.ts";

export const LENGTH_OCTETS = 2;
/** Where a client's input buffer begins: most queries fit, and most clients send one at a time. */
const FIRST_INPUT_OCTETS = 512;
/** Answers to queries that came together leave together, as long as they are not more than this. */
const JOINED_OCTETS = 16 * 1_024;

/** Where a thread's messages are answered, one after the other: behind two octets for their length. */
export function createStreamSlot(): Buffer {
  return Buffer.alloc(LENGTH_OCTETS + MAX_TCP_ANSWER_OCTETS);
}

/** What a connection asks of its server. */
export interface MessageWork {
  /** A query is copied to octet 2 and answered there. */
  readonly slot: Buffer;
  readonly limits: StreamLimits;
  /** How long it may be idle; other settings count from the next look on. */
  readonly idleMs: () => number;
  /** Answers the query of so many octets in the slot: the answer's length, or 0 for none. */
  readonly answer: (length: number) => number;
  /** The answer to a query for a zone transfer; `undefined`: the answer path's. */
  readonly transfer: (query: Uint8Array) => TransferMessages | undefined;
  /** It has just been of use. */
  readonly used: () => void;
  readonly countLimit: (limit: LimitName) => void;
  /** A message came that deserves no answer. */
  readonly countFault: () => void;
  /** An exception of a transfer. */
  readonly report: (error: unknown) => void;
}

export class MessageConnection {
  readonly #socket: Socket;
  readonly #work: MessageWork;
  #input = Buffer.alloc(0);
  /** The octets in `#input` that are not yet dealt with: [start, end). */
  #start = 0;
  #end = 0;
  #inFlight = 0;
  /** Not reading until the client has taken something, or its transfer is over. */
  #waiting = false;
  #transferring = false;
  #wakeTransfer: () => void = () => undefined;
  #readingDone = false;
  /** When it connected, or was last answered. */
  #usedMs: number;
  #messageBegunMs: number | undefined;
  /** When the client last took something, or something began to wait for it. */
  #takenMs = 0;

  constructor(socket: Socket, nowMs: number, work: MessageWork) {
    this.#socket = socket;
    this.#usedMs = nowMs;
    this.#work = work;
    socket.on("data", (chunk: Buffer) => {
      this.#append(chunk);
      this.#takeWhatIsWhole();
    });
    socket.on("end", () => this.finish());
    // A client that vanishes is no fault of ours; `close` follows.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#wakeTransfer());
  }

  /** No more queries: answers what is whole, then says goodbye. */
  finish(): void {
    this.#readingDone = true;
    if (!this.#waiting) this.#takeWhatIsWhole();
  }

  expired(nowMs: number): LimitName | undefined {
    const { limits, idleMs } = this.#work;
    if (this.#inFlight > 0) return nowMs - this.#takenMs > limits.writeMs ? "write-timeout" : undefined;
    const begunMs = this.#messageBegunMs;
    if (begunMs !== undefined && nowMs - begunMs > limits.messageMs) return "message-timeout";
    return nowMs - this.#usedMs > idleMs() ? "idle-timeout" : undefined;
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

  /** The limit that the client has to take something for; `undefined`: none. */
  #limitMet(share: number): LimitName | undefined {
    const { inFlight, writeBacklogOctets } = this.#work.limits;
    if (this.#inFlight >= inFlight * share) return "in-flight";
    return this.#socket.writableLength >= writeBacklogOctets * share ? "write-backlog" : undefined;
  }

  #takeWhatIsWhole(): void {
    const socket = this.#socket;
    socket.cork();
    const left = this.#answerWhatIsWhole();
    socket.uncork();
    if (left === "faulty") return this.#hangUp();
    if (left === "waiting") {
      this.#waiting = true;
      socket.pause();
      return;
    }
    if (this.#readingDone) return this.#hangUp();
    if (this.#start === this.#end) this.#letInputGo();
    else this.#messageBegunMs ??= performance.now();
  }

  /**
   * What is left is part of a message at most (`read`), has to wait until the client has taken something or its transfer
   * is over (`waiting`), or stands behind a message that deserves no answer, and its sender no more attention (`faulty`).
   */
  #answerWhatIsWhole(): "read" | "waiting" | "faulty" {
    const socket = this.#socket;
    while (socket.writable && this.#end - this.#start >= LENGTH_OCTETS) {
      const length = this.#input.readUInt16BE(this.#start);
      if (this.#end - this.#start < LENGTH_OCTETS + length) break;
      const limit = this.#limitMet(1);
      if (limit !== undefined) {
        this.#work.countLimit(limit);
        return "waiting";
      }
      const messageAt = this.#start + LENGTH_OCTETS;
      this.#input.copy(this.#work.slot, LENGTH_OCTETS, messageAt, messageAt + length);
      this.#start = messageAt + length;
      this.#messageBegunMs = undefined;
      if (!this.#answerOne(length)) {
        this.#work.countFault();
        return "faulty";
      }
      if (this.#transferring) return "waiting";
      if (socket.writableLength > JOINED_OCTETS) {
        socket.uncork();
        socket.cork();
      }
    }
    return "read";
  }

  #answerOne(length: number): boolean {
    const { slot, answer, transfer } = this.#work;
    if (asksForTransfer(slot, LENGTH_OCTETS, length)) {
      const messages = transfer(Uint8Array.from(slot.subarray(LENGTH_OCTETS, LENGTH_OCTETS + length)));
      if (messages !== undefined) {
        this.#transferring = true;
        void this.#sendAll(messages);
        return true;
      }
    }
    const answered = answer(length);
    if (answered === 0) return false;
    slot.writeUInt16BE(answered, 0);
    this.#write(Buffer.from(slot.subarray(0, LENGTH_OCTETS + answered)));
    return true;
  }

  #write(framed: Buffer): void {
    this.#usedMs = performance.now();
    if (this.#inFlight === 0) this.#takenMs = this.#usedMs;
    this.#inFlight++;
    this.#work.used();
    this.#socket.write(framed, () => {
      this.#inFlight--;
      this.#takenMs = performance.now();
      this.#goOn();
    });
  }

  /** The client has taken something: goes on where that was waited for, and half of what may be under way is free. */
  #goOn(): void {
    if (!this.#waiting || this.#limitMet(1 / 2) !== undefined) return;
    if (this.#transferring) return this.#wakeTransfer();
    this.#waiting = false;
    this.#socket.resume();
    this.#takeWhatIsWhole();
  }

  async #sendAll(messages: TransferMessages): Promise<void> {
    try {
      for await (const message of messages) {
        if (!this.#socket.writable) break;
        const framed = Buffer.alloc(LENGTH_OCTETS + message.length);
        framed.writeUInt16BE(message.length, 0);
        framed.set(message, LENGTH_OCTETS);
        this.#write(framed);
        if (this.#limitMet(1) === undefined) continue;
        await new Promise<void>((resolve) => {
          this.#wakeTransfer = resolve;
        });
      }
    } catch (error) {
      this.#work.report(error);
      this.#socket.destroy();
    }
    this.#transferring = false;
    this.#usedMs = performance.now();
    // Where a transfer ends before it has waited, whoever began it goes on.
    if (this.#waiting) this.#goOn();
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
