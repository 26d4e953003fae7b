import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import { watchFoldersOf, watchZones, type ZoneWatcher } from "../../../src/daemon/watch.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

/** Longer than a watcher waits for changes to settle. */
const CHANGE_EVERY_MS = 400;

describe("watchZones()", () => {
  const folder = useTemporaryFolders();
  let watcher: ZoneWatcher | undefined;
  let told = (): void => undefined;

  afterEach(() => watcher?.stop());

  /** Settles once the watcher tells of what `change` does, again and again: when a file is watched, nobody says. */
  async function tells(change: (round: number) => void): Promise<void> {
    const heard = new Promise<void>((resolve) => {
      told = resolve;
    });
    let round = 0;
    const changing = setInterval(() => change(++round), CHANGE_EVERY_MS);
    await heard;
    clearInterval(changing);
  }

  async function watched(...paths: string[]): Promise<ZoneWatcher> {
    watcher = await watchZones(
      paths,
      () => told(),
      (error) => expect.fail(String(error)),
    );
    return watcher;
  }

  it("tells of files in a folder, and in folders of it, that were added to it or not", async () => {
    const dir = folder();
    mkdirSync(join(dir, "sub"));
    for (const name of ["a.zone", "a.inc", "sub/b.inc"]) writeFileSync(join(dir, name), "");
    const watching = await watched(dir);
    watching.add([join(dir, "a.zone"), join(dir, "a.inc")]);
    for (const name of ["a.zone", "a.inc", "sub/b.inc", "new.zone"]) {
      await tells((round) => writeFileSync(join(dir, name), `${round}`));
    }
  });

  it("tells of files beside one, once they are added, however they change", async () => {
    const dir = folder();
    const [zone, included] = [join(dir, "a.zone"), join(dir, "a.inc")];
    for (const path of [zone, included]) writeFileSync(path, "");
    const watching = await watched(zone);
    watching.add([zone, included]);
    await tells((round) => writeFileSync(included, `changed ${round}`));
    watching.add([zone, included]);
    await tells((round) => {
      writeFileSync(`${included}.new`, `replaced ${round}`);
      renameSync(`${included}.new`, included);
    });
    await tells(() => rmSync(included, { force: true }));
    await tells((round) => {
      // As every reload does.
      watching.add([zone, included]);
      writeFileSync(included, `back ${round}`);
    });
  });
});

describe("watchFoldersOf()", function () {
  this.timeout(60_000);
  const folder = useTemporaryFolders();

  it("tells of a folder that never comes to rest, as others write there all the time", async () => {
    const dir = folder();
    const busy = { writing: undefined as NodeJS.Timeout | undefined, end: (): void => undefined };
    await new Promise<void>((resolve, reject) => {
      busy.end = watchFoldersOf([join(dir, "forced.yaml")], resolve, reject);
      busy.writing = setInterval(() => writeFileSync(join(dir, "another"), `${performance.now()}`), 20);
    });
    clearInterval(busy.writing);
    busy.end();
  });
});
