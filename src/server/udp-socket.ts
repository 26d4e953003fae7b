/**
 * A UDP socket of the batch transport, from `socket` to the moment before its first datagram. `udp-workers` opens as many
 * as there are workers on each address; each worker receives from its own, and the kernel spreads the clients over them.
 *
 * Sockets belong to the process and not to a thread: what arrives while a worker is being restarted waits in its socket.
 */

import { createClientAddress, setClientAddress } from "../answer/client-address.ts";
import { type Libc, systemError } from "./libc.ts";
import {
  AF_INET,
  AF_INET6,
  bindTo,
  boundPort,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  mustSetOption,
  SCRATCH,
  SOCK_CLOEXEC,
  SOL_SOCKET,
  scratch,
  setOption,
} from "./socket-calls.ts";
import { RECEIVE_BUFFER_OCTETS } from "./udp-limits.ts";

export interface UdpSocket {
  readonly fd: number;
  readonly port: number;
}

/** What a receiving thread waits at most before it looks whether it is to stop. */
export const RECEIVE_TIMEOUT_MS = 200;
const SEND_BUFFER_OCTETS = 1 << 20;

const SOCK_DGRAM = 2;
const SHUT_RD = 0;

const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_REUSEPORT = 15;
const SO_RCVTIMEO = 20;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
/** Nine 32-bit counters, of which the last is datagrams that found no room. */
const SO_MEMINFO = 55;
const MEMINFO_WORDS = 9;
const MEMINFO_DROPS = 8;

const IPPROTO_IP = 0;
const IP_PKTINFO = 8;
const IP_MTU_DISCOVER = 10;
const IPV6_MTU_DISCOVER = 23;
const IPV6_RECVPKTINFO = 49;
/** Never fragment, and never believe what someone says of the path (answers fit every path that DNS may count on). */
const PMTUDISC_PROBE = 3;

const MS_PER_SECOND = 1_000;
const US_PER_MS = 1_000;

/**
 * Opens and binds. With `shareFirst` the port must be free of others and may be shared with further sockets of ours from
 * then on; with `shareNext` it joins them. Throws the system's error.
 */
export function openUdpSocket(
  libc: Libc,
  address: string,
  port: number,
  share: "shareFirst" | "shareNext",
): UdpSocket {
  const parsed = createClientAddress();
  if (!setClientAddress(parsed, address)) throw systemError(22, "bind");
  const isIpv6 = parsed.length === 16;
  const fd = libc.socket(isIpv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw systemError(libc.errno(), "socket");
  try {
    const octets = parsed.octets.subarray(0, parsed.length);
    const wildcard = octets.every((octet) => octet === 0);
    setOptions(libc, fd, isIpv6, wildcard);
    if (share === "shareNext") mustSetOption(libc, fd, SOL_SOCKET, SO_REUSEPORT, 1);
    bindTo(libc, fd, octets, port);
    // Set after the bind, so that somebody else's socket on this port was a fault, whatever he has set.
    if (share === "shareFirst") mustSetOption(libc, fd, SOL_SOCKET, SO_REUSEPORT, 1);
    return { fd, port: boundPort(libc, fd) };
  } catch (error) {
    libc.close(fd);
    throw error;
  }
}

function setOptions(libc: Libc, fd: number, isIpv6: boolean, wildcard: boolean): void {
  if (isIpv6) {
    mustSetOption(libc, fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    mustSetOption(libc, fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_PROBE);
    if (wildcard) mustSetOption(libc, fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  } else {
    mustSetOption(libc, fd, IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_PROBE);
    if (wildcard) mustSetOption(libc, fd, IPPROTO_IP, IP_PKTINFO, 1);
  }
  // Beyond `net.core.rmem_max` only with a privilege; without it, as much as there is.
  if (!setOption(libc, fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_OCTETS)) {
    setOption(libc, fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_OCTETS);
  }
  if (!setOption(libc, fd, SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER_OCTETS)) {
    setOption(libc, fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER_OCTETS);
  }
  // A thread that blocks without a limit could not be ended. `struct timeval`: seconds, microseconds.
  scratch.setBigInt64(0, BigInt(Math.floor(RECEIVE_TIMEOUT_MS / MS_PER_SECOND)), true);
  scratch.setBigInt64(8, BigInt((RECEIVE_TIMEOUT_MS % MS_PER_SECOND) * US_PER_MS), true);
  if (libc.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, libc.addressOf(SCRATCH), 16) !== 0) {
    throw systemError(libc.errno(), "setsockopt");
  }
}

/** Wakes whoever blocks on it, at once; what has arrived can still be received. */
export function wakeReceiver(libc: Libc, { fd }: UdpSocket): void {
  // An unconnected socket wakes its reader and answers ENOTCONN.
  libc.shutdown(fd, SHUT_RD);
}

export function closeUdpSocket(libc: Libc, { fd }: UdpSocket): void {
  libc.close(fd);
}

/** How many datagrams found no room in the socket's receive buffer, since it was opened; modulo 2^32. */
export function droppedByKernel(libc: Libc, { fd }: UdpSocket): number {
  const at = libc.addressOf(SCRATCH);
  const octets = MEMINFO_WORDS * 4;
  scratch.setUint32(octets, octets, true);
  if (libc.getsockopt(fd, SOL_SOCKET, SO_MEMINFO, at, at + octets) !== 0) return 0;
  return scratch.getUint32(MEMINFO_DROPS * 4, true);
}
