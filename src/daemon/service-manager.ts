/**
 * Tells systemd how the service fares (`Type=notify`, sd_notify(3)). The protocol is a datagram on a Unix socket, which
 * Node cannot send; so the `systemd-notify` program says it, where `NOTIFY_SOCKET` is set. The unit needs
 * `NotifyAccess=all`, since the message comes from a child process.
 */

import { execFile } from "node:child_process";
import type { Log } from "./log.ts";

export type ServiceState = "READY=1" | "RELOADING=1" | "STOPPING=1";

export interface ServiceManager {
  /** Messages are sent in the order of the calls. Resolves when it is told, or could not be: never rejects. */
  tell(state: ServiceState, status: string): Promise<void>;
}

const DEADLINE_MS = 2000;

export function createServiceManager(
  environment: Readonly<Record<string, string | undefined>>,
  log: Log,
): ServiceManager {
  if (!environment["NOTIFY_SOCKET"]) return { tell: () => Promise.resolve() };
  let last = Promise.resolve();
  return {
    tell(state, status) {
      const previous = last;
      last = (async () => {
        await previous;
        await send([state, `STATUS=${status}`], environment, log);
      })();
      return last;
    },
  };
}

function send(
  lines: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  log: Log,
): Promise<void> {
  return new Promise((resolve) => {
    execFile("systemd-notify", lines, { env: { ...environment }, timeout: DEADLINE_MS }, (error) => {
      if (error !== null) log.warn({ error: error.message }, "cannot tell the service manager");
      resolve();
    });
  });
}
