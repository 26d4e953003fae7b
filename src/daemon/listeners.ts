/** The sockets that queries come to: UDP and TCP on every listen address, all of them or none. */

import { DEFAULT_LISTEN } from "../config/options.ts";
import { formatSocketAddress, type SocketAddress } from "../config/socket-address.ts";
import type { ServerHandle, ServerOptions } from "../server/handle.ts";
import { startTcp } from "../server/tcp.ts";
import type { UdpServers } from "../server/udp-servers.ts";
import type { Log } from "./log.ts";
import { codeOf } from "./system-error.ts";

export interface Listeners {
  /** What is bound, with the ports that the system chose where 0 was asked for. */
  readonly addresses: readonly SocketAddress[];
  /** Answers what has arrived and is gone after `deadlineMs` at the latest. */
  stop(deadlineMs: number): Promise<void>;
}

export type ListenResult =
  | { readonly ok: true; readonly listeners: Listeners }
  | { readonly ok: false; readonly message: string };

/** How often another port is tried where the system chose one for UDP that is taken for TCP. */
const PORT_ATTEMPTS = 10;

/** `udp` is stopped with the listeners, and where they cannot be started. */
export async function startListeners(
  listen: readonly SocketAddress[],
  udp: UdpServers,
  common: Omit<ServerOptions, "address" | "port">,
  log: Log,
): Promise<ListenResult> {
  const handles: Pick<ServerHandle, "stop">[] = [udp];
  const addresses: SocketAddress[] = [];
  for (const wanted of listen) {
    try {
      const tcp = await bindPair(wanted, udp, common);
      handles.push(tcp);
      addresses.push({ address: wanted.address, port: tcp.port });
    } catch (error) {
      const reason = reasonOf(error, wanted);
      // A machine without IPv6 is to start with what nobody typed.
      if (listen === DEFAULT_LISTEN && isUnavailable(error) && wanted !== listen[0]) {
        log.warn({ listen: formatSocketAddress(wanted) }, `not listening: ${reason}`);
        continue;
      }
      await stopAll(handles, 0);
      return { ok: false, message: `Cannot listen on ${formatSocketAddress(wanted)}: ${reason}` };
    }
  }
  await udp.start();
  return { ok: true, listeners: { addresses, stop: (deadlineMs) => stopAll(handles, deadlineMs) } };
}

/** UDP and TCP on one port; a port of 0 is the system's choice, and both take the same. */
async function bindPair(
  { address, port }: SocketAddress,
  udp: UdpServers,
  common: Omit<ServerOptions, "address" | "port">,
): Promise<ServerHandle> {
  for (let attempt = 1; ; attempt++) {
    const binding = await udp.bind(address, port);
    try {
      return await startTcp({ ...common, address, port: binding.port });
    } catch (error) {
      await binding.close();
      if (port !== 0 || attempt === PORT_ATTEMPTS || codeOf(error) !== "EADDRINUSE") throw error;
    }
  }
}

async function stopAll(handles: readonly Pick<ServerHandle, "stop">[], deadlineMs: number): Promise<void> {
  await Promise.all(handles.map((handle) => handle.stop(deadlineMs)));
}

/** Why an address cannot be bound, in words; also for the admin address. */
export function reasonOf(error: unknown, { port }: SocketAddress): string {
  const code = codeOf(error) ?? "";
  if (code === "EACCES") return `port ${port} needs root or the capability CAP_NET_BIND_SERVICE`;
  return LISTEN_REASONS.get(code) ?? (error instanceof Error ? error.message : String(error));
}

const LISTEN_REASONS: ReadonlyMap<string, string> = new Map([
  ["EADDRINUSE", "another process listens there"],
  ["EADDRNOTAVAIL", "this machine does not have the address"],
  ["EAFNOSUPPORT", "this machine does not have the address family"],
]);

function isUnavailable(error: unknown): boolean {
  return ["EADDRNOTAVAIL", "EAFNOSUPPORT"].includes(codeOf(error) ?? "");
}
