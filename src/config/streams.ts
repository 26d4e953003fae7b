/**
 * How queries come over connections: the settings `tcp`, `tls`, `https` and `proxy-protocol`. Limits have the names that
 * the metrics count them by; what is not set is left to `server/stream-limits`.
 */

import { z } from "zod";
import type { NetworkText } from "./network.ts";
import type { SocketAddress } from "./socket-address.ts";
import { count, duration, listOf, network, path, socketAddress } from "./values.ts";

/** What is set; the rest is as it is by default. */
export interface TcpOptions {
  readonly connections?: number | undefined;
  readonly "connections-per-client"?: number | undefined;
  readonly "in-flight"?: number | undefined;
  /** Octets. */
  readonly "write-backlog"?: number | undefined;
  /** Milliseconds, these. */
  readonly "idle-timeout"?: number | undefined;
  readonly "message-timeout"?: number | undefined;
  readonly "write-timeout"?: number | undefined;
  readonly "handshake-timeout"?: number | undefined;
}

export interface StreamOptions {
  readonly tcp: TcpOptions;
  /** DNS over TLS. */
  readonly listenTls: readonly SocketAddress[];
  /** DNS over HTTPS. */
  readonly listenHttps: readonly SocketAddress[];
  /** Of a URL, below which DNS over HTTPS is found; `undefined`: the one that everybody has. */
  readonly httpsPath: string | undefined;
  /** Where the node's certificate and its key are; there wherever TLS or HTTPS is listened for. */
  readonly identity: { readonly certificate: string; readonly key: string } | undefined;
  /** Load balancers that say whom they speak for. */
  readonly proxyNetworks: readonly NetworkText[];
}

const MAX_CONNECTIONS = 1_000_000;
const MAX_BACKLOG_OCTETS = 1 << 30;
/** More makes no client faster, and costs memory for each. */
const MAX_IN_FLIGHT = 10_000;

export const tcpSchema = z
  .strictObject({
    connections: count("connections", 1, MAX_CONNECTIONS),
    "connections-per-client": count("connections", 1, MAX_CONNECTIONS),
    "in-flight": count("answers", 1, MAX_IN_FLIGHT),
    "write-backlog": count("octets", 1, MAX_BACKLOG_OCTETS),
    "idle-timeout": duration,
    "message-timeout": duration,
    "write-timeout": duration,
    "handshake-timeout": duration,
  })
  .partial();

export const tlsSchema = z
  .strictObject({ listen: listOf(socketAddress), certificate: path, key: path })
  .partial();

export const httpsSchema = z
  .strictObject({
    listen: listOf(socketAddress),
    path: z.string().regex(/^\/[!$&-;=@-Z_a-z~-]*$/, "is not the path of a URL, as in /dns-query"),
  })
  .partial();

export const proxyProtocolSchema = z.strictObject({ networks: listOf(network) });

/** What all sources together say of it. */
interface StreamSettings {
  readonly tcp?: z.output<typeof tcpSchema> | undefined;
  readonly tls?: z.output<typeof tlsSchema> | undefined;
  readonly https?: z.output<typeof httpsSchema> | undefined;
  readonly "proxy-protocol"?: z.output<typeof proxyProtocolSchema> | undefined;
}

export type StreamResult =
  | { readonly ok: true; readonly streams: StreamOptions }
  /** What is wrong with which flag or part, though each by itself is right. */
  | { readonly ok: false; readonly flag: string; readonly message: string };

export function resolveStreams({ tcp = {}, tls = {}, https = {}, ...others }: StreamSettings): StreamResult {
  const { certificate, key, listen: listenTls = [] } = tls;
  const { listen: listenHttps = [], path: httpsPath } = https;
  const needing = listenTls.length > 0 ? "listen-tls" : "listen-https";
  const needed = listenTls.length > 0 || listenHttps.length > 0;
  if (certificate === undefined || key === undefined) {
    const missing = certificate === undefined ? "tls-certificate" : "tls-key";
    if (needed) return { ok: false, flag: `--${missing}`, message: `is missing, and --${needing} needs it` };
    const given = certificate ?? key;
    if (given !== undefined) {
      const other = certificate === undefined ? "key" : "certificate";
      return { ok: false, flag: `--tls-${other}`, message: `stands alone: --${missing} is missing` };
    }
  } else if (!needed) {
    const message = "stands alone: neither --listen-tls nor --listen-https is there";
    return { ok: false, flag: "--tls-certificate", message };
  }
  if (httpsPath !== undefined && listenHttps.length === 0) {
    return { ok: false, flag: "https.path", message: "stands alone: --listen-https is missing" };
  }
  const identity = certificate === undefined || key === undefined ? undefined : { certificate, key };
  const proxyNetworks = others["proxy-protocol"]?.networks ?? [];
  return { ok: true, streams: { tcp, listenTls, listenHttps, httpsPath, identity, proxyNetworks } };
}
