import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { TRANSPORT } from "../../../src/answer/answer.ts";
import { MAX_NSID_OCTETS } from "../../../src/answer/settings.ts";
import { nameOf } from "../../../src/dns/name.ts";
import { findTsig } from "../../../src/dns/tsig.ts";
import type { TsigKey } from "../../../src/dns/tsig-key.ts";
import { verifyResponse } from "../../../src/dns/tsig-verify.ts";
import { keyedHash } from "../../../src/server/keyed-hash.ts";
import { createAsker, NOW_MS, SETTINGS } from "../../support/answering.ts";
import { join, opt, option, packet, query, question, summary } from "../../support/packets.ts";
import { sampleImage } from "../../support/sample-zones.ts";
import { KEYS, SHA256_KEY, SHA512_KEY, signedQuery } from "../../support/tsig.ts";

const image = sampleImage();
const NOW = NOW_MS / 1_000;
/** With as long a name as is sent, and cookies. */
const nsid = new Uint8Array(MAX_NSID_OCTETS).fill(0x6e);
const settings = { current: { ...SETTINGS, nsid, cookieSecrets: [new Uint8Array(16)], tsigKeys: KEYS } };
const { ask } = createAsker(() => image, { settings, keyedHash });
const WWW = query("www.example.", "A");
const LONGEST_NAME = nameOf(`${`${"n".repeat(63)}.`.repeat(3)}${"n".repeat(61)}.`);

/** The reply in words, and what its TSIG is worth to who asked. */
function asked(message: Uint8Array, key: TsigKey, transport: 0 | 1 = TRANSPORT.udp): string {
  const { octets, mac } = signedQuery(message, key, NOW);
  const reply = ask(octets, { transport });
  if (reply === undefined) return "drop";
  const verdict = verifyResponse(reply, key, mac, keyedHash, NOW);
  const found = findTsig(reply);
  const error = found.kind === "found" ? found.tsig.error : "none";
  return `${summary(reply)} | ${verdict.kind} ${error}`;
}

describe("answer() to signed queries", () => {
  const cases: readonly (readonly [what: string, message: Uint8Array, key: TsigKey, reply: string])[] = [
    ["a name that exists", WWW, SHA256_KEY, "NOERROR aa qd=1 an=2 ar=1 | valid 0"],
    ["by the other algorithm", WWW, SHA512_KEY, "NOERROR aa qd=1 an=2 ar=1 | valid 0"],
    ["with EDNS", query("www.example.", "A", opt()), SHA256_KEY, "NOERROR aa qd=1 an=2 ar=1 opt | valid 0"],
    ["a policy", query("fail.example.", "A"), SHA256_KEY, "NOERROR aa qd=1 an=1 ar=1 | valid 0"],
    [
      "a name that does not exist",
      query("no.example.", "A"),
      SHA256_KEY,
      "NXDOMAIN aa qd=1 an=0 ns=SOA ar=1 | valid 0",
    ],
    ["a name outside", query("www.test.", "A"), SHA256_KEY, "REFUSED qd=1 an=0 ar=1 | valid 0"],
    [
      "a transfer, which goes another way",
      query("example.", "AXFR"),
      SHA256_KEY,
      "REFUSED qd=1 an=0 ar=1 | valid 0",
    ],
    [
      "EDNS version 1",
      query("www.example.", "A", opt({ version: 1 })),
      SHA256_KEY,
      "BADVERS qd=1 an=0 ar=1 opt | valid 0",
    ],
    [
      "NOTIFY",
      packet({ flags: 4 << 11, question: question("example.", "SOA") }),
      SHA256_KEY,
      "NOTIMP qd=1 an=0 ar=1 | valid 0",
    ],
    ["more than fits", query("big.example.", "A"), SHA256_KEY, "NOERROR aa tc qd=1 an=0 ar=1 | valid 0"],
    [
      "a key that we do not have",
      WWW,
      { ...SHA256_KEY, name: nameOf("other.") },
      "NOTAUTH qd=1 an=0 ar=1 | malformed 17",
    ],
    [
      "another secret",
      WWW,
      { ...SHA256_KEY, secret: new Uint8Array(32) },
      "NOTAUTH qd=1 an=0 ar=1 | malformed 16",
    ],
    [
      "everything as long as it can be",
      longest(),
      { ...SHA512_KEY, name: LONGEST_NAME },
      "NOTAUTH qd=1 an=0 ar=1 opt | malformed 17",
    ],
  ];
  for (const [what, message, key, reply] of cases) {
    it(what, () => expect(asked(message, key)).to.equal(reply));
  }

  it("over TCP", () => {
    const reply = asked(query("big.example.", "A"), SHA256_KEY, TRANSPORT.tcp);
    expect(reply).to.equal("NOERROR aa qd=1 an=100 ar=1 | valid 0");
  });

  it("knows no key without a hash", () => {
    const without = createAsker(() => image, { settings });
    const reply = without.ask(signedQuery(WWW, SHA256_KEY, NOW).octets);
    expect(summary(reply)).to.equal("NOTAUTH qd=1 an=0 ar=1");
  });

  it("keeps to its slot whatever the TSIG holds", () => {
    const { octets } = signedQuery(longest(), { ...SHA256_KEY, name: LONGEST_NAME }, NOW);
    fc.assert(
      fc.property(fc.nat(octets.length - 1), fc.nat(255), (at, octet) => {
        ask(octets.with(at, octet));
      }),
    );
  });
});

/** A long name, every option that is answered, and no room: 512 octets. */
function longest(): Uint8Array {
  const name = `${`${"a".repeat(63)}.`.repeat(3)}${"b".repeat(53)}.example.`;
  const options = [
    option(3),
    option(8, 0, 2, 128, 0, ...Array.from({ length: 16 }, () => 1)),
    option(10, ...Array.from({ length: 8 }, () => 2)),
  ];
  return join(query(name, "A", opt({ size: 512, options })));
}
