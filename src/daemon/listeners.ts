/** The sockets that queries come to: UDP and TCP on every listen address, TLS and HTTPS on theirs; all or none. */

import { DEFAULT_LISTEN, type ServeOptions } from "../config/options.ts";
import { formatSocketAddress, type SocketAddress } from "../config/socket-address.ts";
import type { StreamTransport } from "../server/stream-counts.ts";
import type { StreamServers } from "../server/stream-servers.ts";
import type { UdpServers } from "../server/udp-servers.ts";
import type { Log } from "./log.ts";
import { codeOf } from "./system-error.ts";

/** What is bound, with the ports that the system chose where 0 was asked for. */
export interface Listeners {
  /** UDP and TCP. */
  readonly plain: readonly SocketAddress[];
  readonly tls: readonly SocketAddress[];
  readonly https: readonly SocketAddress[];
}

export type ListenResult =
  | { readonly ok: true; readonly listeners: Listeners }
  | { readonly ok: false; readonly message: string };

/** What answers on the sockets. */
export interface Answerers {
  readonly udp: UdpServers;
  readonly streams: StreamServers;
}

/** How often another port is tried where the system chose one for UDP that is taken for TCP. */
const PORT_ATTEMPTS = 10;

/** Resolves once every address is answered on. Whoever made the answerers stops them, also where this fails. */
export async function startListeners(
  { listen, streams: { listenTls, listenHttps } }: ServeOptions,
  answerers: Answerers,
  log: Log,
): Promise<ListenResult> {
  const { udp, streams } = answerers;
  const listeners = {
    plain: new Array<SocketAddress>(),
    tls: new Array<SocketAddress>(),
    https: new Array<SocketAddress>(),
  };
  const bindOne = (transport: StreamTransport) => (wanted: SocketAddress) =>
    streams.bind(transport, wanted.address, wanted.port);
  const kinds = [
    { wanted: listen, bound: listeners.plain, bind: (wanted: SocketAddress) => bindPair(wanted, answerers) },
    { wanted: listenTls, bound: listeners.tls, bind: bindOne("tls") },
    { wanted: listenHttps, bound: listeners.https, bind: bindOne("https") },
  ];
  for (const { wanted, bound, bind } of kinds) {
    for (const each of wanted) {
      try {
        bound.push({ address: each.address, port: (await bind(each)).port });
      } catch (error) {
        const reason = reasonOf(error, each);
        // A machine without IPv6 is to start with what nobody typed.
        if (wanted === DEFAULT_LISTEN && isUnavailable(error) && each !== wanted[0]) {
          log.warn({ listen: formatSocketAddress(each) }, `not listening: ${reason}`);
          continue;
        }
        return { ok: false, message: `Cannot listen on ${formatSocketAddress(each)}: ${reason}` };
      }
    }
  }
  await Promise.all([udp.start(), streams.start()]);
  return { ok: true, listeners };
}

/** UDP and TCP on one port; a port of 0 is the system's choice, and both take the same. */
async function bindPair(
  { address, port }: SocketAddress,
  { udp, streams }: Answerers,
): Promise<{ readonly port: number }> {
  for (let attempt = 1; ; attempt++) {
    const binding = await udp.bind(address, port);
    try {
      return await streams.bind("tcp", address, binding.port);
    } catch (error) {
      await binding.close();
      if (port !== 0 || attempt === PORT_ATTEMPTS || codeOf(error) !== "EADDRINUSE") throw error;
    }
  }
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

/** What the log says of them. */
export function readyLine({ plain, tls, https }: Listeners): Record<string, readonly string[]> {
  return {
    listen: plain.map(formatSocketAddress),
    ...(tls.length === 0 ? {} : { listenTls: tls.map(formatSocketAddress) }),
    ...(https.length === 0 ? {} : { listenHttps: https.map(formatSocketAddress) }),
  };
}
