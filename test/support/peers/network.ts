/** Ports and addresses for tests: loopback alone. */

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer } from "node:net";

/**
 * Where free ports are looked for: below those that systems hand out by themselves (32768 and up on Linux, 49152 and up
 * elsewhere), so that nobody who binds port 0 or connects takes one between the look and its use.
 */
const LOWEST_PORT = 10_000;
const PORTS = 22_000;
const TRIES = 200;

/** A port that was free a moment ago on that loopback address, for UDP and TCP. */
export function freePort(address = "127.0.0.1"): Promise<number> {
  return freePorts(1, address);
}

/** The first of so many ports in a row that were. */
export async function freePorts(count: number, address = "127.0.0.1"): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const first = LOWEST_PORT + Math.floor(Math.random() * (PORTS - count));
    const ports = Array.from({ length: count }, (_, index) => first + index);
    const free = await Promise.all(ports.map((port) => isFree(port, address)));
    if (free.every(Boolean)) return first;
  }
  throw new Error("no free ports");
}

export async function isFree(port: number, address = "127.0.0.1"): Promise<boolean> {
  const server = createServer();
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  try {
    server.listen(port, address);
    await once(server, "listening");
    socket.bind(port, address);
    await once(socket, "listening");
    return true;
  } catch {
    return false;
  } finally {
    await Promise.all([closed(server), closed(socket)]);
  }
}

/** Closed, or never open; the port is free from then on. */
function closed(listener: { close(done: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => void listener.close(() => resolve()));
}

/** Whether something accepts TCP connections there; `true` or `undefined`, for `eventually`. */
export async function accepts(address: string, port: number): Promise<true | undefined> {
  const socket = connect(port, address);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}
