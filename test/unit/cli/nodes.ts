/** Nodes that really serve, started by the command; whatever a test leaves running is killed behind it. */

import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { afterEach } from "mocha";
import { kill, start } from "./fairlead.ts";

export interface Node {
  readonly child: ChildProcess;
  readonly listen: string;
  readonly admin: string;
  /** The next log line that tells of such an event. */
  logged(event: string): Promise<Record<string, unknown>>;
  /** Killed, and gone. */
  kill(): Promise<void>;
}

/** For a test to call: as `startNode`, and killed behind it. */
export function useNodes(): (
  folder: string,
  more?: readonly string[],
  environment?: NodeJS.ProcessEnv,
) => Promise<Node> {
  const running: ChildProcess[] = [];
  afterEach(() => Promise.all(running.splice(0).map(kill)));
  return (folder, more = [], environment = {}) =>
    startNode(folder, more, environment, (child) => running.push(child));
}

/** Serves `zones` of a folder on free ports, with its state beside them; `onStart` learns of the process at once. */
export async function startNode(
  folder: string,
  more: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
  onStart: (child: ChildProcess) => void = () => undefined,
): Promise<Node> {
  const words = ["serve", join(folder, "zones"), "--state", join(folder, "state"), "--workers", "1"];
  const addresses = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
  const child = start([...words, ...addresses, ...more], environment);
  onStart(child);
  if (child.stderr === null) throw new Error("no log");
  const lines: Interface = createInterface({ input: child.stderr });
  const log = lines[Symbol.asyncIterator]();
  const logged = async (event: string): Promise<Record<string, unknown>> => {
    for (let next = await log.next(); next.done !== true; next = await log.next()) {
      const entry: unknown = JSON.parse(next.value);
      if (typeof entry === "object" && entry !== null && "event" in entry && entry.event === event) {
        return { ...entry };
      }
    }
    throw new Error(`it ended without ${event}`);
  };
  const { listen, admin } = await logged("ready");
  const [address = ""] = Array.isArray(listen) ? listen.map(String) : [];
  return { child, listen: address, admin: `http://${String(admin)}`, logged, kill: () => kill(child) };
}
