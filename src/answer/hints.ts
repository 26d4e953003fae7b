/** The addresses that one draw gives to the hints of SVCB and HTTPS records, in drawn order, each once. */

import { IPV4_HINT, IPV6_HINT, PARAM_HEAD_OCTETS, paramAt, paramsAt } from "../dns/rdata/svc-hints.ts";

/** A hint holds no more: an answer with some hundred endpoints would fit into no datagram for addresses nobody tries. */
const MOST_ADDRESSES = 16;
const IPV4_OCTETS = 4;
const IPV6_OCTETS = 16;

/** What hints add to a record's data at most. */
export const MOST_HINT_OCTETS = 2 * PARAM_HEAD_OCTETS + MOST_ADDRESSES * (IPV4_OCTETS + IPV6_OCTETS);

/** Made once for each answer path, cleared for every draw. */
export class Hints {
  readonly #ipv4 = new AddressList(IPV4_OCTETS);
  readonly #ipv6 = new AddressList(IPV6_OCTETS);

  clear(): void {
    this.#ipv4.used = 0;
    this.#ipv6.used = 0;
  }

  /** Adds the address of `length` octets at `at`. */
  add(octets: Uint8Array, at: number, length: number): void {
    if (length === IPV4_OCTETS) this.#ipv4.add(octets, at);
    else if (length === IPV6_OCTETS) this.#ipv6.add(octets, at);
  }

  /**
   * Writes the rdata `octets[from, to)` with the hints to `room`, where its parameters belong, and says how long it is. The
   * rdata has none of its own.
   */
  writeRdata(octets: Uint8Array, from: number, to: number, room: Uint8Array): number {
    const params = paramsAt(octets, from);
    const ipv4At = paramAt(octets, params, to, IPV4_HINT);
    const ipv6At = paramAt(octets, ipv4At, to, IPV6_HINT);
    let at = copy(octets, from, ipv4At, room, 0);
    at = this.#ipv4.writeParam(IPV4_HINT, room, at);
    at = copy(octets, ipv4At, ipv6At, room, at);
    at = this.#ipv6.writeParam(IPV6_HINT, room, at);
    return copy(octets, ipv6At, to, room, at);
  }
}

/** Addresses of one family, side by side. */
class AddressList {
  readonly #size: number;
  readonly #octets: Uint8Array;
  /** Octets that are taken. */
  used = 0;

  constructor(size: number) {
    this.#size = size;
    this.#octets = new Uint8Array(size * MOST_ADDRESSES);
  }

  add(source: Uint8Array, from: number): void {
    const { used } = this;
    if (used === this.#octets.length) return;
    copy(source, from, from + this.#size, this.#octets, used);
    for (let at = 0; at < used; at += this.#size) if (this.#isSame(at, used)) return;
    this.used = used + this.#size;
  }

  #isSame(one: number, other: number): boolean {
    for (let index = 0; index < this.#size; index++) {
      if (this.#octets[one + index] !== this.#octets[other + index]) return false;
    }
    return true;
  }

  /** Nothing where there is no address: a hint may not be empty (RFC 9460 §7.3). */
  writeParam(key: number, room: Uint8Array, at: number): number {
    const { used } = this;
    if (used === 0) return at;
    room[at] = key >>> 8;
    room[at + 1] = key & 0xff;
    room[at + 2] = used >>> 8;
    room[at + 3] = used & 0xff;
    return copy(this.#octets, 0, used, room, at + PARAM_HEAD_OCTETS);
  }
}

/** Says where the copy ends. */
function copy(source: Uint8Array, from: number, to: number, room: Uint8Array, at: number): number {
  for (let index = from; index < to; index++) room[at + index - from] = source[index] ?? 0;
  return at + to - from;
}
