/** Watches the zone folders and files, and the files that zones include; tells of a change once it has settled. */

import { type FSWatcher, watch } from "chokidar";

/** Editors and deployments write several files, and some in several steps. */
const SETTLE_MS = 200;

export interface ZoneWatcher {
  /** Watches these beside what is watched already. */
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
  let settling: NodeJS.Timeout | undefined;
  let stopped = false;
  watcher.on("all", () => {
    if (stopped) return;
    clearTimeout(settling);
    settling = setTimeout(onChange, SETTLE_MS);
  });
  watcher.on("error", onError);
  const handle: ZoneWatcher = {
    add(more) {
      // A watcher that is closed would open again.
      if (!stopped) watcher.add([...more]);
    },
    async stop() {
      stopped = true;
      clearTimeout(settling);
      await watcher.close();
    },
  };
  return new Promise((resolve) => {
    watcher.once("ready", () => resolve(handle));
  });
}
