/**
 * README keeps its word: the commands of its `sh` blocks are run while `npm start` runs, its zones are checked by what
 * would load them, and the files, functions and links that it names exist.
 *
 * The word after the block's language says what is done with it: none – it is run; `start` – it is what this test starts;
 * `test`, `gate` – what runs this test; `syntax` – it needs machines that are not here, so only its shell syntax is judged.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { resolveConfig } from "../../src/config/resolve.ts";
import { needPeers } from "../peers.ts";
import { type Demo, ROOT, startDemo } from "./demo.ts";

interface Block {
  readonly language: string;
  readonly mark: string;
  readonly text: string;
}

const README = readFileSync(join(ROOT, "README.md"), "utf8");
const BLOCKS: readonly Block[] = [...README.matchAll(/^```(\w[\w-]*) ?(.*)\n([^]*?)^```$/gm)].map(
  (match) => ({
    language: match[1] ?? "",
    mark: match[2] ?? "",
    text: match[3] ?? "",
  }),
);
const SHELL = BLOCKS.filter(({ language }) => language === "sh");
/** What the other blocks of shell hold, so that nothing escapes by a mark. */
const NOT_RUN: ReadonlyMap<string, string> = new Map([
  ["start", "npm start\n"],
  ["test", "npm test\n"],
  ["gate", "npm run ok\n"],
]);

function withFolder(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-readme-"));
  try {
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function onlyBlock(language: string): Block {
  const found = BLOCKS.filter((block) => block.language === language);
  expect(found).to.have.lengthOf(1);
  return found[0] ?? { language, mark: "", text: "" };
}

describe("README's commands", () => {
  let demo: Demo;

  before(async function () {
    needPeers.call(this, "bash", "dig", "curl");
    demo = await startDemo();
  });

  after(() => (demo === undefined ? undefined : demo.stop()));

  /** With this run's ports in place of the default ones. */
  function here(text: string): string {
    return text
      .replaceAll("-p 5300", `-p ${demo.dnsPort}`)
      .replaceAll(":5300", `:${demo.dnsPort}`)
      .replaceAll(":9153", `:${demo.adminPort}`)
      .replaceAll(":18081", `:${demo.regionPort}`);
  }

  for (const { text } of SHELL.filter(({ mark }) => mark === "")) {
    it(`run: ${text.split("\n")[0]}`, () => {
      const { status, stdout, stderr } = spawnSync("bash", ["-euo", "pipefail", "-c", here(text)], {
        cwd: ROOT,
        encoding: "utf8",
      });
      expect(status, stdout + stderr).to.equal(0);
      for (const [dug, promised] of promisedAddresses(text, stdout)) expect(dug).to.be.oneOf(promised);
    });
  }

  it("tell apart what they print before and after a region breaks", () => {
    const text = SHELL.find(({ text }) => text.includes("region/unhealthy"))?.text ?? "";
    expect(promisedAddresses(text, "")).to.have.lengthOf(2);
  });
});

/** Of every `dig` line of a block, the address that it printed, and those that the line's comment promises. */
function promisedAddresses(text: string, printed: string): [string | undefined, string[]][] {
  const answers = printed.split("\n").filter((line) => /^\d+\.\d+\.\d+\.\d+$/.test(line));
  const digs = text.split("\n").filter((line) => line.startsWith("dig "));
  return digs.map((line, index) => [
    answers[index],
    (line.split("#")[1] ?? "").match(/\d+\.\d+\.\d+\.\d+/g) ?? [],
  ]);
}

describe("README's other blocks", () => {
  it("of shell are what their mark says", () => {
    for (const { mark, text } of SHELL.filter(({ mark }) => mark !== "" && mark !== "syntax")) {
      expect(text).to.equal(NOT_RUN.get(mark));
    }
  });

  for (const { text } of SHELL.filter(({ mark }) => mark === "syntax")) {
    it(`are shell: ${text.split("\n")[0]}`, function () {
      needPeers.call(this, "bash");
      const { status, stderr } = spawnSync("bash", ["-n"], { input: text, encoding: "utf8" });
      expect(status, stderr).to.equal(0);
      const json = /'(\{[^']*\})'/.exec(text)?.[1];
      if (json !== undefined) expect(JSON.parse(json)).to.be.an("object");
    });
  }

  for (const { text } of BLOCKS.filter(({ language }) => language === "yaml")) {
    it(`are a configuration: ${text.split("\n")[0]}`, () => {
      const file = { path: "README.md", text };
      const environment = { HOME: "/home/op" };
      const resolved = resolveConfig({ file, environment, flags: {}, hostName: "ns1", cores: 1 });
      expect(resolved.ok ? [] : resolved.faults).to.deep.equal([]);
    });
  }

  it("has a zone that the strict check accepts", () => {
    const { mark, text } = onlyBlock("zone");
    withFolder((folder) => {
      writeFileSync(join(folder, `${mark}.zone`), text);
      const words = ["check", "--strict", "--zones", folder];
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [join(ROOT, "dist", "main.js"), ...words],
        {
          encoding: "utf8",
        },
      );
      expect(status, stdout + stderr).to.equal(0);
    });
  });

  it("has monitors that the strict check accepts", () => {
    const { text } = onlyBlock("zone-monitors");
    const head = "$TTL 300\n@ SOA ns hostmaster ( 1 1h 10m 2w 30 )\n@ NS ns\nns A 192.0.2.1\n";
    withFolder((folder) => {
      writeFileSync(join(folder, "example.com.zone"), head + text);
      const words = [join(ROOT, "dist", "main.js"), "check", "--strict", "--zones", folder];
      const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
      expect(status, stdout + stderr).to.equal(0);
    });
  });

  it("has a delegation that named-checkzone accepts in a parent zone", function () {
    needPeers.call(this, "named-checkzone");
    const { mark, text } = onlyBlock("zone-parent");
    const head = "$TTL 3600\n@ SOA ns hostmaster ( 1 1h 10m 2w 30 )\n@ NS ns\nns A 192.0.2.1\n";
    withFolder((folder) => {
      const path = join(folder, "parent");
      writeFileSync(path, head + text);
      const { status, stdout } = spawnSync("named-checkzone", ["-i", "full", mark, path], {
        encoding: "utf8",
      });
      expect(status, stdout).to.equal(0);
      expect(stdout).not.to.match(/warning|missing/i);
    });
  });
});

describe("README's words", () => {
  it("link to files that exist", () => {
    const links = [...README.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map((match) => match[1] ?? "");
    const missing = links.filter((link) => !existsSync(join(ROOT, link)));
    expect(missing).to.deep.equal([]);
  });

  it("name functions that stand in the files beside them", () => {
    const rows = README.split("\n").filter((line) => line.startsWith("| ") && line.includes("](src/"));
    expect(rows).not.to.have.lengthOf(0);
    for (const row of rows) {
      const [, , files = "", functions = ""] = row.split("|");
      const paths = [...files.matchAll(/\]\(([^)]+\.ts)\)/g)].map((match) => match[1] ?? "");
      const code = paths.map((path) => readFileSync(join(ROOT, path), "utf8")).join("\n");
      for (const [, name] of functions.matchAll(/`(\w+)`/g)) {
        expect(code, `${name} in ${paths.join(", ")}`).to.match(
          new RegExp(`export (?:async )?function ${name}\\b`),
        );
      }
    }
  });

  it("list every room of src", () => {
    const rooms = readdirSync(join(ROOT, "src"), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    for (const { name } of rooms) expect(README).to.match(new RegExp(`^\\| \`${name}\` \\|`, "m"));
  });
});
