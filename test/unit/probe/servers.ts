/** Servers on loopback that behave, or do not. */

import { createServer as createTcpServer, type Server, type Socket } from "node:net";

export interface Running {
  readonly port: number;
  close(): Promise<void>;
}

export async function listen(server: Server, host = "127.0.0.1"): Promise<Running> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("a port was expected");
  }
  return {
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) {
          socket.destroy();
        }
      }),
  };
}

/** A server that does with each connection what it is told. */
export function rawServer(onConnection: (socket: Socket) => void): Server {
  return createTcpServer(onConnection);
}
