/** What the driver needs of a server: one file a server beside this one, listed in `all.ts`. */

import type { Program } from "../../support/peers/program.ts";
import type { BenchZone } from "../content.ts";

export const SERVER_NAMES = ["fairlead", "fairlead-dgram", "gdnsd", "nsd", "knot"] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

export interface BenchServer {
  readonly name: ServerName;
  /** In its own words, for the head of the table; `undefined` where it is not installed. */
  version(): Promise<string | undefined>;
  /** Whether it is started with a rate limit where one is asked for. */
  readonly limits: boolean;
  /** Whether it can serve the zone. */
  serves(zone: BenchZone): boolean;
  /**
   * Starts it on one core, with one thread that answers, minimal answers and no log of queries. Resolves once it has
   * been started, which need not mean that it serves already; throws with the server's words where it cannot.
   */
  start(setting: Setting): Promise<RunningServer>;
}

export interface Setting {
  /** An empty folder of its own, removed afterwards. */
  readonly folder: string;
  /** Free on 127.0.0.1. */
  readonly port: number;
  /** Those that it `serves`. */
  readonly zones: readonly BenchZone[];
  /** Stands before the command: `["taskset", "-c", "0"]`. */
  readonly prefix: readonly string[];
  /** Threads that answer, where the server has not one whatever it is told (default 1). */
  readonly workers?: number;
  /** Responses a second to one network, one in two of the others cut short; without it: any. For those that `limit`. */
  readonly rateLimit?: number;
}

export interface RunningServer {
  readonly program: Program;
  /** Resolves once it has loaded what it was given, or throws; then it is still asked every name before it is measured. */
  ready(): Promise<void>;
}

export const ADDRESS = "127.0.0.1";
