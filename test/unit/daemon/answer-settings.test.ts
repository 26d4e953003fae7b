import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { pino } from "pino";
import type { ExplainLabels } from "../../../src/answer/settings.ts";
import { type AnsweringOptions, resolveAnswering } from "../../../src/config/answering.ts";
import { resolveStreams } from "../../../src/config/streams.ts";
import {
  createAnswerSettings,
  type KeptSettings,
  OWN_SECRET_MS,
} from "../../../src/daemon/answer-settings.ts";
import { parseCookieSecrets } from "../../../src/daemon/cookie-secrets.ts";
import { compileZones } from "../../../src/image/image.ts";
import { loadText } from "./loaded-zones.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

const ONE = "00112233445566778899aabbccddeeff";
const TWO = "FFeeddccbbaa99887766554433221100";
const hex = (octets: Uint8Array | undefined): string => Buffer.from(octets ?? []).toString("hex");

interface Node {
  readonly settings: KeptSettings;
  readonly logged: string[];
  readonly clock: { nowMs: number };
  /** How often others were told. */
  readonly changes: () => number;
}

function start(answering: Partial<AnsweringOptions>): Node | string {
  const logged: string[] = [];
  const clock = { nowMs: 0 };
  let changes = 0;
  const streams = resolveStreams({ tcp: { "idle-timeout": 7_000 } });
  if (!streams.ok) return streams.message;
  const result = createAnswerSettings({
    options: { node: "ns1", answering: { ...resolveAnswering({}), ...answering }, streams: streams.streams },
    log: pino({}, { write: (line: string) => logged.push(line) }),
    now: () => clock.nowMs,
    tsigKeys: [],
    changed: () => changes++,
  });
  return result.ok ? { settings: result.settings, logged, clock, changes: () => changes } : result.message;
}

function started(answering: Partial<AnsweringOptions>): Node {
  const node = start(answering);
  if (typeof node === "string") throw new Error(node);
  return node;
}

