/** Addresses that the demo takes, and whether they are free. */

import { createSocket } from "node:dgram";
import { createServer } from "node:net";

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Reads `127.0.0.1:5300` or `[::1]:5300`; throws where it is neither. */
export function parseHostPort(text: string): HostPort {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) {
    throw new Error(`Cannot parse address '${text}': expected ADDR:PORT, as in 127.0.0.1:5300 or [::1]:5300`);
  }
  return { host, port };
}

export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Node's code for why the address cannot be had (`EADDRINUSE`, `EACCES`, …), or `undefined` where it can. */
export function tcpComplaint({ host, port }: HostPort): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

/** As `tcpComplaint`, for UDP. */
export function udpComplaint({ host, port }: HostPort): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    socket.once("error", (error: NodeJS.ErrnoException) => {
      socket.close();
      resolve(error.code ?? error.message);
    });
    socket.bind(port, host, () => socket.close(() => resolve(undefined)));
  });
}
