/** What every listener needs to start and gives back, whatever its transport. */

import type { Answer, Counters, Image } from "../answer/answer.ts";
import type { ClientNetwork } from "../answer/settings.ts";

/** Something went wrong that an operator should read about; serving goes on. */
export interface ServerFault {
  /**
   * `answer`: an exception of the answer path, which is a bug. `socket`: the system refused something. `worker`: a thread
   * that answers has died or hangs, and another one takes its place.
   */
  readonly kind: "answer" | "socket" | "worker";
  /** `udp 127.0.0.1:5300` */
  readonly listener: string;
  readonly error: Error;
  /** How many more of the same listener's and kind's faults went unreported since the last report. */
  readonly unreported: number;
}

export interface ServerOptions {
  /** An IPv4 or IPv6 address. A reply leaves from the address the query came to, so each one is bound by itself. */
  readonly address: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly answer: Answer;
  /** Asked for every query, so that a new image is served from the next query on. */
  readonly currentImage: () => Image;
  readonly counters: Counters;
  /** Load balancers whose PROXY headers are believed, and asked for; none where nothing is said. */
  readonly proxyNetworks?: readonly ClientNetwork[];
  /** Called at most once a second for each kind of fault. */
  readonly onFault: (fault: ServerFault) => void;
}

/** A listener at work. */
export interface ServerHandle {
  readonly address: string;
  readonly port: number;
  /** Takes no new work, answers what has already arrived, and is gone after `deadlineMs` at the latest. */
  stop(deadlineMs: number): Promise<void>;
}

/** At most one report of a kind in this time, so that a flood of faults does not become a flood of log lines. */
const REPORT_EVERY_MS = 1_000;

/** Reports faults of one listener, sparingly. */
export function createFaultReporter(
  listener: string,
  onFault: (fault: ServerFault) => void,
): (kind: ServerFault["kind"], error: unknown) => void {
  const reported = {
    answer: { atMs: -Infinity, unreported: 0 },
    socket: { atMs: -Infinity, unreported: 0 },
    worker: { atMs: -Infinity, unreported: 0 },
  };
  return (kind, error) => {
    const last = reported[kind];
    const nowMs = performance.now();
    if (nowMs - last.atMs < REPORT_EVERY_MS) {
      last.unreported++;
      return;
    }
    const unreported = last.unreported;
    last.atMs = nowMs;
    last.unreported = 0;
    onFault({
      kind,
      listener,
      error: error instanceof Error ? error : new Error(String(error)),
      unreported,
    });
  };
}

/** Address and port as one writes them: `127.0.0.1:5300`, `[::1]:5300`. */
export function formatListener(transport: string, address: string, port: number): string {
  return `${transport} ${address.includes(":") ? `[${address}]` : address}:${port}`;
}
