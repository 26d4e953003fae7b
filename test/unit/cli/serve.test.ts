import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { ZONE_HEAD } from "../daemon/loaded-zones.ts";
import { useTemporaryFolders } from "../daemon/temporary-folder.ts";
import { run } from "./fairlead.ts";
import { useNodes } from "./nodes.ts";

const ZONE = `${ZONE_HEAD}$POOL near monitor=none\n  n 192.0.2.1\nwww 30 POLICY failover ( near )\n`;
/** More than a datagram holds. */
const LONG = `${Array.from({ length: 30 }, (_, line) => `long 60 TXT "${String(line).padEnd(100, "x")}"`).join("\n")}\n`;

describe("fairlead serve", () => {
  const folder = useTemporaryFolders();
  const serve = useNodes();

  function makeZones(): string {
    const dir = folder();
    mkdirSync(join(dir, "zones"));
    writeFileSync(join(dir, "zones", "example.com.zone"), ZONE + LONG);
    return dir;
  }

  it("goes on answering after an exception that nobody caught, and logs it", async () => {
    // A bug, made from outside: loaded before the program, sprung by a signal.
    const bug =
      "process.on('SIGUSR2',()=>{Promise.reject(new%20Error('lost'));throw%20new%20Error('thrown')})";
    const environment = { NODE_OPTIONS: `--import=data:text/javascript,${bug}` };
    const { child, listen } = await serve(makeZones(), [], environment);
    const bugs: string[] = [];
    const told = new Promise<void>((resolve) => {
      child.stderr?.on("data", (chunk: Buffer) => {
        bugs.push(...(chunk.toString().match(/"message":"(lost|thrown)"/g) ?? []));
        if (bugs.length === 2) resolve();
      });
    });
    child.kill("SIGUSR2");
    await told;
    const query = await run(["query", "www.example.com", "--server", listen]);
    expect(query.status, query.err).to.equal(0);
    expect(child.exitCode).to.equal(null);
  });

  it("answers query, status, explain and reload, and stops with 0 on SIGTERM", async () => {
    const dir = makeZones();
    const { child, listen, admin } = await serve(dir);
    const [query, missing, long, status, explain, reload] = await Promise.all([
      run(["query", "www.example.com", "--server", listen]),
      run(["query", "nobody.example.com", "MX", "--server", listen]),
      run(["query", "long.example.com", "TXT", "--json", "--server", listen]),
      run(["status", "--server", admin]),
      run(["explain", "www.example.com", "--json", "--server", admin]),
      run(["reload", "--server", admin]),
    ]);
    expect(query.out).to.match(
      /^;; NOERROR; flags: qr aa;[^]*\nwww\.example\.com\. {2}30 {2}IN {2}A {2}192\.0\.2\.1\n/,
    );
    expect([missing.status, missing.out]).to.satisfy(
      ([code, out]: [number, string]) => code === 1 && out.startsWith(";; NXDOMAIN"),
    );
    expect(JSON.parse(long.out)).to.deep.include({ transport: "tcp", rcode: "NOERROR" });
    expect(status.out).to.match(/: ready, generation \d+\n[^]*pool near {2}up\n/);
    expect(JSON.parse(explain.out)).to.deep.include({ outcome: "answer", rung: 1, ttlSeconds: 30 });
    expect(reload.out).to.match(/reloaded, generation \d+\n$/);
    expect([query, long, status, explain, reload].map((ended) => ended.status)).to.deep.equal([
      0, 0, 0, 0, 0,
    ]);
    writeFileSync(join(dir, "zones", "example.com.zone"), `${ZONE}bad A 1.2.3\n`);
    const refused = await run(["reload", "--server", admin]);
    expect([refused.status, refused.err]).to.deep.equal([
      1,
      "fairlead: zone files are faulty; the running set keeps serving\n",
    ]);
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    expect(await ended).to.deep.equal([0, null]);
  });

  it("reloads on SIGHUP", async () => {
    const dir = makeZones();
    const node = await serve(dir);
    const reloaded = node.logged("reload");
    node.child.kill("SIGHUP");
    expect(await reloaded).to.include({ msg: "zones reloaded", to: "accepted" });
  });

  it("becomes the user of --user once its ports are bound", async function () {
    if (process.getuid?.() !== 0) this.skip();
    const dir = makeZones();
    // Whoever it becomes has to find its zones and its state again.
    chmodSync(dir, 0o755);
    const { child } = await serve(dir, ["--user", "nobody"]);
    const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
    expect(status).to.match(/^Uid:\s+65534\s+65534\s+65534\s+65534$/m);
    expect(status).to.match(/^CapEff:\s+0+$/m);
  });
});
