/** Our text of every type, held against the zone checkers of BIND, NSD and Knot. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { after, before, describe, it } from "mocha";
import { ROOT } from "../../../src/dns/name.ts";
import { formatRdata, parseRdata } from "../../../src/dns/rdata.ts";
import { formatType, parseType, TYPE } from "../../../src/dns/types.ts";
import { needPeers, peerPath } from "../../peers.ts";
import { ARBITRARY_RDATA } from "./arbitraries.ts";
import { tokensOf } from "./tokens.ts";

const SAMPLES_PER_TYPE = 8;
const SEED = 2026;

/** A SOA stands at the apex only; a NAPTR's regular expression is judged by BIND, so noise will not do. */
const WRITTEN: readonly string[] = [
  "example. 300 IN SOA ns.example. admin\\.dns.example. 1 3600 600 1209600 30",
  "example. 300 IN NS ns.example.",
  "ns.example. 300 IN A 192.0.2.1",
  'naptr.example. 300 IN NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:info@example.com!" .',
  'naptr2.example. 300 IN NAPTR 1 2 "s" "SIP+D2U" "" _sip._udp.example.',
  "g.example. 300 IN TYPE65280 \\# 3 ABCD01",
  "alias.example. 300 IN SVCB 0 foo.example.",
  'mandatory.example. 300 IN HTTPS 1 . mandatory=alpn,port alpn="f\\\\\\\\oo\\\\,bar,h2" no-default-alpn port=53',
];

/** One owner a record: CNAME and DNAME stand alone. */
function zoneLines(): string[] {
  const lines = [...WRITTEN];
  for (const [type, arbitrary] of ARBITRARY_RDATA) {
    if (type === TYPE.SOA || type === TYPE.NAPTR) continue;
    const mnemonic = formatType(type);
    const samples = fc.sample(arbitrary, { numRuns: SAMPLES_PER_TYPE, seed: SEED });
    for (const [index, rdata] of samples.entries()) {
      lines.push(`${mnemonic.toLowerCase()}${index}.example. 300 IN ${mnemonic} ${formatRdata(type, rdata)}`);
    }
  }
  return lines;
}

/** `owner ttl IN type rdata` in a form in which equal records are equal texts. */
function canonical(line: string): string {
  const [, owner = "", ttl = "", type = "", rdata = ""] =
    /^(\S+)\s+([0-9]+)\s+IN\s+(\S+)\s+(.*)$/.exec(line) ?? [];
  const parsed = parseRdata(parseType(type) ?? 0, tokensOf(rdata), ROOT);
  if (!parsed.ok) throw new Error(`${line}: ${parsed.message}`);
  return `${owner} ${ttl} ${type} ${Buffer.from(parsed.rdata).toString("hex")}`;
}

describe("text of every type", () => {
  let folder = "";
  let file = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "fairlead-dns-"));
    file = join(folder, "example.zone");
    writeFileSync(file, `${zoneLines().join("\n")}\n`);
  });
  after(() => rmSync(folder, { recursive: true }));

  it("means the same to named-checkzone", function () {
    needPeers.call(this, "named-checkzone");
    const lenient = [
      "-i",
      "none",
      "-k",
      "ignore",
      "-m",
      "ignore",
      "-n",
      "ignore",
      "-M",
      "ignore",
      "-S",
      "ignore",
    ];
    const { stdout, stderr, status } = spawnSync(
      peerPath("named-checkzone") ?? "",
      [...lenient, "-D", "-o", "-", "example", file],
      { encoding: "latin1" },
    );
    expect(status, stderr).to.equal(0);
    const dumped = stdout.split("\n").filter((line) => line !== "" && !line.startsWith(";"));
    expect(dumped.map(canonical).sort()).to.deep.equal(zoneLines().map(canonical).sort());
  });
  it("is accepted by nsd-checkzone", function () {
    needPeers.call(this, "nsd-checkzone");
    const { stderr, status } = spawnSync(peerPath("nsd-checkzone") ?? "", ["example", file], {
      encoding: "latin1",
    });
    expect(status, stderr).to.equal(0);
  });
  it("is accepted by kzonecheck", function () {
    needPeers.call(this, "kzonecheck");
    const options = ["-d", "off", "-o", "example"];
    const { stdout, stderr, status } = spawnSync(peerPath("kzonecheck") ?? "", [...options, file], {
      encoding: "latin1",
    });
    expect(status, stdout + stderr).to.equal(0);
  });
});
