/**
 * Datagrams taken from the kernel and handed back to it 32 at a time, answered where they lie. One a thread, made by
 * `udp-worker`; the memory is laid out once and the kernel is shown the same places again and again (64-bit addresses):
 *
 * ```
 *  slots    32 × 2112   a query, then its answer
 *  headers  32 ×   64   struct mmsghdr: name ↓, name length · iovec ↓, 1 · control ↓, control length · flags · length
 *  iovecs   32 ×   16   struct iovec: slot ↑, length
 *  names    32 ×   32   struct sockaddr_in or sockaddr_in6: who asked
 *  controls 32 ×   64   packet info: which of our addresses was asked
 * ```
 *
 * Slots are a buffer of their own, so that no answer, whatever it does, can write over an address that the kernel is
 * shown. The same headers serve both ways: what a query that gets no answer leaves behind is filled by exchanging two
 * headers, so header n does not always belong to slot n. `slotOf` says which.
 */

import type { ClientAddress } from "../answer/client-address.ts";
import { createClientAddress } from "../answer/client-address.ts";
import type { Libc } from "./libc.ts";
import { UDP_SLOT_OCTETS } from "./udp-limits.ts";

export const BATCH_DATAGRAMS = 32;

const HEADER_OCTETS = 64;
const IOVEC_OCTETS = 16;
const NAME_OCTETS = 32;
const CONTROL_OCTETS = 64;
const IOVECS_AT = BATCH_DATAGRAMS * HEADER_OCTETS;
const NAMES_AT = IOVECS_AT + BATCH_DATAGRAMS * IOVEC_OCTETS;
const CONTROLS_AT = NAMES_AT + BATCH_DATAGRAMS * NAME_OCTETS;
const FRAME_OCTETS = CONTROLS_AT + BATCH_DATAGRAMS * CONTROL_OCTETS;

const WORD_OCTETS = 4;
const HEADER_WORDS = HEADER_OCTETS / WORD_OCTETS;
const IOVEC_WORDS = IOVEC_OCTETS / WORD_OCTETS;
/** Of a header, in words. */
const NAME_LENGTH = 2;
const CONTROL_LENGTH = 10;
const DATAGRAM_LENGTH = 14;
/** Of all iovecs, in words: the length of the first. */
const FIRST_IOVEC_LENGTH = IOVECS_AT / WORD_OCTETS + 2;

const SOCKADDR_IN6_OCTETS = 28;
const AF_INET = 2;
const AF_INET6 = 10;
/** One control message (cmsg(3)) with the larger of the two kinds of packet info. */
const CONTROL_ROOM_OCTETS = 40;
/** Of a control message: its level, and its data. */
const CMSG_LEVEL = 8;
const CMSG_DATA = 16;
const IPPROTO_IPV6 = 41;

const MSG_DONTWAIT = 0x40;
const MSG_WAITFORONE = 0x1_0000;
const EINTR = 4;
const EAGAIN = 11;
const ENOBUFS = 105;

/** Answers in place: how long the answer is, or 0 for none. Never throws. */
export type AnswerInPlace = (
  slots: Uint8Array,
  offset: number,
  length: number,
  client: ClientAddress,
) => number;

/** Asks memory for what a batch of queries will need, before any of them is answered. */
export interface BatchLookAhead {
  /** Whether it is worth while at this moment. */
  pays(): boolean;
  /** The first `count` of `offsets` and `lengths` say where queries lie in `slots`. */
  look(slots: Uint8Array, offsets: Int32Array, lengths: Int32Array, count: number): void;
}

export type BatchDrop = "port-zero" | "send-queue-full" | "send-failed";

/** What `receive` returns beside a number of datagrams. */
export const RECEIVED_NOTHING = 0;
export const RECEIVE_FAILED = -1;

export class DatagramBatch {
  readonly #libc: Libc;
  readonly #slots = new Uint8Array(BATCH_DATAGRAMS * UDP_SLOT_OCTETS);
  readonly #frame = new Uint8Array(FRAME_OCTETS);
  readonly #words = new Uint32Array(this.#frame.buffer);
  readonly #slotOf = Int32Array.from({ length: BATCH_DATAGRAMS }, (_, index) => index);
  readonly #headersAt: number;
  readonly #client = createClientAddress();
  readonly #drop: (reason: BatchDrop) => void;
  /** For looking ahead. */
  readonly #offsets = new Int32Array(BATCH_DATAGRAMS);
  readonly #lengths = new Int32Array(BATCH_DATAGRAMS);
  #errno = 0;
  #exhausted = false;

