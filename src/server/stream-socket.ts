/**
 * A socket that listens for connections, opened through the C library so that it belongs to the process and not to an
 * event loop: the thread that accepts from it may die and another one take its place, while those who connect meanwhile
 * wait in its backlog, and nobody needs the privilege any more that its port may have taken.
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
  SOCK_CLOEXEC,
  SOL_SOCKET,
  setOption,
} from "./socket-calls.ts";
import { LISTEN_BACKLOG } from "./stream-limits.ts";

const SOCK_STREAM = 1;
const SO_REUSEADDR = 2;
const IPPROTO_TCP = 6;
const TCP_FASTOPEN = 23;
/** Of connections whose first octets come ahead of the handshake's end (RFC 7413); RFC 7766 §6.2.1 recommends it. */
const FAST_OPEN_BACKLOG = 256;
const F_DUPFD_CLOEXEC = 1_030;
const EINVAL = 22;

export interface StreamSocket {
  readonly fd: number;
  readonly port: number;
}

/** Opens, binds and listens. Throws the system's error. */
export function openStreamSocket(libc: Libc, address: string, port: number): StreamSocket {
  const parsed = createClientAddress();
  if (!setClientAddress(parsed, address)) throw systemError(EINVAL, "bind");
  const isIpv6 = parsed.length === 16;
  const fd = libc.socket(isIpv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw systemError(libc.errno(), "socket");
  try {
    if (isIpv6) mustSetOption(libc, fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    // What is left of connections that were closed does not keep a new process from its port.
    mustSetOption(libc, fd, SOL_SOCKET, SO_REUSEADDR, 1);
    bindTo(libc, fd, parsed.octets.subarray(0, parsed.length), port);
    setOption(libc, fd, IPPROTO_TCP, TCP_FASTOPEN, FAST_OPEN_BACKLOG);
    if (libc.listen(fd, LISTEN_BACKLOG) !== 0) throw systemError(libc.errno(), "listen");
    return { fd, port: boundPort(libc, fd) };
  } catch (error) {
    libc.close(fd);
    throw error;
  }
}

/** The same socket under a number of its own, which its owner closes. Throws the system's error. */
export function duplicateSocket(libc: Libc, fd: number): number {
  const duplicate = libc.fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (duplicate < 0) throw systemError(libc.errno(), "fcntl");
  return duplicate;
}
