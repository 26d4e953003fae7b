/** Whole messages, held against dns-packet and dns2 both ways: what one encodes, the other decodes. */

import { expect } from "chai";
import dnsPacket from "dns-packet";
import dns2 from "dns2";
import { describe, it } from "mocha";
import { EDNS_OPTION } from "../../../src/dns/edns-option.ts";
import { buildMessage, type Message, parseMessage, type ResourceRecord } from "../../../src/dns/message.ts";
import { formatName, nameOf } from "../../../src/dns/name.ts";
import { formatRdata, parseRdata } from "../../../src/dns/rdata.ts";
import { formatType, parseType, TYPE } from "../../../src/dns/types.ts";
import { fromHex, tokensOf } from "./tokens.ts";

const { Packet } = dns2;
const DIGEST = "ab".repeat(32);
const TTL_SECONDS = 300;

/** Our canonical text, and dns-packet's data for it. */
const DNS_PACKET: readonly [type: dnsPacket.RecordType, text: string, data: unknown][] = [
  ["A", "192.0.2.1", "192.0.2.1"],
  ["AAAA", "2001:db8::1", "2001:db8::1"],
  ["NS", "ns1.example.", "ns1.example"],
  ["CNAME", "other.example.", "other.example"],
  ["DNAME", "other.example.", "other.example"],
  ["PTR", "host.example.", "host.example"],
  ["MX", "10 mail.example.", { preference: 10, exchange: "mail.example" }],
  [
    "SOA",
    "ns1.example. admin.example. 7 3600 600 1209600 30",
    {
      mname: "ns1.example",
      rname: "admin.example",
      serial: 7,
      refresh: 3600,
      retry: 600,
      expire: 1_209_600,
      minimum: 30,
    },
  ],
  ["TXT", '"a b" "\\255"', [Buffer.from("a b"), Buffer.of(255)]],
  ["HINFO", '"PC" "Unix"', { cpu: "PC", os: "Unix" }],
  ["RP", "admin.example. text.example.", { mbox: "admin.example", txt: "text.example" }],
  ["SRV", "1 2 443 www.example.", { priority: 1, weight: 2, port: 443, target: "www.example" }],
  [
    "NAPTR",
    '100 10 "u" "E2U+sip" "!^.*$!sip:a@b!" next.example.',
    {
      order: 100,
      preference: 10,
      flags: "u",
      services: "E2U+sip",
      regexp: "!^.*$!sip:a@b!",
      replacement: "next.example",
    },
  ],
  ["CAA", '128 issue "ca.example"', { flags: 128, tag: "issue", value: "ca.example", issuerCritical: true }],
  ["SSHFP", `4 2 ${DIGEST.toUpperCase()}`, { algorithm: 4, hash: 2, fingerprint: DIGEST.toUpperCase() }],
  [
    "TLSA",
    `3 1 1 ${DIGEST.toUpperCase()}`,
    { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.from(DIGEST, "hex") },
  ],
  [
    "DS",
    `60485 13 2 ${DIGEST.toUpperCase()}`,
    { keyTag: 60_485, algorithm: 13, digestType: 2, digest: Buffer.from(DIGEST, "hex") },
  ],
];

/** Our canonical text, and the fields of dns2's record. */
const DNS2: readonly [type: string, text: string, fields: Record<string, unknown>][] = [
  ["A", "192.0.2.1", { address: "192.0.2.1" }],
  ["AAAA", "2001:db8::1", { address: "2001:db8::1" }],
  ["NS", "ns1.example.", { ns: "ns1.example" }],
  ["CNAME", "other.example.", { domain: "other.example" }],
  ["PTR", "host.example.", { domain: "host.example" }],
  ["MX", "10 mail.example.", { exchange: "mail.example", priority: 10 }],
  ["TXT", '"v=spf1 -all"', { data: ["v=spf1 -all"] }],
  ["SPF", '"v=spf1 -all"', { data: ["v=spf1 -all"] }],
  [
    "SOA",
    "ns1.example. admin.example. 7 3600 600 1209600 30",
    {
      primary: "ns1.example",
      admin: "admin.example",
      serial: 7,
      refresh: 3600,
      retry: 600,
      expiration: 1_209_600,
      minimum: 30,
    },
  ],
  ["SRV", "1 2 443 www.example.", { priority: 1, weight: 2, port: 443, target: "www.example" }],
  ["CAA", '128 issue "ca.example"', { flags: 128, tag: "issue", value: "ca.example" }],
  // No codec for it there: carried as octets.
  ["DS", `60485 13 2 ${DIGEST.toUpperCase()}`, { data: Buffer.from(`ec450d02${DIGEST}`, "hex") }],
];

function recordOf(type: string, text: string): ResourceRecord {
  const code = parseType(type) ?? 0;
  const parsed = parseRdata(code, tokensOf(text), nameOf("."));
  if (!parsed.ok) throw new Error(parsed.message);
  return {
    owner: nameOf("www.example."),
    type: code,
    class: 1,
    ttlSeconds: TTL_SECONDS,
    rdata: parsed.rdata,
  };
}

