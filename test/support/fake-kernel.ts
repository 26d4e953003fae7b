/**
 * A kernel for tests of the batch transport: it reads and writes the headers that it is shown as `recvmmsg` and `sendmmsg`
 * do, hands out the datagrams that it is given, and refuses what it is told to refuse. Addresses are its own.
 */

import type { Libc } from "../../src/server/libc.ts";

export interface FakeDatagram {
  readonly octets: Uint8Array;
  readonly port: number;
  readonly address?: readonly number[];
  /** A control message, as it lies in memory. */
  readonly control?: Uint8Array;
}

export interface SentDatagram {
  readonly octets: Uint8Array;
  readonly port: number;
  readonly address: readonly number[];
  readonly control: Uint8Array;
}

/** What the next calls of `sendmmsg` do: how many they take, or the error they end with. */
export type SendOutcome = { readonly takes: number } | { readonly errno: number };

const HEADER_OCTETS = 64;
const REGION_SHIFT = 2 ** 32;
const AF_INET = 2;
const AF_INET6 = 10;

export class FakeKernel {
  readonly arrived: FakeDatagram[] = [];
  readonly sent: SentDatagram[] = [];
  readonly outcomes: SendOutcome[] = [];
  /** The socket was shut down: an empty queue is an end. */
  shutDown = false;
  readonly #regions: Uint8Array[] = [];
  #errno = 0;

  readonly libc: Libc = {
    socket: () => 3,
    setsockopt: () => 0,
    getsockopt: () => 0,
    bind: () => 0,
    getsockname: () => 0,
    listen: () => 0,
    fcntl: () => 0,
    shutdown: () => 0,
    close: () => 0,
    poll: () => 0,
    recvmmsg: (_fd, headers, count) => this.#receive(headers, count),
    sendmmsg: (_fd, headers, count) => this.#send(headers, count),
    sched_setaffinity: () => 0,
    errno: () => this.#errno,
    addressOf: (view) => {
      this.#regions.push(view);
      return this.#regions.length * REGION_SHIFT;
    },
  };

  #at(address: number, length: number): DataView {
    const region = this.#regions[Math.floor(address / REGION_SHIFT) - 1];
    const offset = address % REGION_SHIFT;
    if (region === undefined || offset + length > region.length)
      throw new Error(`bad address ${address.toString(16)} + ${length}`);
    return new DataView(region.buffer, region.byteOffset + offset, length);
  }

  #header(headers: number, index: number) {
    const view = this.#at(headers + index * HEADER_OCTETS, HEADER_OCTETS);
    const pointer = (at: number): number => Number(view.getBigUint64(at, true));
    const iovec = this.#at(pointer(16), 16);
    if (view.getBigUint64(24, true) !== 1n) throw new Error("not one iovec");
    return {
      view,
      name: pointer(0),
      nameRoom: view.getUint32(8, true),
      control: pointer(32),
      controlRoom: pointer(40),
      slot: Number(iovec.getBigUint64(0, true)),
      slotRoom: Number(iovec.getBigUint64(8, true)),
    };
  }

  #receive(headers: number, count: number): number {
    if (this.arrived.length === 0 && !this.shutDown) {
      this.#errno = 11;
      return -1;
    }
    let received = 0;
    while (received < count) {
      const datagram = this.arrived.shift();
      if (datagram === undefined && !this.shutDown) break;
      const { view, name, nameRoom, control, controlRoom, slot, slotRoom } = this.#header(headers, received);
      if (nameRoom < 28 || controlRoom < 40 || slotRoom !== 2_112)
        throw new Error("a header was not made ready");
      const octets = datagram?.octets.subarray(0, slotRoom) ?? new Uint8Array();
      put(this.#at(slot, octets.length), octets);
      const from = datagram === undefined ? new Uint8Array() : nameOf(datagram);
      put(this.#at(name, from.length), from);
      const info = datagram?.control ?? new Uint8Array();
      put(this.#at(control, info.length), info);
      view.setUint32(8, from.length, true);
      view.setBigUint64(40, BigInt(info.length), true);
      view.setUint32(56, octets.length, true);
      received++;
    }
    return received;
  }

  #send(headers: number, count: number): number {
    const outcome = this.outcomes.shift() ?? { takes: count };
    if ("errno" in outcome) {
      this.#errno = outcome.errno;
      return -1;
    }
    const takes = Math.min(count, outcome.takes);
    for (let index = 0; index < takes; index++) {
      const { name, nameRoom, control, controlRoom, slot, slotRoom } = this.#header(headers, index);
      const from = this.#at(name, nameRoom);
      const isIpv6 = from.getUint16(0, true) === AF_INET6;
      const address = copied(from).slice(isIpv6 ? 8 : 4, isIpv6 ? 24 : 8);
      this.sent.push({
        octets: copied(this.#at(slot, slotRoom)),
        port: from.getUint16(2, false),
        address: [...address],
        control: copied(this.#at(control, controlRoom)),
      });
    }
    return takes;
  }
}

function nameOf({ port, address = [127, 0, 0, 1] }: FakeDatagram): Uint8Array {
  const isIpv6 = address.length === 16;
  const name = new Uint8Array(isIpv6 ? 28 : 16);
  const view = new DataView(name.buffer);
  view.setUint16(0, isIpv6 ? AF_INET6 : AF_INET, true);
  view.setUint16(2, port, false);
  name.set(address, isIpv6 ? 8 : 4);
  return name;
}

function put(place: DataView, octets: Uint8Array): void {
  new Uint8Array(place.buffer, place.byteOffset, place.byteLength).set(octets);
}

function copied(place: DataView): Uint8Array {
  return new Uint8Array(place.buffer, place.byteOffset, place.byteLength).slice();
}
