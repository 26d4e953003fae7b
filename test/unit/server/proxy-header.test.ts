import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { createClientAddress, setClientAddress } from "../../../src/answer/client-address.ts";
import { formatIp } from "../../../src/dns/address.ts";
import { MAX_PROXY_HEADER_OCTETS, readProxyHeader } from "../../../src/server/proxy-header.ts";
import { type HeaderChanges, proxyHeader } from "../../support/proxy-headers.ts";

const PEER = "192.0.2.1";

function read(octets: Uint8Array, way: "stream" | "datagram" = "stream"): [length: number, client: string] {
  const client = createClientAddress();
  setClientAddress(client, PEER);
  const length = readProxyHeader(octets, 0, octets.length, way, client);
  return [length, formatIp(client.octets.subarray(0, client.length))];
}

describe("readProxyHeader()", () => {
  const sound: [what: string, octets: Buffer, way: "stream" | "datagram", client: string][] = [
    ["an IPv4 client", proxyHeader("198.51.100.7"), "stream", "198.51.100.7"],
    ["an IPv6 client", proxyHeader("2001:db8::7"), "stream", "2001:db8::7"],
    ["an IPv4 client in IPv6 clothes", proxyHeader("::ffff:198.51.100.7"), "stream", "198.51.100.7"],
    ["a client of datagrams", proxyHeader("198.51.100.7", 2), "datagram", "198.51.100.7"],
    [
      "what else a balancer says",
      proxyHeader("198.51.100.7", 1, { more: new Uint8Array(300) }),
      "stream",
      "198.51.100.7",
    ],
    [
      "itself, as in health checks",
      proxyHeader("198.51.100.7", 1, { versionAndCommand: 0x20 }),
      "stream",
      PEER,
    ],
    ["itself, without an address", proxyHeader("", 1, { versionAndCommand: 0x20 }), "stream", PEER],
    ["nobody in particular", proxyHeader(""), "stream", PEER],
  ];
  for (const [what, octets, way, client] of sound) {
    it(`reads a header that speaks for ${what}, whatever stands behind it`, () => {
      expect(read(octets, way)).to.deep.equal([octets.length, client]);
      expect(read(Buffer.concat([octets, Buffer.from("query")]), way)).to.deep.equal([octets.length, client]);
    });

    it(`waits for the rest of one that speaks for ${what}`, () => {
      for (let length = 0; length < octets.length; length++) {
        expect(read(octets.subarray(0, length), way)).to.deep.equal([0, PEER]);
      }
    });
  }

  const faulty: [what: string, changes: HeaderChanges, source?: string][] = [
    ["another signature", { signature: Buffer.from("\r\n\r\n\0\r\nQUIX\n", "latin1") }],
    ["version 1", { signature: Buffer.from("PROXY TCP4 1"), versionAndCommand: 0x21 }],
    ["version 3", { versionAndCommand: 0x31 }],
    ["an unknown command", { versionAndCommand: 0x22 }],
    ["a UNIX socket", { familyAndTransport: 0x31 }],
    ["an unknown family", { familyAndTransport: 0x41 }],
    ["the other transport", { familyAndTransport: 0x12 }],
    ["less than its addresses", { length: 11 }],
    ["less than its IPv6 addresses", { length: 35 }, "2001:db8::7"],
    ["more than a header holds", { length: MAX_PROXY_HEADER_OCTETS - 15 }],
  ];
  for (const [what, changes, source = "198.51.100.7"] of faulty) {
    it(`refuses ${what}`, () => {
      expect(read(proxyHeader(source, 1, changes))[0]).to.equal(-1);
    });
  }

  it("never reads beyond what it is given, whatever that is", () => {
    const tail = fc.uint8Array({ maxLength: 80 });
    const octets = fc.oneof(
      tail,
      tail.map((more) => Buffer.concat([proxyHeader("").subarray(0, 12), more])),
    );
    fc.assert(
      fc.property(octets, (given) => {
        const [length] = read(given);
        expect(length).to.be.within(-1, given.length);
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });
});
