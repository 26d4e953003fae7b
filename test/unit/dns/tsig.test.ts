import { createHmac } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { nameOf } from "../../../src/dns/name.ts";
import { appendTsig, findTsig, TSIG_ERROR, type Tsig, writeTsig } from "../../../src/dns/tsig.ts";
import { ResponseSigner, signRequest } from "../../../src/dns/tsig-sign.ts";
import { verifyRequest, verifyResponse } from "../../../src/dns/tsig-verify.ts";
import { keyedHash } from "../../../src/server/keyed-hash.ts";
import { join, opt, packet, query, question, u16 } from "../../support/packets.ts";
import { KEYS, SHA256_KEY, SHA512_KEY, signedQuery } from "../../support/tsig.ts";

const NOW = 1_795_000_000;
const QUERY = query("www.example.", "A");

/** Shorthand for what a test expects of a verdict. */
function verdictOf(message: Uint8Array, nowSeconds = NOW): string {
  const verdict = verifyRequest(message, KEYS, keyedHash, nowSeconds);
  if (verdict.kind !== "refused") return verdict.kind;
  const [error] = Object.entries(TSIG_ERROR).find(([, code]) => code === verdict.error) ?? ["?"];
  return `${error}${verdict.key === undefined ? "" : " signed"}`;
}

/** A signed query, its TSIG replaced by one that differs as said, and signed no more. */
function changed(change: Partial<Tsig>): Uint8Array {
  const signed = findTsig(signedQuery(QUERY, SHA256_KEY, NOW).octets);
  if (signed.kind !== "found") throw new Error("not signed");
  return appendTsig(QUERY, writeTsig({ ...signed.tsig, ...change }));
}

describe("verifyRequest()", () => {
  const { octets } = signedQuery(QUERY, SHA256_KEY, NOW);
  const flipped = (at: number): Uint8Array => octets.with(at, (octets[at] ?? 0) ^ 1);
  const mac = new Uint8Array(32);
  const cases: readonly (readonly [what: string, message: Uint8Array, verdict: string, now?: number])[] = [
    ["no TSIG", QUERY, "unsigned"],
    ["a good one, SHA-256", octets, "valid"],
    ["a good one, SHA-512", signedQuery(QUERY, SHA512_KEY, NOW).octets, "valid"],
    ["one behind an OPT", signedQuery(query("a.", "A", opt()), SHA256_KEY, NOW).octets, "valid"],
    ["a key's name in capitals", changed({ keyName: nameOf("TRANSFER.KEY.") }), "valid"],
    ["another identifier, as behind a forwarder", join(u16(7), octets.subarray(2)), "valid"],
    ["300 s early", octets, "valid", NOW - 300],
    ["300 s late", octets, "valid", NOW + 300],
    ["301 s early", octets, "BADTIME signed", NOW - 301],
    ["301 s late", octets, "BADTIME signed", NOW + 301],
    ["a key that we do not have", changed({ keyName: nameOf("other.key.") }), "BADKEY"],
    ["a key of another algorithm", changed({ algorithm: nameOf("hmac-sha512.") }), "BADKEY"],
    ["an algorithm that we do not have", changed({ algorithm: nameOf("hmac-md5.") }), "BADKEY"],
    ["another question", flipped(13), "BADSIG"],
    ["another flag", flipped(2), "BADSIG"],
    ["another time", changed({ timeSigned: NOW + 1 }), "BADSIG"],
    ["another fudge", changed({ fudgeSeconds: 3_000 }), "BADSIG"],
    ["a MAC of zeros", changed({ mac }), "BADSIG"],
    ["a wrong MAC and a wrong time: the MAC comes first", changed({ mac, timeSigned: 1 }), "BADSIG"],
    ["half a MAC", changed({ mac: macOf(octets).slice(0, 16) }), "BADTRUNC signed"],
    ["half a MAC that is wrong", changed({ mac: mac.subarray(16) }), "BADSIG"],
    ["less than half a MAC", changed({ mac: macOf(octets).slice(0, 15) }), "malformed"],
    ["no MAC", changed({ mac: new Uint8Array(0) }), "malformed"],
    ["more than a MAC", changed({ mac: join(macOf(octets), mac) }), "malformed"],
    [
      "a record behind it",
      packet({ question: question("a.", "A"), additional: [tsigOf(octets), opt()] }),
      "malformed",
    ],
    [
      "two of them",
      packet({ question: question("a.", "A"), additional: [tsigOf(octets), tsigOf(octets)] }),
      "malformed",
    ],
    [
      "one among the answers",
      packet({ counts: [1, 1, 0, 0], question: join(question("a.", "A"), tsigOf(octets)) }),
      "malformed",
    ],
    ["a class other than ANY", octets.with(octets.length - tsigOf(octets).length + 17, 1), "malformed"],
    ["a TTL", octets.with(octets.length - tsigOf(octets).length + 21, 1), "malformed"],
  ];
  for (const [what, message, verdict, now] of cases) {
    it(`${what}: ${verdict}`, () => expect(verdictOf(message, now)).to.equal(verdict));
  }

  it("keeps nothing of the memory that the message lies in, and leaves that alone", () => {
    // A Buffer's `slice` is no copy, and a message is overwritten with its answer.
    const slot = Buffer.from(octets);
    const found = findTsig(slot);
    const expected = findTsig(octets);
    expect(verifyRequest(slot, KEYS, keyedHash, NOW).kind).to.equal("valid");
    expect(Uint8Array.from(slot)).to.deep.equal(octets);
    slot.fill(0);
    expect(found).to.deep.equal(expected);
  });

  it("takes no octets for a valid one, whatever they are, and never throws", () => {
    const anything = fc.uint8Array({ maxLength: 200 });
    fc.assert(fc.property(anything, (octets) => verdictOf(octets) !== "valid"));
  });

  it("takes no changed octet for a valid one, save in the identifier and in the case of names", () => {
    const nameAt = octets.length - tsigOf(octets).length;
    fc.assert(
      fc.property(fc.nat(octets.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const other = octets.with(at, (octets[at] ?? 0) ^ flip);
        const isIdentifier = at < 2;
        const isFoldedName = at >= nameAt && flip === 0x20;
        return isIdentifier || isFoldedName || verdictOf(other) !== "valid";
      }),
    );
  });
});