describe("createAnswerSettings()", () => {
  const folder = useTemporaryFolders();

  /** A file of secrets; returns what writes it anew. */
  function secretFile(text: string, mode = 0o600): { path: string; write: (text: string) => void } {
    const path = join(folder(), "cookies");
    writeFileSync(path, text);
    chmodSync(path, mode);
    return { path, write: (again) => writeFileSync(path, again) };
  }

  it("takes the configuration over", () => {
    const { settings } = started({ minimalResponses: false, serverId: "me", serverVersion: "mine" });
    const { nsid, keepaliveMs, minimalResponses, serverId, serverVersion, rateLimit, explain } =
      settings.current;
    expect(new TextDecoder().decode(nsid)).to.equal("ns1");
    expect({ keepaliveMs, minimalResponses, serverId, serverVersion, rateLimit, explain }).to.deep.equal({
      keepaliveMs: 7_000,
      minimalResponses: false,
      serverId: "me",
      serverVersion: "mine",
      rateLimit: undefined,
      explain: undefined,
    });
  });

  it("makes a secret of its own, another one a day later, and accepts the one before for a day", () => {
    const { settings, clock, changes } = started({});
    const [first] = settings.current.cookieSecrets;
    expect(first).to.have.length(16);
    expect(hex(started({}).settings.current.cookieSecrets[0])).not.to.equal(hex(first));
    clock.nowMs = OWN_SECRET_MS - 1;
    settings.renewOwnSecret();
    expect(changes()).to.equal(0);
    clock.nowMs = OWN_SECRET_MS;
    settings.renewOwnSecret();
    const [second, accepted] = settings.current.cookieSecrets;
    expect(hex(second)).not.to.equal(hex(first));
    expect(hex(accepted)).to.equal(hex(first));
    clock.nowMs = OWN_SECRET_MS * 2;
    settings.renewOwnSecret();
    expect(settings.current.cookieSecrets.slice(1).map(hex)).to.deep.equal([hex(second)]);
    expect(changes()).to.equal(2);
  });

  it("has no secret where cookies are off", () => {
    const { settings, clock } = started({ cookies: { kind: "off" } });
    clock.nowMs = OWN_SECRET_MS * 2;
    settings.renewOwnSecret();
    expect(settings.current.cookieSecrets).to.deep.equal([]);
  });

  it("reads secrets from a file, and again with every load, without a word where they are the same", () => {
    const file = secretFile(`# for all nodes\n${ONE}\n`);
    const { settings, changes, logged } = started({ cookies: { kind: "file", path: file.path } });
    const secrets = (): string[] => settings.current.cookieSecrets.map(hex);
    expect(secrets()).to.deep.equal([ONE]);
    settings.noteLoad(true);
    expect(changes()).to.equal(0);
    file.write(`${TWO} # the new one\n${ONE}\n`);
    settings.noteLoad(true);
    expect(secrets()).to.deep.equal([TWO.toLowerCase(), ONE]);
    expect(changes()).to.equal(1);
    settings.noteLoad(true);
    expect(changes()).to.equal(1);
    expect(logged.join("")).to.include("other secrets of cookies").and.not.to.include(ONE);
  });

  it("keeps the secrets that it has where the file has become faulty", () => {
    const file = secretFile(ONE);
    const { settings, changes, logged } = started({ cookies: { kind: "file", path: file.path } });
    file.write("zz");
    settings.noteLoad(true);
    chmodSync(file.path, 0o640);
    settings.noteLoad(true);
    expect(settings.current.cookieSecrets.map(hex)).to.deep.equal([ONE]);
    expect(changes()).to.equal(0);
    expect(logged.join("")).to.include("expected a secret of 32 hexadecimal digits").and.to.include("0600");
  });

  it("does not start with a file that others may use, or that is not there", () => {
    const open = secretFile(ONE, 0o644).path;
    expect(start({ cookies: { kind: "file", path: open } })).to.equal(
      `Cannot use the secrets of cookies in ${open}: others than its owner may use the file; its mode has to be 0600`,
    );
    const missing = join(folder(), "none");
    expect(start({ cookies: { kind: "file", path: missing } })).to.match(
      /^Cannot read the secrets of cookies: /,
    );
  });

  it("says that what is served is stale while the files are faulty", () => {
    const { settings, changes } = started({});
    settings.noteLoad(true);
    settings.noteLoad(false);
    settings.noteLoad(false);
    expect(settings.current.isStale).to.equal(true);
    settings.noteLoad(true);
    expect(settings.current.isStale).to.equal(false);
    expect(changes()).to.equal(2);
  });

  it("labels the zones that are served, for those who may have them explained", () => {
    const set = loadText(
      "$POOL one monitor=none\n  a 203.0.113.1\nwww POLICY geo ( net:10.0.0.0/8=one net:2001:db8::/32=one *=nodata )\n",
    );
    const network = { address: "192.0.2.0", prefixBits: 24 };
    const { settings } = started({ explainNetworks: [network] });
    settings.noteZones(compileZones(set, 3));
    const { explain } = settings.current;
    settings.noteZones(compileZones(set, 3));
    expect(settings.current.explain).to.equal(explain);
    expect(explain?.zonesId).to.equal(3);
    expect(explain?.networks).to.deep.equal([{ octets: Uint8Array.of(192, 0, 2, 0), prefixBits: 24 }]);
    const labels: ExplainLabels = JSON.parse(
      Buffer.from(new Uint8Array(explain?.labels ?? new SharedArrayBuffer(0))).toString(),
    );
    expect(labels).to.deep.equal([
      { owner: "www.example.com.", endpoints: ["one/a"], classes: ["10.0.0.0/8", "2001:db8::/32"] },
    ]);
    settings.noteZones(compileZones(set, 4));
    expect(settings.current.explain?.zonesId).to.equal(4);
    const nobody = started({}).settings;
    nobody.noteZones(compileZones(set, 3));
    expect(nobody.current.explain).to.equal(undefined);
  });
});

describe("parseCookieSecrets()", () => {
  const FAULTS: readonly (readonly [text: string, message: string])[] = [
    ["", "cookies: there is no secret in it"],
    ["# nothing\n\n", "cookies: there is no secret in it"],
    [`${ONE}\n${ONE}0\n`, "cookies:2: expected a secret of 32 hexadecimal digits"],
    [`${ONE} ${TWO}`, "cookies:1: expected a secret of 32 hexadecimal digits"],
    [`${ONE}\n`.repeat(5), "cookies: there are 5 secrets in it, and 4 are the most"],
  ];
  for (const [text, message] of FAULTS) {
    it(message, () => expect(parseCookieSecrets("cookies", text)).to.deep.equal({ ok: false, message }));
  }
});
