/** The program of a thread that probes: `probe-thread`, with what `probe-threads` has given it. */

import { parentPort, workerData } from "node:worker_threads";
import { type ProbeThreadData, runProbeThread } from "./probe-thread.ts";

if (parentPort === null) throw new Error("this is the program of a thread");
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what `probe-threads` starts it with
runProbeThread(parentPort, workerData as ProbeThreadData);
