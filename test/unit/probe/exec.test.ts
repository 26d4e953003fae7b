import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import type { Verdict } from "../../../src/health/verdict.ts";
import { createProbe } from "../../../src/probe/kinds.ts";
import { monitorOf, PATIENCE_MS, targetOf } from "./monitors.ts";

describe("the exec probe", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "fairlead-exec-"));
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const script = (text: string): string => {
    const path = join(folder, "script.sh");
    writeFileSync(path, text);
    return path;
  };

  const probe = async (command: string, timeoutMs = PATIENCE_MS): Promise<Verdict> => {
    const monitor = monitorOf("exec", { command, timeout: `${timeoutMs}ms`, every: "20s" }, "job");
    return await createProbe()(targetOf(monitor, "192.0.2.1", 0), AbortSignal.timeout(timeoutMs));
  };

  /** the script, the reason */
  const ROWS: readonly (readonly [string, string])[] = [
    ["exit 0", "exit status 0"],
    ["echo fine", "exit status 0"],
    ["exit 3", "exit status 3"],
    ["echo first; echo 'lost the database' >&2; exit 1", "exit status 1: lost the database"],
    ["printf 'no newline'; exit 1", "exit status 1: no newline"],
    ["printf 'bell\\007 and\\033[1m colour\\n\\n'; exit 2", "exit status 2: bell  and [1m colour"],
    ["kill -TERM $$", "killed by SIGTERM"],
    ['read line; test -z "$line"', "exit status 0"],
    ["exec /no/such/program", "exit status 127: "],
    ["yes 0123456789 | head -c 10000000; exit 4", "exit status 4: 012345"],
    [
      `test "$FAIRLEAD_MONITOR $FAIRLEAD_HOST $FAIRLEAD_PORT $FAIRLEAD_TIMEOUT" = "job 192.0.2.1 0 10"`,
      "exit status 0",
    ],
    ['test -z "$HOME$USER$NODE_OPTIONS" && test "$PWD" = /', "exit status 0"],
  ];
  for (const [text, reason] of ROWS) {
    it(`says '${reason}' of ${text}`, async () => {
      const verdict = await probe(`/bin/sh ${script(text)}`);
      expect(verdict.reason.startsWith(reason), verdict.reason).to.equal(true);
      expect(verdict.ok).to.equal(reason === "exit status 0");
    });
  }

  it("starts no shell: nothing in the arguments is special", async () => {
    const verdict = await probe(`/bin/sh ${script('echo "$1"; exit 1')} "$HOME;\`id\` * > x"`);
    expect(verdict.reason).to.equal("exit status 1: $HOME;`id` * > x");
  });

  it("says why a program cannot be started", async () => {
    expect((await probe("/no/such/program")).reason).to.equal("command '/no/such/program' does not exist");
    const path = script("exit 0");
    expect((await probe(path)).reason).to.equal(`command '${path.slice(0, 60)}' may not be executed`);
  });

  it("kills the whole group at the deadline, and tells what it had said", async () => {
    const pidFile = join(folder, "grandchild");
    const text = `echo waiting for the lock; sleep 60 & echo $! > ${pidFile}; wait`;
    const verdict = await probe(`/bin/sh ${script(text)}`, 2_000);
    expect(verdict).to.include({ ok: false, reason: "command timed out after 2 s: waiting for the lock" });
    await isGone(Number(readFileSync(pidFile, "utf8")));
  });

  it("leaves nothing behind that the program started, also when it passes", async () => {
    const pidFile = join(folder, "left");
    const verdict = await probe(`/bin/sh ${script(`sleep 60 & echo $! > ${pidFile}; exit 0`)}`);
    expect(verdict).to.include({ ok: true });
    await isGone(Number(readFileSync(pidFile, "utf8")));
  });

  it("does not wait for what has left the group with the output open", async () => {
    const text = "setsid sleep 9 & exit 0";
    const verdict = await probe(`/bin/sh ${script(text)}`);
    expect(verdict).to.include({ ok: true });
    expect(verdict.elapsedMs).to.be.below(9_000);
  });

  it("runs as another user where it is told whom", async function () {
    if (process.getuid?.() !== 0) this.skip();
    const monitor = monitorOf("exec", { command: "/usr/bin/id -u" });
    const failing = monitorOf("exec", { command: `/bin/sh -c "id -u; id -g; exit 1"` });
    const runAs = createProbe({ uid: 65_534, gid: 65_533 });
    const signal = AbortSignal.timeout(PATIENCE_MS);
    expect(await runAs(targetOf(monitor), signal)).to.include({ ok: true });
    expect(await runAs(targetOf(failing), signal)).to.include({ reason: "exit status 1: 65533" });
  });
});

/** A process that was killed is there until whoever inherits it has noticed. */
async function isGone(pid: number): Promise<void> {
  for (;;) {
    const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "latin1") : "";
    if (stat === "" || stat.includes(") Z ")) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
