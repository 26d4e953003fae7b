/** The deploy files, each judged by its own tool, and the container's build by what it copies. */

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { needPeers } from "../peers.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DEPLOY = join(ROOT, "deploy");

interface Outcome {
  readonly status: number | null;
  readonly output: string;
}

function run(command: string, ...words: readonly string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(command, words, { cwd: ROOT, encoding: "utf8" });
  return { status, output: stdout + stderr };
}

function expectOk(outcome: Outcome): void {
  expect(outcome.status, outcome.output).to.equal(0);
}

describe("deploy/prometheus", () => {
  const file = (name: string) => join(DEPLOY, "prometheus", name);

  it("has a scrape config that promtool accepts", function () {
    needPeers.call(this, "promtool");
    expectOk(run("promtool", "check", "config", file("prometheus.yaml")));
  });

  for (const rules of ["alerts", "slo"]) {
    it(`has rules that promtool accepts, lints included: ${rules}`, function () {
      needPeers.call(this, "promtool");
      expectOk(run("promtool", "check", "rules", "--lint=all", "--lint-fatal", file(`${rules}.yaml`)));
    });

    it(`has rules that fire when they should, and not before: ${rules}`, function () {
      needPeers.call(this, "promtool");
      expectOk(run("promtool", "test", "rules", file(`${rules}.test.yaml`)));
    });
  }
});

describe("deploy/systemd", () => {
  const unit = join(DEPLOY, "systemd", "fairlead.service");

  it("has a unit that systemd accepts without a warning", function () {
    needPeers.call(this, "systemd-analyze");
    const outcome = run("systemd-analyze", "verify", unit);
    expectOk(outcome);
    expect(outcome.output).to.equal("");
  });

  it("has a unit whose exposure systemd calls ok", function () {
    needPeers.call(this, "systemd-analyze");
    expectOk(run("systemd-analyze", "security", "--offline=true", "--threshold=25", unit));
  });
});

describe("deploy/compose.yaml", () => {
  it("is accepted by docker-compose", function () {
    needPeers.call(this, "docker-compose");
    expectOk(run("docker-compose", "-f", join(DEPLOY, "compose.yaml"), "config", "--quiet"));
  });

  it("serves zones that the strict check accepts", () => {
    expectOk(
      run(
        process.execPath,
        join(ROOT, "dist", "main.js"),
        "check",
        "--strict",
        "--zones",
        join(DEPLOY, "compose-zones"),
      ),
    );
  });
});

describe("deploy/Dockerfile", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "fairlead-image-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** The `COPY source… destination` lines of the build stage, which is the first. */
  function copiesOfBuildStage(): string[][] {
    const stages = readFileSync(join(DEPLOY, "Dockerfile"), "utf8").split(/^FROM /m);
    const lines = [...(stages[1] ?? "").matchAll(/^COPY (.+)$/gm)];
    return lines.map((match) => (match[1] ?? "").split(" "));
  }

  it("copies all that its build needs", () => {
    const ignored = readFileSync(join(DEPLOY, "Dockerfile.dockerignore"), "utf8");
    for (const words of copiesOfBuildStage()) {
      const destination = words.at(-1) ?? "";
      for (const source of words.slice(0, -1)) {
        expect(ignored, "let through by .dockerignore").to.match(new RegExp(`^!${source}$`, "m"));
        const target = destination.endsWith("/")
          ? join(destination, source.replace(/^.*\//, ""))
          : destination;
        mkdirSync(dirname(join(folder, target)), { recursive: true });
        cpSync(join(ROOT, source), join(folder, target), { recursive: true });
      }
    }
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    expectOk(run(process.execPath, join(folder, "deploy", "bootstrap.mjs")));
    expect(statSync(join(folder, "dist", "main.js")).mode & 0o111).to.equal(0o111);
    expect(statSync(join(folder, "dist", "demo", "region-server.js")).isFile()).to.equal(true);
  });

  it("runs nothing as root", () => {
    const stages = readFileSync(join(DEPLOY, "Dockerfile"), "utf8")
      .split(/^FROM /m)
      .slice(2);
    for (const stage of stages) expect(stage).to.match(/^USER node$/m);
  });
});
