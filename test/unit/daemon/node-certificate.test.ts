import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { pino } from "pino";
import { openNodeCertificate } from "../../../src/daemon/node-certificate.ts";
import { needPeers } from "../../peers.ts";
import { type Certificates, makeCertificates } from "../probe/certificates.ts";

describe("openNodeCertificate()", () => {
  let certificates: Certificates;
  before(function () {
    needPeers.call(this, "openssl");
    certificates = makeCertificates();
  });
  after(() => certificates?.remove());

  it("says once that a new certificate is refused, for its own line may be what changes in the folder", () => {
    const logged: string[] = [];
    const files = {
      certificate: join(certificates.folder, "node.crt"),
      key: join(certificates.folder, "node.key"),
    };
    const write = (certificate: string): void => {
      writeFileSync(files.certificate, certificate);
      writeFileSync(files.key, certificates.good.key);
    };
    write(certificates.good.cert);
    const log = pino({}, { write: (line: string) => void logged.push(JSON.parse(line).msg) });
    const opened = openNodeCertificate(files, Date.now, log);
    if (!opened.ok) throw new Error(opened.message);
    const refused = "the node's new certificate is refused, the old one stays";
    const cases: [certificate: string, lines: string[]][] = [
      ["none", [refused]],
      [certificates.expired.cert, [refused]],
      [certificates.good.cert, []],
      ["none", [refused]],
    ];
    for (const [certificate, lines] of cases) {
      logged.length = 0;
      write(certificate);
      for (let count = 0; count < 3; count++) opened.certificate.reload();
      expect(logged).to.deep.equal(lines);
      expect(opened.certificate.read().loadSuccess).to.equal(lines.length === 0);
    }
  });
});
