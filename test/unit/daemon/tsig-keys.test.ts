import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { keyNamed, parseTsigKeys, readTsigKeys } from "../../../src/daemon/tsig-keys.ts";
import { formatName } from "../../../src/dns/name.ts";
import { formatDiagnostic } from "../../../src/zone/diagnostic.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

const SECRET = "MDEyMzQ1Njc4OWFiY2RlZg==";

describe("parseTsigKeys()", () => {
  it("reads names, algorithms and secrets, whatever stands around them", () => {
    const text = `# keys\n\n  Transfer.Key  HMAC-SHA256.\t${SECRET}  # of ns2\nlonger. hmac-sha512 ${SECRET}`;
    const { keys, diagnostics } = parseTsigKeys("k", text);
    expect(diagnostics).to.deep.equal([]);
    expect(keys.map(({ name, algorithm }) => `${formatName(name)} ${algorithm}`)).to.deep.equal([
      "Transfer.Key. hmac-sha256",
      "longer. hmac-sha512",
    ]);
    expect(Buffer.from(keys[0]?.secret ?? []).toString()).to.equal("0123456789abcdef");
    expect(keyNamed(keys, "transfer.key")).to.equal(keys[0]);
    expect(keyNamed(keys, "other.key")).to.equal(undefined);
  });

  const faults: readonly (readonly [string, string])[] = [
    ["a hmac-sha256", "k:1:1: expected 'name algorithm secret', found 2 words"],
    [`a..b hmac-sha256 ${SECRET}`, "k:1:1: 'a..b' is no key's name: name 'a..b' has an empty label"],
    [
      `a hmac-sha265 ${SECRET}`,
      "k:1:3: 'hmac-sha265' is none of the algorithms hmac-sha256 hmac-sha512; did you mean 'hmac-sha256'?",
    ],
    [`a hmac-md5 ${SECRET}`, "k:1:3: 'hmac-md5' is none of the algorithms hmac-sha256 hmac-sha512"],
    [`a ${SECRET} hmac-sha256`, "k:1:3: expected one of the algorithms hmac-sha256 hmac-sha512"],
    ["a hmac-sha256 not-base64", "k:1:15: the secret is not base 64"],
    ["a hmac-sha256 QUJD", "k:1:15: the secret has 3 octets, and 16 are the least"],
    [`a hmac-sha256 ${SECRET}\nA. hmac-sha512 ${SECRET}`, "k:2:1: the key 'A.' is given more than once"],
  ];
  for (const [text, message] of faults) {
    it(message, () => {
      const found = parseTsigKeys("k", text).diagnostics.map(formatDiagnostic);
      expect(found).to.have.length(1);
      expect(found[0]).to.satisfy((said: string) => said.startsWith(message));
    });
  }
});

describe("readTsigKeys()", () => {
  const folder = useTemporaryFolders();
  const cases: readonly (readonly [what: string, text: string, mode: number, message: string])[] = [
    ["a file that others may read", `a hmac-sha256 ${SECRET}`, 0o640, "its mode has to be 0600"],
    ["a file without keys", "# none yet\n", 0o600, "there is none"],
    ["a faulty file", "a\nb\n", 0o600, "2 errors in the keys of transfers"],
  ];
  for (const [what, text, mode, message] of cases) {
    it(`refuses ${what}`, () => {
      const path = join(folder(), "keys");
      writeFileSync(path, text);
      chmodSync(path, mode);
      const read = readTsigKeys(path);
      expect(read.ok ? "" : read.message).to.include(message);
    });
  }

  it("refuses a file that is not there, and takes one that is right", () => {
    const path = join(folder(), "keys");
    const missing = readTsigKeys(path);
    expect(missing.ok ? "" : missing.message).to.match(
      /^Cannot read the keys of transfers: .*no such file or directory$/,
    );
    writeFileSync(path, `a hmac-sha256 ${SECRET}`, { mode: 0o600 });
    expect(readTsigKeys(path).ok).to.equal(true);
  });
});
