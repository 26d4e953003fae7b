import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { pino } from "pino";
import { judgeUser } from "../../../src/daemon/privileges.ts";
import { createServiceManager } from "../../../src/daemon/service-manager.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

const HIGH = [{ address: "127.0.0.1", port: 5300 }];
const LOW = [...HIGH, { address: "127.0.0.1", port: 53 }];
const LOW_WITHOUT_USER =
  "Cannot listen on 127.0.0.1:53 without --user: as root on a port below 1024 it has to know whom to become";

describe("judgeUser()", () => {
  const cases: [string, Parameters<typeof judgeUser>, string][] = [
    ["lets ordinary users be", [undefined, LOW, 1000], "ok"],
    ["lets systems without users be", [undefined, LOW, undefined], "ok"],
    ["warns root", [undefined, HIGH, 0], "warning running as root; --user says whom to become"],
    ["refuses root a low port", [undefined, LOW, 0], LOW_WITHOUT_USER],
    [
      "lets the system choose a port",
      [undefined, [{ address: "::1", port: 0 }], 0],
      "warning running as root; --user says whom to become",
    ],
    [
      "refuses a user who is none",
      ["no-such-user", HIGH, 0],
      "Cannot become 'no-such-user': there is no such user",
    ],
    ["takes no name for an option", ["-n", HIGH, 0], "Cannot become '-n': there is no such user"],
    [
      "refuses ordinary users to become others",
      ["nobody", HIGH, 4711],
      "Cannot become 'nobody': only root can",
    ],
    ["has root become a user", ["nobody", LOW, 0], "become nobody"],
  ];
  for (const [what, asked, wanted] of cases) {
    it(what, async () => {
      const result = await judgeUser(...asked);
      const warned = result.ok && result.warning !== undefined ? `warning ${result.warning}` : "ok";
      const found = result.ok
        ? result.user === undefined
          ? warned
          : `become ${result.user.name}`
        : result.message;
      expect(found).to.equal(wanted);
    });
  }
});

describe("createServiceManager()", () => {
  const folder = useTemporaryFolders();
  const log = pino({ level: "silent" });

  it("tells systemd-notify what happens, in order, where a socket is named", async () => {
    const dir = folder();
    const program = join(dir, "systemd-notify");
    writeFileSync(program, `#!/bin/sh\necho "$NOTIFY_SOCKET" "$@" >> ${dir}/told\n`);
    chmodSync(program, 0o755);
    const manager = createServiceManager({ NOTIFY_SOCKET: "@s", PATH: `${dir}:${process.env["PATH"]}` }, log);
    await Promise.all([manager.tell("READY=1", "serving"), manager.tell("STOPPING=1", "stopping")]);
    expect(readFileSync(join(dir, "told"), "utf8")).to.equal(
      "@s READY=1 STATUS=serving\n@s STOPPING=1 STATUS=stopping\n",
    );
  });

  it("is silent without one, and no program is no fault", async () => {
    await createServiceManager({}, log).tell("READY=1", "serving");
    await createServiceManager({ NOTIFY_SOCKET: "@s", PATH: "/nowhere" }, log).tell("READY=1", "serving");
  });
});
