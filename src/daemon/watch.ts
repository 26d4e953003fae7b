/**
 * Watches the zone folders and files, the files that zones include, and where the certificate is; tells of a change once it
 * has settled.
 */

import { type FSWatcher as FolderWatcher, watch as watchFolder } from "node:fs";
import { dirname, join, sep } from "node:path";
import { type FSWatcher, watch } from "chokidar";

/** Editors and deployments write several files, and some in several steps. */
const SETTLE_MS = 200;
/** A folder that never comes to rest, as others write there too, is looked at all the same. */
const LATEST_MS = 5_000;

export interface ZoneWatcher {
  /** Watches these files beside what is watched already. */
  add(paths: readonly string[]): void;
  stop(): Promise<void>;
}

/** `onChange` is called once after each burst of changes; `onError` where the system refuses to watch. */
export function watchZones(
  paths: readonly string[],
  onChange: () => void,
  onError: (error: unknown) => void,
): Promise<ZoneWatcher> {
  const watcher: FSWatcher = watch([...paths], { ignoreInitial: true, ignorePermissionErrors: true });
  const burst = createBurst(onChange);
  // Thousands of files are looked at one by one when they are added: those within a folder are watched with it.
  const folders = paths.map((path) => join(path, sep));
  const added = new Set<string>();
  let stopped = false;
  watcher.on("all", () => {
    if (!stopped) burst.note();
  });
  watcher.on("error", onError);
  const handle: ZoneWatcher = {
    add(more) {
      const unwatched = more.filter(
        (path) => !added.has(path) && !folders.some((folder) => path.startsWith(folder)),
      );
      for (const path of unwatched) added.add(path);
      // A watcher that is closed would open again.
      if (!stopped && unwatched.length > 0) watcher.add(unwatched);
    },
    async stop() {
      stopped = true;
      burst.stop();
      await watcher.close();
    },
  };
  return new Promise((resolve) => {
    watcher.once("ready", () => resolve(handle));
  });
}

/**
 * Calls `onChange` after each burst of changes in the folders that the files are in. Not the files themselves are watched:
 * who renews certificates often exchanges a link to them, or to the folder beside it that they are really in.
 */
export function watchFoldersOf(
  files: readonly string[],
  onChange: () => void,
  onError: (error: unknown) => void,
): () => void {
  const watchers: FolderWatcher[] = [];
  const burst = createBurst(onChange);
  for (const folder of new Set(files.map((file) => dirname(file)))) {
    try {
      const watcher = watchFolder(folder, { persistent: false }, () => burst.note());
      watcher.on("error", onError);
      watchers.push(watcher);
    } catch (error) {
      onError(error);
    }
  }
  return () => {
    burst.stop();
    for (const watcher of watchers) watcher.close();
  };
}

/** Calls back once after each burst of changes, or in the middle of one that does not end. */
function createBurst(onChange: () => void): { readonly note: () => void; readonly stop: () => void } {
  let settling: NodeJS.Timeout | undefined;
  let beganAt: number | undefined;
  const tell = (): void => {
    beganAt = undefined;
    onChange();
  };
  return {
    note() {
      const at = performance.now();
      beganAt ??= at;
      clearTimeout(settling);
      settling = setTimeout(tell, Math.max(0, Math.min(SETTLE_MS, beganAt + LATEST_MS - at)));
    },
    stop: () => clearTimeout(settling),
  };
}
