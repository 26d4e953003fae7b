/**
 * Reads geo databases on a thread of their own, which lives for as long as that takes: a file of cities is seconds of work,
 * in which the main thread would hear no verdict and answer no request. What comes back is flat words that both share.
 *
 * | the thread                      | then                                                  |
 * | ------------------------------- | ----------------------------------------------------- |
 * | tells what it found             | that                                                  |
 * | cannot be had: it never began   | this thread reads the file itself                     |
 * | dies while it reads             | the file is refused: it would bring this one down too |
 * | is at it when the node stops    | it is ended, and nothing is found                     |
 */

import { Worker } from "node:worker_threads";
import { type GeoReading, loadGeoFile } from "./geo-file.ts";

/** The program of the thread. */
const THREAD_ENTRY = new URL("./geo-thread-entry.js", import.meta.url);

export interface GeoThreadData {
  readonly path: string;
  /** Of a file that need not be read again. */
  readonly knownDigest: string | undefined;
}

export type GeoThreadReport = "begun" | GeoReading;

export interface GeoLoader {
  /** As `loadGeoFile`. */
  load(path: string, knownDigest?: string): Promise<GeoReading>;
  /** Ends what is under way; nothing is read any more. */
  stop(): Promise<void>;
}

export function createGeoLoader(entry = THREAD_ENTRY): GeoLoader {
  const threads = new Set<Worker>();
  let stopped = false;
  return {
    load(path, knownDigest) {
      const notRead = (reason: string): GeoReading => ({
        ok: false,
        reason: `${path} was not read: ${reason}`,
      });
      if (stopped) return Promise.resolve(notRead("the node is stopping"));
      return new Promise((resolve) => {
        const workerData: GeoThreadData = { path, knownDigest };
        const thread = new Worker(entry, { workerData, name: "geo" });
        threads.add(thread);
        let begun = false;
        let found: GeoReading | undefined;
        let reason = "it ended";
        thread.on("message", (report: GeoThreadReport) => {
          if (report === "begun") begun = true;
          else found = report;
        });
        thread.on("error", (error: Error) => {
          reason = error.message;
        });
        thread.on("exit", () => {
          threads.delete(thread);
          if (found !== undefined) resolve(found);
          else if (stopped) resolve(notRead("the node is stopping"));
          else if (begun) resolve(notRead(`the thread that reads it died: ${reason}`));
          else resolve(loadGeoFile(path, knownDigest));
        });
      });
    },
    async stop() {
      stopped = true;
      await Promise.all(Array.from(threads, (thread) => thread.terminate()));
    },
  };
}
