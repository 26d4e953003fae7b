/** The program of a thread that reads one geo database: `geo-file`, for `geo-loader`. It ends when it has told what it found. */

import { parentPort, workerData } from "node:worker_threads";
import { loadGeoFile } from "./geo-file.ts";
import type { GeoThreadData, GeoThreadReport } from "./geo-loader.ts";

if (parentPort === null) throw new Error("this is the program of a thread");
const port = parentPort;
const report = (message: GeoThreadReport): void => port.postMessage(message, []);
report("begun");
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what `geo-loader` starts it with
const { path, knownDigest } = workerData as GeoThreadData;
report(loadGeoFile(path, knownDigest));
