/** Files of authorities that are missing at first, renewed, and exchanged in more than one step. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, beforeEach, describe, it } from "mocha";
import { createTlsContexts, REREAD_MS, RETRY_MS, type TlsContexts } from "../../../src/probe/tls-context.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";

describe("createTlsContexts()", () => {
  let certificates: Certificates;
  let folder: string;
  let caFile: string;
  let nowMs: number;
  let contexts: TlsContexts;

  before(() => {
    certificates = makeCertificates();
    folder = mkdtempSync(join(tmpdir(), "fairlead-ca-"));
    caFile = join(folder, "ca.pem");
  });
  after(() => {
    certificates.remove();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    nowMs = 0;
    contexts = createTlsContexts(() => nowMs);
  });

  /** `good`, what it warns of, or why there is none. */
  async function said(): Promise<string> {
    const context = await contexts(caFile);
    return context.ok ? (context.warning ?? "good") : context.reason;
  }
  const trusted = async (): Promise<unknown> => {
    const context = await contexts(caFile);
    return context.ok ? context.secureContext : undefined;
  };
  const write = (identity: { readonly cert: string }): void => writeFileSync(caFile, identity.cert);

  it("goes on with what a file held while it is exchanged, says so, and takes the new one soon", async () => {
    write(certificates.selfSigned);
    expect(await said()).to.equal("good");
    const first = await trusted();
    rmSync(caFile);
    expect(await trusted()).to.equal(first);
    nowMs += REREAD_MS;
    const before = ": what it held before is used";
    expect(await said()).to.equal(`ca file ${caFile} cannot be read (ENOENT)${before}`);
    expect(await trusted()).to.equal(first);
    writeFileSync(caFile, "");
    nowMs += RETRY_MS;
    expect(await said()).to.equal(`ca file ${caFile} holds no certificate${before}`);
    write(certificates.good);
    nowMs += RETRY_MS;
    expect(await said()).to.equal("good");
    expect(await trusted()).to.not.equal(first);
  });

  it("takes a file that was missing at first as soon as it is there", async () => {
    rmSync(caFile, { force: true });
    expect(await said()).to.equal(`ca file ${caFile} cannot be read (ENOENT)`);
    write(certificates.good);
    nowMs += RETRY_MS;
    expect(await said()).to.equal("good");
  });
});