function responseOf(answers: readonly ResourceRecord[]): Message {
  return {
    id: 4711,
    opcode: 0,
    rcode: 0,
    isResponse: true,
    isAuthoritative: true,
    isTruncated: false,
    recursionDesired: true,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: true,
    questions: [{ name: nameOf("www.example."), type: TYPE.A, class: 1 }],
    answers,
    authorities: [],
    additionals: [],
    edns: undefined,
  };
}

function textsOf(octets: Uint8Array): string[] {
  const parsed = parseMessage(octets);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.message.answers.map(
    ({ owner, type, rdata }) => `${formatName(owner)} ${formatType(type)} ${formatRdata(type, rdata)}`,
  );
}

describe("dns-packet", () => {
  const texts = DNS_PACKET.map(([type, text]) => `www.example. ${type} ${text}`);
  it("decodes what we encode", () => {
    const wire = buildMessage(responseOf(DNS_PACKET.map(([type, text]) => recordOf(type, text))));
    const decoded = dnsPacket.decode(Buffer.from(wire));
    const expected = DNS_PACKET.map(([type, , data]) => ({
      name: "www.example",
      type,
      ttl: TTL_SECONDS,
      data,
    }));
    const actual = (decoded.answers ?? []).map((answer) => ({
      name: answer.name,
      type: answer.type,
      ttl: "ttl" in answer ? answer.ttl : undefined,
      data: "data" in answer ? answer.data : undefined,
    }));
    expect(actual).to.deep.equal(expected);
    expect([decoded.id, decoded.flag_aa, decoded.flag_rd, decoded.flag_ra, decoded.flag_cd]).to.deep.equal([
      4711,
      true,
      true,
      false,
      true,
    ]);
    expect(decoded.questions).to.deep.equal([{ name: "www.example", type: "A", class: "IN" }]);
  });
  it("encodes what we decode", () => {
    const answers = DNS_PACKET.map(([type, , data]) => ({
      name: "www.example",
      type,
      ttl: TTL_SECONDS,
      data,
    }));
    // oxlint-disable-next-line no-unsafe-type-assertion -- the table pairs each type with its data
    const packet = { type: "response", id: 1, answers } as unknown as dnsPacket.Packet;
    expect(textsOf(dnsPacket.encode(packet))).to.deep.equal(texts);
  });
  it("agrees on EDNS", () => {
    const options = [
      {
        code: EDNS_OPTION.CLIENT_SUBNET,
        family: 1,
        sourcePrefixLength: 24,
        scopePrefixLength: 0,
        ip: "192.0.2.0",
      },
      { code: EDNS_OPTION.PADDING, length: 5 },
    ];
    const opt = {
      name: ".",
      type: "OPT",
      udpPayloadSize: 1232,
      extendedRcode: 1,
      ednsVersion: 0,
      flags: 0x8000,
      options,
    };
    // oxlint-disable-next-line no-unsafe-type-assertion -- its types ask for fields that encoding does not need
    const packet = { type: "response", id: 1, additionals: [opt] } as unknown as dnsPacket.Packet;
    const wire = dnsPacket.encode(packet);
    const parsed = parseMessage(wire);
    if (!parsed.ok) throw new Error(parsed.message);
    expect(parsed.message.rcode).to.equal(16);
    expect(parsed.message.edns).to.deep.equal({
      udpSize: 1232,
      version: 0,
      dnssecOk: true,
      reservedFlags: 0,
      options: [
        { kind: "client-subnet", address: fromHex("c0000200"), sourcePrefixBits: 24, scopePrefixBits: 0 },
        { kind: "padding", octetCount: 5 },
      ],
    });
    expect(dnsPacket.decode(Buffer.from(buildMessage(parsed.message))).additionals).to.deep.equal(
      dnsPacket.decode(wire).additionals,
    );
  });
});

describe("dns2", () => {
  it("decodes what we encode", () => {
    const wire = buildMessage(responseOf(DNS2.map(([type, text]) => recordOf(type, text))));
    const decoded = Packet.parse(Buffer.from(wire));
    expect(decoded.errors).to.deep.equal([]);
    expect(decoded.header).to.include({
      id: 4711,
      qr: 1,
      aa: 1,
      rd: 1,
      ra: 0,
      rcode: 0,
      ancount: DNS2.length,
    });
    for (const [index, [type, , fields]] of DNS2.entries()) {
      const common = { name: "www.example", type: parseType(type), class: 1, ttl: TTL_SECONDS };
      expect(decoded.answers[index], type).to.deep.include({ ...common, ...fields });
    }
  });
  it("encodes what we decode", () => {
    const packet = new Packet();
    packet.header.id = 1;
    for (const [type, , fields] of DNS2) {
      const base = { name: "www.example", type: parseType(type) ?? 0, class: 1, ttl: TTL_SECONDS };
      packet.answers.push(new Packet.Resource({ ...base, ...fields }));
    }
    expect(textsOf(packet.toBuffer())).to.deep.equal(
      DNS2.map(([type, text]) => `www.example. ${type} ${text}`),
    );
  });
});
