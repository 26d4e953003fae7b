/**
 * What opening a socket through the C library takes, whatever it is for: options, the address, the port. `udp-socket` and
 * `stream-socket` are made of it.
 */

import { type Libc, systemError } from "./libc.ts";

export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_CLOEXEC = 0o2_000_000;
export const SOL_SOCKET = 1;
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 26;
const SOCKADDR_IN_OCTETS = 16;
const SOCKADDR_IN6_OCTETS = 28;

/** What system calls are handed and what they fill. It lives as long as its thread, so no address of it goes stale. */
export const SCRATCH = new Uint8Array(128);
export const scratch = new DataView(SCRATCH.buffer);

export function setOption(libc: Libc, fd: number, level: number, name: number, value: number): boolean {
  scratch.setInt32(0, value, true);
  return libc.setsockopt(fd, level, name, libc.addressOf(SCRATCH), 4) === 0;
}

export function mustSetOption(libc: Libc, fd: number, level: number, name: number, value: number): void {
  if (!setOption(libc, fd, level, name, value)) throw systemError(libc.errno(), "setsockopt");
}

/** `struct sockaddr_in` and `sockaddr_in6`: family, port in network order, (flow,) address, (scope). */
export function bindTo(libc: Libc, fd: number, address: Uint8Array, port: number): void {
  const isIpv6 = address.length === 16;
  SCRATCH.fill(0);
  scratch.setUint16(0, isIpv6 ? AF_INET6 : AF_INET, true);
  scratch.setUint16(2, port, false);
  SCRATCH.set(address, isIpv6 ? 8 : 4);
  const length = isIpv6 ? SOCKADDR_IN6_OCTETS : SOCKADDR_IN_OCTETS;
  if (libc.bind(fd, libc.addressOf(SCRATCH), length) !== 0) throw systemError(libc.errno(), "bind");
}

export function boundPort(libc: Libc, fd: number): number {
  const at = libc.addressOf(SCRATCH);
  scratch.setUint32(SOCKADDR_IN6_OCTETS, SOCKADDR_IN6_OCTETS, true);
  if (libc.getsockname(fd, at, at + SOCKADDR_IN6_OCTETS) !== 0) {
    throw systemError(libc.errno(), "getsockname");
  }
  return scratch.getUint16(2, false);
}
