/** Ports and addresses for tests: loopback alone. */

import { once } from "node:events";
import { connect, createServer } from "node:net";

/** A TCP port that was free a moment ago on that loopback address. */
export async function freePort(address = "127.0.0.1"): Promise<number> {
  const server = createServer();
  server.listen(0, address);
  await once(server, "listening");
  const bound = server.address();
  server.close();
  await once(server, "close");
  if (bound === null || typeof bound === "string") throw new Error("a TCP server without a port");
  return bound.port;
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
