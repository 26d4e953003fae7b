/** A node with every feature that a packet can meet switched on, save for the one that withholds replies, RRL. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UdpTransport } from "../../src/server/udp-servers.ts";
import { peerPath } from "../peers.ts";
import { type Fairlead, startFairlead } from "../support/peers/fairlead.ts";
import { freePort } from "../support/peers/network.ts";
import { PLAIN_FILES } from "../support/sample-zones.ts";
import { KEYS, keyFileLine } from "../support/tsig.ts";
import { makeCertificates } from "../unit/probe/certificates.ts";

/** From here connections and datagrams come behind a PROXY header. */
export const BALANCER = "127.0.0.2";

/** One of the policies does, and an operator is to know. */
const FAILS_OPEN = '"event":"policy"';

/** Every kind of policy, some whose answer depends on the client, one that fails open and one that fails. */
const POLICIES = `$TTL 300
@       SOA ns1.example. hostmaster ( 1 1h 10m 2w 30 )
@       NS  ns1.example.
$MONITOR closed tcp port=1 every=1s timeout=100ms fall=1
$POOL near monitor=none answers=2
    a 203.0.113.1 2001:db8::1
    b 203.0.113.2 weight=3
    c 203.0.113.3
$POOL far monitor=none
    d 198.51.100.1
$POOL dead monitor=closed
    e 127.0.0.1
geo     30     POLICY geo ( net:10.0.0.0/8=near net:10.1.0.0/16=far net:2001:db8::/32=far *=far )
order   30/10  POLICY failover ( dead near )
draw    30     POLICY weighted ( near=70 far=30 )
stick   30     POLICY sticky ( near=1 far=1 )
both    30     POLICY all ( near far )
open    30     POLICY dead
silent  30     POLICY dead when-down=nodata
broken  30     POLICY dead when-down=servfail
*.any   30     POLICY draw-by-name
toopen  CNAME  open
$POLICY draw-by-name weighted ( near=1 far=2 )
`;

export const NAMES = [
  "fuzz.test.",
  ..."www big mid alias chain dangling toloop x.wild y.x.wild sub x.sub here.moved odd wide apart missing ent"
    .split(" ")
    .map((name) => `${name}.example.`),
  ..."geo order draw stick both open silent broken x.any toopen none"
    .split(" ")
    .map((name) => `${name}.fuzz.test.`),
  "long.second.test.",
  "x.long.second.test.",
  "example.",
  ".",
  "id.server.",
] as const;

export interface EverythingOn {
  readonly node: Fairlead;
  /** Where openssl is not installed there is no certificate, and then neither TLS nor HTTPS. */
  readonly tlsPort: number | undefined;
  readonly httpsPort: number | undefined;
  /** What the node has written that is worse than a warning, and a stack. */
  readonly errors: () => string[];
  readonly stop: () => Promise<void>;
}

export async function startEverythingOn(udpTransport: UdpTransport): Promise<EverythingOn> {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-fuzz-"));
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const certificates = peerPath("openssl") === undefined ? undefined : makeCertificates();
  const [tlsPort, httpsPort] = certificates === undefined ? [] : [await freePort(), await freePort()];
  const tls: string[] = [];
  if (certificates !== undefined) {
    tls.push("--listen-tls", `127.0.0.1:${tlsPort}`, "--listen-https", `127.0.0.1:${httpsPort}`);
    tls.push("--tls-certificate", await write("node.crt", certificates.good.cert));
    tls.push("--tls-key", await write("node.key", certificates.good.key));
    certificates.remove();
  }
  const secrets = await write(
    "secrets",
    "00112233445566778899aabbccddeeff\nffeeddccbbaa99887766554433221100\n",
  );
  const keys = await write("keys", KEYS.map(keyFileLine).join(""));
  const node = await startFairlead({
    zones: { ...PLAIN_FILES, "fuzz.test.zone": POLICIES },
    udpTransport,
    flags: ["--node", "fuzz-node", "--workers", "2", ...tls],
    config: `cookies: { secret-file: ${secrets} }
explain-networks: 127.0.0.0/8
minimal-responses: no
server-id: fuzz
server-version: fuzz
transfer: { networks: [127.0.0.0/8], keys: ${keys} }
proxy-protocol: { networks: [${BALANCER}/32] }
`,
  });
  return {
    node,
    tlsPort,
    httpsPort,
    errors: () =>
      node.program
        .output()
        .split("\n")
        .filter((line) => /"level":"(error|fatal)"|^\s+at /.test(line) && !line.includes(FAILS_OPEN)),
    stop: async () => {
      await node.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
