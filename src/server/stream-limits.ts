/**
 * What one connection, and all of them together, may take (RFC 7766 §6.2.3, §10). Each limit has one name: the operator
 * sets it under `tcp` in the configuration, and `fairlead_dns_connection_limits_total` counts how often it was met.
 *
 * | limit | what happens at it |
 * | --- | --- |
 * | `connections`, `connections-per-client` | the one that has been idle the longest yields to the new one |
 * | `in-flight`, `write-backlog` | the client's further queries wait, unread, until it has taken answers |
 * | `idle-timeout`, `message-timeout`, `write-timeout`, `handshake-timeout` | the connection is closed |
 */

export const LIMIT_NAMES = [
  "connections",
  "connections-per-client",
  "in-flight",
  "write-backlog",
  "idle-timeout",
  "message-timeout",
  "write-timeout",
  "handshake-timeout",
] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

/** The idle timeout is one of the answer path's settings, as clients that ask are told it (RFC 7828). */
export interface StreamLimits {
  /** Open at one time, over all listeners and transports. */
  readonly connections: number;
  /** Of one IPv4 address, or of one IPv6 /64, which is what a single host is handed. */
  readonly connectionsPerClient: number;
  /** Answers of one connection that the system has not yet taken. */
  readonly inFlight: number;
  /** Octets of answers of one connection that the system has not yet taken. */
  readonly writeBacklogOctets: number;
  /** From a message's first octet to its last. */
  readonly messageMs: number;
  /** Without the client taking anything of what waits for it. */
  readonly writeMs: number;
  /** From the connection to the first octet that counts: over the PROXY header and the TLS handshake. */
  readonly handshakeMs: number;
}

export const DEFAULT_STREAM_LIMITS: StreamLimits = {
  connections: 1_000,
  connectionsPerClient: 100,
  inFlight: 128,
  writeBacklogOctets: 256 * 1_024,
  messageMs: 10_000,
  writeMs: 5_000,
  handshakeMs: 5_000,
};

/** Connections that wait to be accepted, on one listener; the system may hold it to less. */
export const LISTEN_BACKLOG = 1_024;
