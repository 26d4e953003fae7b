/**
 * What root does before it becomes somebody else, and that it really does become it: a node started as root on low ports,
 * under a umask that lets everybody do everything, that goes on as `nobody` on every thread and still reloads, keeps state
 * and shows a renewed certificate; and one that is never root and binds a low port by a capability.
 */

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { expect } from "chai";
import { afterEach, before, beforeEach, describe, it } from "mocha";
import { needPeers, peerPath } from "../peers.ts";
import { dig } from "../support/peers/dig.ts";
import { COMMAND } from "../support/peers/fairlead.ts";
import { freePort } from "../support/peers/network.ts";
import { eventually, type Program, startProgram } from "../support/peers/program.ts";

const LIMIT_MS = 30_000;
/** All of 127.0.0.0/8 is loopback, and no other run of this test is at home at the same place. */
const ADDRESS = `127.53.${(process.pid >> 8) & 0xff}.${process.pid & 0xff}`;
const DNS = { address: ADDRESS, port: 53 };
const TLS_PORT = 853;

const zoneText = (serial: number): string =>
  `@ 300 SOA ns1 hostmaster ( ${serial} 1h 10m 2w 30 )\n@ 300 NS ns1\nns1 300 A 192.0.2.53\n`;

describe("privileges", () => {
  let folder: string;
  let node: Program | undefined;
  let nobody: { readonly uid: number; readonly gid: number; readonly groups: string };

  before(function () {
    needPeers.call(this, "dig", "openssl", "setpriv");
    if (process.getuid?.() !== 0 || process.platform !== "linux") this.skip();
    const id = (option: string): string =>
      execFileSync("id", [option, "nobody"], { encoding: "utf8" }).trim();
    nobody = { uid: Number(id("-u")), gid: Number(id("-g")), groups: id("-G") };
    try {
      execFileSync(peerPath("setpriv") ?? "setpriv", [...asNobody(), "test", "-r", COMMAND]);
    } catch {
      // A worker that is replaced is loaded from where the node was: built where only root may look, it cannot be.
      this.skip();
    }
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "fairlead-privilege-"));
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, "zones"));
    writeZone(1);
  });
  afterEach(async () => {
    await node?.end();
    node = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  const asNobody = (): string[] => [`--reuid=${nobody.uid}`, `--regid=${nobody.gid}`, "--clear-groups"];
  const statePath = (...names: readonly string[]): string => join(folder, "state", ...names);
  function writeZone(serial: number): void {
    writeFileSync(join(folder, "zones", "gtm.test.zone"), zoneText(serial));
  }

  /** Makes a certificate whose key `nobody` may read, as a renewal does: the files are replaced. */
  function issue(name: string): { readonly certificate: string; readonly key: string } {
    const [certificate, key] = [join(folder, "node.crt"), join(folder, "node.key")];
    const subject = ["-subj", `/CN=${name}`, "-days", "9", "-nodes", "-keyout", key, "-out", certificate];
    const algorithm = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    execFileSync("openssl", ["req", "-x509", ...algorithm, ...subject], { stdio: "ignore" });
    chownSync(key, nobody.uid, nobody.gid);
    chmodSync(key, 0o600);
    return { certificate, key };
  }

  /** Under a umask of 0, by a shell; `before` are words that start it as somebody else. */
  async function serve(words: readonly string[], before: readonly string[] = []): Promise<Program> {
    const admin = await freePort();
    const command = [process.execPath, COMMAND, "serve", join(folder, "zones"), "--workers", "2"];
    const where = ["--listen", `${ADDRESS}:53`, "--admin", `127.0.0.1:${admin}`, "--state", statePath()];
    const shell = ["-c", 'umask 000; exec "$@"', "sh", ...before, ...command, ...where, ...words];
    const program = startProgram("/bin/sh", shell);
    node = program;
    const isReady = (): true | undefined => {
      if (!program.isRunning()) throw new Error(`it ended: ${program.output()}`);
      return program.output().includes('"event":"ready"') ? true : undefined;
    };
    await eventually(isReady, LIMIT_MS, program.output);
    return program;
  }

  async function servesSerial(serial: number, program: Program): Promise<void> {
    const hasIt = async (): Promise<true | undefined> => {
      const { answer } = await dig(DNS, "gtm.test", "SOA");
      return answer[0]?.rdata.split(" ")[2] === String(serial) ? true : undefined;
    };
    await eventually(hasIt, LIMIT_MS, program.output);
  }

  async function shownName(): Promise<string> {
    const socket = connect({ host: ADDRESS, port: TLS_PORT, rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return subject.CN;
  }

  it("goes on as nobody on every thread, with no capability, and still does all that it has to", async () => {
    const { certificate, key } = issue("first.test");
    const tls = [
      "--listen-tls",
      `${ADDRESS}:${TLS_PORT}`,
      "--tls-certificate",
      certificate,
      "--tls-key",
      key,
    ];
    const program = await serve(["--user", "nobody", ...tls]);
    const threads = readdirSync(`/proc/${program.pid}/task`);
    expect(threads.length).to.be.above(3);
    for (const thread of threads) {
      const status = readFileSync(`/proc/${program.pid}/task/${thread}/status`, "utf8");
      const four = (id: number): string => [id, id, id, id].join("\t");
      expect(status)
        .to.include(`\nUid:\t${four(nobody.uid)}\n`)
        .and.include(`\nGid:\t${four(nobody.gid)}\n`);
      expect(/\nGroups:\t(.*?) ?\n/.exec(status)?.[1]).to.equal(nobody.groups);
      for (const set of ["CapPrm", "CapEff"]) expect(status).to.include(`\n${set}:\t0000000000000000\n`);
    }
    await servesSerial(1, program);
    writeZone(2);
    await servesSerial(2, program);
    expect(await shownName()).to.equal("first.test");
    issue("second.test");
    await eventually(
      async () => ((await shownName()) === "second.test" ? true : undefined),
      LIMIT_MS,
      program.output,
    );
    expect(await program.end()).to.equal(0);
    expectPrivateState();
    expect(readdirSync(statePath()).filter((name) => name.startsWith("accepted-"))).to.have.length(2);
    expect(readdirSync(statePath())).to.not.include("lock");
    // Faulty files at the next start: what the other user kept is served.
    writeFileSync(join(folder, "zones", "gtm.test.zone"), "no zone\n");
    const again = await serve(["--user", "nobody"]);
    await servesSerial(2, again);
  });

  function expectPrivateState(): void {
    expect(statSync(statePath()).mode & 0o777).to.equal(0o700);
    for (const name of readdirSync(statePath())) {
      const { mode, uid } = lstatSync(statePath(name));
      expect({ name, mode: mode & 0o777, uid }).to.deep.equal({ name, mode: 0o600, uid: nobody.uid });
    }
  }

  it("gives away nothing that a link in the state folder leads to", async () => {
    const secret = join(folder, "secret");
    writeFileSync(secret, "of root\n", { mode: 0o600 });
    mkdirSync(statePath(), { mode: 0o700 });
    chownSync(statePath(), nobody.uid, nobody.gid);
    symlinkSync(secret, statePath("accepted-9.zones"));
    symlinkSync(secret, statePath(`lock.${process.pid}.new`));
    await serve(["--user", "nobody"]);
    expect(statSync(secret)).to.include({ uid: 0 });
    expect(readFileSync(secret, "utf8")).to.equal("of root\n");
  });

  const refusals: readonly (readonly [
    what: string,
    prepare: () => void,
    words: readonly string[],
    message: RegExp,
  ])[] = [
    [
      "low ports as root for good",
      () => undefined,
      [],
      /Cannot listen on 127\.53\.\d+\.\d+:53 without --user/,
    ],
    ["an unknown user", () => undefined, ["--user", "nobody-at-all"], /there is no such user/],
    [
      "zones that it could never read again",
      () => chmodSync(join(folder, "zones"), 0o700),
      ["--user", "nobody"],
      /Cannot become 'nobody': it may not read .*zones/,
    ],
    [
      "a state folder that others may enter",
      () => mkdirSync(statePath(), { mode: 0o755 }),
      ["--user", "nobody"],
      /Cannot give the state folder .* to 'nobody': others may enter it/,
    ],
    [
      "a state folder that everybody may write to",
      () => {
        mkdirSync(statePath());
        chmodSync(statePath(), 0o1777);
      },
      ["--user", "nobody"],
      /Cannot use the state folder: .*everybody may write there/,
    ],
  ];
  for (const [what, prepare, words, message] of refusals) {
    it(`refuses ${what}`, async () => {
      prepare();
      const error = await serve(words).catch((reason: unknown) => reason);
      expect(error).to.be.an("error").with.property("message").that.matches(message);
    });
  }

  it("binds a low port by a capability, never having been root", async () => {
    mkdirSync(statePath(), { mode: 0o700 });
    chownSync(statePath(), nobody.uid, nobody.gid);
    const capability = ["--inh-caps=-all,+net_bind_service", "--ambient-caps=-all,+net_bind_service"];
    const bounding = "--bounding-set=-all,+net_bind_service";
    const words = ["setpriv", ...asNobody(), ...capability, bounding, "--no-new-privs"];
    const program = await serve([], words);
    await servesSerial(1, program);
    expect(program.output()).to.not.include("running as root");
    expectPrivateState();
  });
});
