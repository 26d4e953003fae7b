import { expect } from "chai";
import { describe, it } from "mocha";
import { ROOT } from "../../../src/dns/name.ts";
import { IPV4_HINT, IPV6_HINT, paramAt, paramsAt, takesHints } from "../../../src/dns/rdata/svc-hints.ts";
import { parseRdata } from "../../../src/dns/rdata.ts";
import { TYPE } from "../../../src/dns/types.ts";
import { tokensOf } from "./tokens.ts";

function rdataOf(text: string): Uint8Array {
  const parsed = parseRdata(TYPE.HTTPS, tokensOf(text), ROOT);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.rdata;
}

describe("takesHints()", () => {
  const ROWS: readonly (readonly [text: string, takes: boolean])[] = [
    ["1 .", true],
    ["1 www.example. alpn=h2 port=8443 key7=x", true],
    ["0 www.example.", false],
    ["1 . ipv4hint=192.0.2.1", false],
    ["1 . alpn=h2 ipv6hint=2001:db8::1", false],
    ["1 . ech=AAAA", true],
    ["65535 . key65280=x", true],
  ];
  for (const [text, takes] of ROWS) {
    it(`'${text}': ${takes ? "yes" : "no"}`, () => {
      expect(takesHints(rdataOf(text))).to.equal(takes);
    });
  }
});

describe("paramAt()", () => {
  /** Octets of parameters before the place: alpn=h2 takes 7, port 6, ech=AAAA 7. */
  const ROWS: readonly (readonly [text: string, ipv4: number, ipv6: number])[] = [
    ["1 .", 0, 0],
    ["1 . alpn=h2", 7, 7],
    ["1 www.example. alpn=h2 port=8443 ech=AAAA", 13, 20],
    ["1 . ech=AAAA key7=x", 0, 7],
    ["1 . key7=x", 0, 0],
  ];
  for (const [text, ipv4, ipv6] of ROWS) {
    it(`'${text}': ${ipv4} and ${ipv6}`, () => {
      const rdata = rdataOf(text);
      const params = paramsAt(rdata, 0);
      const places = [IPV4_HINT, IPV6_HINT].map((key) => paramAt(rdata, params, rdata.length, key) - params);
      expect(places).to.deep.equal([ipv4, ipv6]);
    });
  }
});
