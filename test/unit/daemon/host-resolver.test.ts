/** Against a real server: NSD answers, and refuses. */

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { createHostResolver, type HostResolver } from "../../../src/daemon/host-resolver.ts";
import type { FamilyAnswer } from "../../../src/daemon/host-state.ts";
import { freePort } from "../../support/peers/network.ts";
import { type Nsd, startNsd } from "../../support/peers/nsd.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

const ZONE = `$TTL 300
@ SOA ns hostmaster 1 1h 10m 2w 30
@ NS ns
ns A 127.0.0.1
both 40 A 192.0.2.2
both 40 A 192.0.2.1
both 90 AAAA 2001:db8::1
v4 60 A 192.0.2.4
alias 20 CNAME middle
middle 70 CNAME v4
bare TXT "x"
blocked A 0.0.0.0
`;

function said(answer: FamilyAnswer): string {
  if (answer.kind !== "addresses") return `${answer.kind}: ${answer.reason}`;
  return `${answer.addresses.map(({ text }) => text).join(" ")} for ${answer.ttlSeconds} s`;
}

describe("createHostResolver()", () => {
  const folder = useTemporaryFolders();
  let nsd: Nsd;
  let resolver: HostResolver;

  before(async () => {
    nsd = await startNsd(new Map([["example.net.", ZONE]]));
  });
  after(() => nsd.end());

  const rows: readonly [name: string, a: string, aaaa: string, aliases: string][] = [
    ["both.example.net.", "192.0.2.2 192.0.2.1 for 40 s", "2001:db8::1 for 90 s", ""],
    ["v4.example.net.", "192.0.2.4 for 60 s", "none: the name has no address", ""],
    [
      "alias.example.net.",
      "192.0.2.4 for 20 s",
      "none: the name has no address",
      "middle.example.net. v4.example.net.",
    ],
    ["bare.example.net.", "none: the name has no address", "none: the name has no address", ""],
    ["blocked.example.net.", "none: the name has no address", "none: the name has no address", ""],
    ["no.example.net.", "none: the name does not exist", "none: the name does not exist", ""],
    [
      "www.example.org.",
      "failed: the resolver answered REFUSED",
      "failed: the resolver answered REFUSED",
      "",
    ],
  ];
  for (const [name, a, aaaa, aliases] of rows) {
    it(`asks the configured resolver: ${name} is ${a}; ${aaaa}`, async () => {
      resolver = createHostResolver({ servers: [{ address: nsd.address, port: nsd.port }] });
      const resolution = await resolver.resolve(name);
      // A server may give the records of a set in any order.
      const sorted = said(resolution.answer.ipv4).replace("192.0.2.1 192.0.2.2", "192.0.2.2 192.0.2.1");
      expect([sorted, said(resolution.answer.ipv6), resolution.aliases.join(" ")]).to.deep.equal([
        a,
        aaaa,
        aliases,
      ]);
    });
  }

  it("says so where no resolver can be reached", async () => {
    const gone = { address: "127.0.0.1", port: await freePort() };
    const { answer } = await createHostResolver({ servers: [gone] }).resolve("both.example.net.");
    expect(said(answer.ipv4)).to.equal("failed: no resolver can be reached");
  });

  it("looks into the hosts file first, and only where no resolver is configured", async () => {
    const hostsFile = join(folder(), "hosts");
    writeFileSync(hostsFile, "# 192.0.2.66 both.example.net\n192.0.2.77 other BOTH.example.net # x\n");
    const bySystem = await createHostResolver({ servers: [], hostsFile }).resolve("both.example.net.");
    expect(said(bySystem.answer.ipv4)).to.equal("192.0.2.77 for 30 s");
    expect(said(bySystem.answer.ipv6)).to.equal("none: the name has no such address in the hosts file");
    const servers = [{ address: nsd.address, port: nsd.port }];
    const byResolver = await createHostResolver({ servers, hostsFile }).resolve("both.example.net.");
    expect(said(byResolver.answer.ipv4)).to.contain("for 40 s");
  });

  it("lets go of what is under way when it stops", async () => {
    const silent = createSocket("udp4");
    silent.bind(0, "127.0.0.1");
    await once(silent, "listening");
    const stuck = createHostResolver({ servers: [silent.address()] });
    const resolving = stuck.resolve("both.example.net.");
    await once(silent, "message");
    stuck.stop();
    expect(said((await resolving).answer.ipv4)).to.equal("failed: the node is stopping");
    silent.close();
  });
});