  /** `drop` counts a datagram that gets no answer from us. */
  constructor(libc: Libc, drop: (reason: BatchDrop) => void) {
    this.#libc = libc;
    this.#drop = drop;
    const frameAt = libc.addressOf(this.#frame);
    const slotsAt = libc.addressOf(this.#slots);
    this.#headersAt = frameAt;
    const frame = new DataView(this.#frame.buffer);
    const address = (at: number, value: number): void => frame.setBigUint64(at, BigInt(value), true);
    for (let index = 0; index < BATCH_DATAGRAMS; index++) {
      const header = index * HEADER_OCTETS;
      const iovec = IOVECS_AT + index * IOVEC_OCTETS;
      address(header, frameAt + NAMES_AT + index * NAME_OCTETS);
      address(header + 16, frameAt + iovec);
      address(header + 24, 1);
      address(header + 32, frameAt + CONTROLS_AT + index * CONTROL_OCTETS);
      address(iovec, slotsAt + index * UDP_SLOT_OCTETS);
    }
    this.makeReady(BATCH_DATAGRAMS);
  }

  /** The system's number for why `receive` has failed. */
  get errno(): number {
    return this.#errno;
  }

  /** Whether the last `receive` met the end of a socket that was shut down: nothing more is in it. */
  get exhausted(): boolean {
    return this.#exhausted;
  }

  /** Where datagrams are answered; for tests. */
  get slots(): Uint8Array {
    return this.#slots;
  }

  /** Waits for the first datagram, for as long as the socket's timeout, and takes what is there with it. */
  receive(fd: number): number {
    return this.#received(this.#libc.recvmmsg(fd, this.#headersAt, BATCH_DATAGRAMS, MSG_WAITFORONE, 0));
  }

  /** Takes what is there. */
  receiveNow(fd: number): number {
    return this.#received(this.#libc.recvmmsg(fd, this.#headersAt, BATCH_DATAGRAMS, MSG_DONTWAIT, 0));
  }

  #received(count: number): number {
    this.#exhausted = false;
    if (count >= 0) return count;
    this.#errno = this.#libc.errno();
    return this.#errno === EAGAIN || this.#errno === EINTR ? RECEIVED_NOTHING : RECEIVE_FAILED;
  }

  /**
   * Answers the datagrams that `receive` has returned, and moves those that have an answer to the front: how many there
   * are to send.
   */
  answer(count: number, answerInPlace: AnswerInPlace): number {
    let answers = 0;
    for (let index = 0; index < count; index++) {
      const length = this.#answerOne(index, answerInPlace);
      if (length === 0) continue;
      this.#words[FIRST_IOVEC_LENGTH + this.#slot(index) * IOVEC_WORDS] = length;
      if (answers !== index) this.#exchange(answers, index);
      answers++;
    }
    return answers;
  }

  /** Before `answer`, where several have come. */
  lookAhead(count: number, ahead: BatchLookAhead): void {
    for (let index = 0; index < count; index++) {
      this.#offsets[index] = this.#slot(index) * UDP_SLOT_OCTETS;
      this.#lengths[index] = this.#words[index * HEADER_WORDS + DATAGRAM_LENGTH] ?? 0;
    }
    ahead.look(this.#slots, this.#offsets, this.#lengths, count);
  }

  /** Sends the first `count` answers; what the system refuses is dropped, and the others go on. */
  send(fd: number, count: number): void {
    let sent = 0;
    // Each turn sends or drops at least one, save for an interrupted call that has sent none.
    while (sent < count) {
      const at = this.#headersAt + sent * HEADER_OCTETS;
      const taken = this.#libc.sendmmsg(fd, at, count - sent, MSG_DONTWAIT);
      if (taken > 0) {
        sent += taken;
        continue;
      }
      const errno = this.#libc.errno();
      if (errno === EINTR) continue;
      this.#drop(errno === EAGAIN || errno === ENOBUFS ? "send-queue-full" : "send-failed");
      sent++;
    }
  }

  /** As if these had been received, from clients of either family: answers them, and sends nothing. */
  rehearse(
    datagrams: readonly Uint8Array[],
    answerInPlace: AnswerInPlace,
    ahead: BatchLookAhead | undefined,
  ): void {
    let count = 0;
    for (const datagram of datagrams.slice(0, BATCH_DATAGRAMS)) {
      const slot = this.#slot(count);
      const header = count * HEADER_WORDS;
      const name = NAMES_AT + slot * NAME_OCTETS;
      this.#slots.set(datagram, slot * UDP_SLOT_OCTETS);
      this.#words[header + DATAGRAM_LENGTH] = datagram.length;
      this.#words[header + CONTROL_LENGTH] = 0;
      this.#frame.fill(1, name, name + NAME_OCTETS);
      this.#frame[name] = count % 2 === 0 ? AF_INET : AF_INET6;
      count++;
    }
    if (ahead !== undefined) this.lookAhead(count, ahead);
    this.answer(count, answerInPlace);
    this.makeReady(count);
  }

  /** Shows the kernel whole slots again, after so many datagrams. */
  makeReady(count: number): void {
    const words = this.#words;
    for (let index = 0; index < count; index++) {
      const header = index * HEADER_WORDS;
      words[header + NAME_LENGTH] = SOCKADDR_IN6_OCTETS;
      words[header + CONTROL_LENGTH] = CONTROL_ROOM_OCTETS;
      words[FIRST_IOVEC_LENGTH + this.#slot(index) * IOVEC_WORDS] = UDP_SLOT_OCTETS;
    }
  }

  #slot(index: number): number {
    return this.#slotOf[index] ?? 0;
  }

  #answerOne(index: number, answerInPlace: AnswerInPlace): number {
    const header = index * HEADER_WORDS;
    const slot = this.#slot(index);
    const nameLength = this.#words[header + NAME_LENGTH] ?? 0;
    if (nameLength === 0) {
      // No datagram has no sender: it is the end of what a socket that was shut down still held.
      this.#exhausted = true;
      return 0;
    }
    const name = NAMES_AT + slot * NAME_OCTETS;
    const frame = this.#frame;
    if (frame[name + 2] === 0 && frame[name + 3] === 0) {
      this.#drop("port-zero");
      return 0;
    }
    const client = this.#client;
    const octets = client.octets;
    if (frame[name] === AF_INET6) {
      client.length = 16;
      for (let at = 0; at < 16; at++) octets[at] = frame[name + 8 + at] ?? 0;
    } else {
      client.length = 4;
      octets[0] = frame[name + 4] ?? 0;
      octets[1] = frame[name + 5] ?? 0;
      octets[2] = frame[name + 6] ?? 0;
      octets[3] = frame[name + 7] ?? 0;
    }
    if (this.#words[header + CONTROL_LENGTH] !== 0) this.#leaveByAnyInterface(slot);
    const length = this.#words[header + DATAGRAM_LENGTH] ?? 0;
    return answerInPlace(this.#slots, slot * UDP_SLOT_OCTETS, length, client);
  }

  /**
   * The packet info that came with a query goes out with its answer, so that it leaves from the address that was asked;
   * which interface it leaves by is for the routes to say, as the way back need not be the way here. A link-local address
   * (RFC 4291 §2.5.6) means nothing without its interface.
   */
  #leaveByAnyInterface(slot: number): void {
    const control = CONTROLS_AT + slot * CONTROL_OCTETS;
    const data = control + CMSG_DATA;
    const frame = this.#frame;
    if (frame[control + CMSG_LEVEL] !== IPPROTO_IPV6) {
      // struct in_pktinfo: interface, our address, the header's destination.
      this.#words[data / WORD_OCTETS] = 0;
    } else if (frame[data] !== 0xfe || ((frame[data + 1] ?? 0) & 0xc0) !== 0x80) {
      // struct in6_pktinfo: our address, interface.
      this.#words[(data + 16) / WORD_OCTETS] = 0;
    }
  }

  #exchange(one: number, other: number): void {
    const words = this.#words;
    const first = one * HEADER_WORDS;
    const second = other * HEADER_WORDS;
    for (let word = 0; word < HEADER_WORDS; word++) {
      const kept = words[first + word] ?? 0;
      words[first + word] = words[second + word] ?? 0;
      words[second + word] = kept;
    }
    const slot = this.#slot(one);
    this.#slotOf[one] = this.#slot(other);
    this.#slotOf[other] = slot;
  }
}