function tsigOf(message: Uint8Array): Uint8Array {
  const found = findTsig(message);
  if (found.kind !== "found") throw new Error("not signed");
  return message.slice(found.at);
}

function macOf(message: Uint8Array): Uint8Array {
  const found = findTsig(message);
  if (found.kind !== "found") throw new Error("not signed");
  return found.tsig.mac;
}

describe("signRequest()", () => {
  it("hashes the message, then the variables of RFC 8945 §4.3.3", () => {
    const { mac } = signRequest(QUERY, SHA256_KEY, keyedHash, NOW);
    const hmac = createHmac("sha256", SHA256_KEY.secret);
    hmac.update(QUERY);
    hmac.update(Buffer.from("\x08transfer\x03key\x00", "latin1"));
    hmac.update(Buffer.from("00ff00000000", "hex"));
    hmac.update(Buffer.from("\x0bhmac-sha256\x00", "latin1"));
    hmac.update(Buffer.from(`${NOW.toString(16).padStart(12, "0")}012c00000000`, "hex"));
    expect(Buffer.from(mac).toString("hex")).to.equal(hmac.digest("hex"));
  });
});

describe("ResponseSigner", () => {
  const request = signedQuery(QUERY, SHA512_KEY, NOW);
  const response = packet({ flags: 0x8400, question: question("www.example.", "A") });

  it("signs an answer over the request's MAC", () => {
    const verdict = verifyRequest(request.octets, KEYS, keyedHash, NOW);
    if (verdict.kind !== "valid") throw new Error(verdict.kind);
    const signer = new ResponseSigner(verdict, keyedHash);
    const record = signer.sign(response, NOW + 2);
    expect(record).to.have.length(signer.recordOctets);
    const signed = appendTsig(response, record);
    expect(verifyResponse(signed, SHA512_KEY, request.mac, keyedHash, NOW).kind).to.equal("valid");
    const replayed = verifyResponse(signed, SHA512_KEY, new Uint8Array(64), keyedHash, NOW);
    expect(replayed.kind).to.equal("refused");
  });

  const shapes: readonly (readonly [
    Uint8Array,
    Pick<Tsig, "error" | "timeSigned"> & { mac: number; other: string },
  ])[] = [
    [
      signedQuery(QUERY, { ...SHA256_KEY, name: nameOf("none.") }, NOW).octets,
      { error: 17, mac: 0, other: "", timeSigned: NOW },
    ],
    [
      signedQuery(QUERY, { ...SHA256_KEY, secret: new Uint8Array(8) }, NOW).octets,
      { error: 16, mac: 0, other: "", timeSigned: NOW },
    ],
    [
      signedQuery(QUERY, SHA256_KEY, NOW - 4_000).octets,
      { error: 18, mac: 32, other: NOW.toString(16).padStart(12, "0"), timeSigned: NOW - 4_000 },
    ],
    [
      changed({ mac: macOf(signedQuery(QUERY, SHA256_KEY, NOW).octets).slice(0, 20) }),
      { error: 22, mac: 32, other: "", timeSigned: NOW },
    ],
  ];
  for (const [message, expected] of shapes) {
    it(`says error ${expected.error} in the shape of RFC 8945 §5.2`, () => {
      const verdict = verifyRequest(message, KEYS, keyedHash, NOW);
      if (verdict.kind !== "refused") throw new Error(verdict.kind);
      const signer = new ResponseSigner(verdict, keyedHash);
      const record = signer.sign(response, NOW);
      expect(record).to.have.length(signer.recordOctets);
      const found = findTsig(appendTsig(response, record));
      if (found.kind !== "found") throw new Error(found.kind);
      const { error, mac, other, timeSigned } = found.tsig;
      expect({ error, mac: mac.length, other: Buffer.from(other).toString("hex"), timeSigned }).to.deep.equal(
        expected,
      );
    });
  }
});
