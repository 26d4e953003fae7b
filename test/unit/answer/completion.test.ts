/** `minimal-responses: no`: what stands in the authority and additional sections beside an answer. */

import { expect } from "chai";
import { describe, it } from "mocha";
import { TRANSPORT } from "../../../src/answer/answer.ts";
import { formatName } from "../../../src/dns/name.ts";
import { formatRdata } from "../../../src/dns/rdata.ts";
import { formatType } from "../../../src/dns/types.ts";
import { createAsker, SETTINGS } from "../../support/answering.ts";
import { opt, parsed, query, summary } from "../../support/packets.ts";
import { imageOf } from "../../support/sample-zones.ts";
import { zoneSetOf } from "../../support/zones.ts";

const HEAD = "$TTL 300\n@ 3600 SOA ns1 hostmaster ( 1 3600 600 86400 60 )\n";
const ZONE = `${HEAD}
@       NS   ns1
@       NS   ns.other.test.
@       NS   far.elsewhere.
ns1     A    192.0.2.53
ns1     AAAA 2001:db8::53
www     A    192.0.2.1
alias   CNAME www
out     CNAME www.elsewhere.
mail    MX   10 mx1
mail    MX   20 mx2
mail    MX   30 far.elsewhere.
mx1     A    192.0.2.25
mx2     AAAA 2001:db8::25
_s._tcp SRV  0 0 53 ns1
_s._tcp SRV  0 0 80 policy
sub     NS   ns.sub
ns.sub  A    192.0.2.54
*.wild  A    192.0.2.2
${Array.from({ length: 74 }, (_, at) => `mid A 198.51.100.${at + 1}`).join("\n")}
${Array.from({ length: 100 }, (_, at) => `big A 198.51.100.${at + 1}`).join("\n")}
$POOL one monitor=none
    a 203.0.113.1
policy  POLICY one
`;
const OTHER = `${HEAD}
@  NS ns
ns A  198.51.100.53
`;

const image = imageOf(zoneSetOf({ "example.zone": ZONE, "other.test.zone": OTHER }));
const full = createAsker(() => image, { settings: { current: { ...SETTINGS, minimalResponses: false } } });
const minimal = createAsker(() => image);

const NS = ["example. NS far.elsewhere.", "example. NS ns.other.test.", "example. NS ns1.example."];
const NS_ADDRESSES = [
  "ns.other.test. A 198.51.100.53",
  "ns1.example. A 192.0.2.53",
  "ns1.example. AAAA 2001:db8::53",
];

const ROWS: readonly (readonly [
  name: string,
  type: string,
  authority: readonly string[],
  additional: readonly string[],
])[] = [
  ["www.example.", "A", NS, NS_ADDRESSES],
  ["policy.example.", "A", NS, NS_ADDRESSES],
  ["x.wild.example.", "A", NS, NS_ADDRESSES],
  ["alias.example.", "A", NS, NS_ADDRESSES],
  ["alias.example.", "CNAME", NS, NS_ADDRESSES],
  ["out.example.", "A", [], []],
  ["example.", "NS", [], NS_ADDRESSES],
  ["example.", "SOA", NS, NS_ADDRESSES],
  [
    "mail.example.",
    "MX",
    NS,
    [...NS_ADDRESSES, "mx1.example. A 192.0.2.25", "mx2.example. AAAA 2001:db8::25"],
  ],
  ["_s._tcp.example.", "SRV", NS, NS_ADDRESSES],
  ["ns1.example.", "A", NS, NS_ADDRESSES.filter((record) => record !== "ns1.example. A 192.0.2.53")],
  ["ns.other.test.", "A", ["other.test. NS ns.other.test."], []],
  ["missing.example.", "A", ["example. SOA ns1.example. hostmaster.example. 1 3600 600 86400 60"], []],
  ["www.example.", "MX", ["example. SOA ns1.example. hostmaster.example. 1 3600 600 86400 60"], []],
  ["x.sub.example.", "A", ["sub.example. NS ns.sub.example."], ["ns.sub.example. A 192.0.2.54"]],
];

describe("answer() with minimal-responses: no", () => {
  for (const [name, type, authority, additional] of ROWS) {
    it(`${name} ${type}: ${authority.length} and ${additional.length} more`, () => {
      const octets = query(name, type);
      const message = parsed(full.ask(octets) ?? octets);
      const text = (records: typeof message.answers): string[] =>
        records
          .map(
            ({ owner, type, rdata }) =>
              `${formatName(owner)} ${formatType(type)} ${formatRdata(type, rdata)}`,
          )
          .sort();
      expect(text(message.authorities)).to.deep.equal([...authority]);
      expect(text(message.additionals)).to.deep.equal([...additional].sort());
      expect(text(message.answers)).to.deep.equal(text(parsed(minimal.ask(octets) ?? octets).answers));
    });
  }

  it("leaves out what does not fit, without TC", () => {
    expect(summary(full.ask(query("mid.example.", "A", opt())))).to.equal("NOERROR aa qd=1 an=74 opt");
    expect(summary(full.ask(query("big.example.", "A", opt())))).to.equal("NOERROR aa tc qd=1 an=0 opt");
    expect(summary(full.ask(query("big.example.", "A"), { transport: TRANSPORT.tcp }))).to.equal(
      "NOERROR aa qd=1 an=100 ns=NS,NS,NS ar=3",
    );
  });
});
