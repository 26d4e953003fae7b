/**
 * The admin plane: metrics, health, status, explanations and reload over HTTP on `--admin`. It reads the node through
 * `AdminSource` and holds nothing; the answer path neither knows of it nor waits for it.
 */

import { isIPv6 } from "node:net";
import { type AdminLog, createApp } from "./http/app.ts";
import { addResources } from "./http/resources.ts";
import type { AdminSource } from "./source.ts";

export type { AdminLog } from "./http/app.ts";

export interface AdminOptions {
  /** An IPv4 or IPv6 address. */
  readonly address: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly source: AdminSource;
  readonly log: AdminLog;
  /** That of `--admin-token-file`; without one only loopback may change state. */
  readonly token?: string | undefined;
}

export interface AdminHandle {
  readonly address: string;
  readonly port: number;
  /** Takes no new connection, ends the responses under way, and is gone after `deadlineMs` at the latest. */
  stop(deadlineMs: number): Promise<void>;
}

/** Rejects with the system's error where the address cannot be bound. */
export async function startAdmin({ address, port, source, log, token }: AdminOptions): Promise<AdminHandle> {
  const app = createApp({ token, log });
  addResources(app, source);
  await app.listen({ host: address, port, ipv6Only: isIPv6(address) });
  const bound = app.server.address();
  return {
    address,
    port: typeof bound === "object" && bound !== null ? bound.port : port,
    async stop(deadlineMs) {
      const deadline = setTimeout(() => app.server.closeAllConnections(), deadlineMs);
      try {
        await app.close();
      } finally {
        clearTimeout(deadline);
      }
    },
  };
}
