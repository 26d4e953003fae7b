import { expect } from "chai";
import { describe, it } from "mocha";
import { judgeWrite } from "../../../src/admin/http/guard.ts";

interface Case {
  readonly what: string;
  readonly peer?: string;
  readonly hosts?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
  readonly outcome: "allowed" | 401 | 403;
}

const HERE = "127.0.0.1:9153";
const TOKEN = "correct-horse";

// The rows of the chart in src/admin/http/guard.ts, each with its variants.
const CASES: readonly Case[] = [
  { what: "no Host", hosts: [], outcome: 403 },
  { what: "no Host, with the token", hosts: [], token: TOKEN, headers: bearer(TOKEN), outcome: 403 },
  { what: "two Hosts", hosts: [HERE, "evil.example"], outcome: 403 },
  { what: "a foreign Origin", headers: { origin: "http://evil.example" }, outcome: 403 },
  {
    what: "a foreign Origin with the token",
    token: TOKEN,
    headers: { ...bearer(TOKEN), origin: "http://evil.example" },
    outcome: 403,
  },
  { what: "an Origin on another port", headers: { origin: "http://127.0.0.1:8080" }, outcome: 403 },
  {
    what: "an Origin that hides the own one",
    headers: { origin: `http://${HERE}@evil.example` },
    outcome: 403,
  },
  {
    what: "an Origin that begins as the own one",
    headers: { origin: `http://${HERE}.evil.example` },
    outcome: 403,
  },
  { what: "Origin null", headers: { origin: "null" }, outcome: 403 },
  { what: "an empty Origin", headers: { origin: "" }, outcome: 403 },
  { what: "two Origins", headers: { origin: `http://${HERE}, http://evil.example` }, outcome: 403 },
  { what: "a request of another site's page", headers: { "sec-fetch-site": "cross-site" }, outcome: 403 },
  { what: "a request of a sibling site's page", headers: { "sec-fetch-site": "same-site" }, outcome: 403 },
  { what: "a peer elsewhere", peer: "192.0.2.7", outcome: 403 },
  { what: "a peer elsewhere, over IPv6", peer: "2001:db8::7", outcome: 403 },
  { what: "a peer that only looks local", peer: "127.0.0.1.example", outcome: 403 },
  { what: "a peer without an address", peer: "", outcome: 403 },
  { what: "a forwarded request", headers: { "x-forwarded-for": "192.0.2.7" }, outcome: 403 },
  { what: "a forwarded request (RFC 7239)", headers: { forwarded: "for=192.0.2.7" }, outcome: 403 },
  {
    what: "a rebound name",
    hosts: ["evil.example:9153"],
    headers: { origin: "http://evil.example:9153" },
    outcome: 403,
  },
  { what: "a name that begins with localhost", hosts: ["localhost.evil.example"], outcome: 403 },
  { what: "a name that begins with an address", hosts: ["127.0.0.1.evil.example:9153"], outcome: 403 },
  { what: "a Host that is no host", hosts: ["127.0.0.1:9153/../evil"], outcome: 403 },
  { what: "a Host with a user", hosts: ["127.0.0.1@evil.example"], outcome: 403 },
  { what: "an empty Host", hosts: [""], outcome: 403 },
  { what: "the unspecified address as Host", hosts: ["0.0.0.0:9153"], outcome: 403 },
  { what: "loopback", outcome: "allowed" },
  { what: "loopback over IPv6", peer: "::1", hosts: ["[::1]:9153"], outcome: "allowed" },
  { what: "loopback on a socket of both families", peer: "::ffff:127.0.0.1", outcome: "allowed" },
  { what: "another loopback address", peer: "127.9.9.9", hosts: ["127.9.9.9"], outcome: "allowed" },
  { what: "localhost in capitals", hosts: ["LOCALHOST:9153"], outcome: "allowed" },
  { what: "the own Origin", headers: { origin: `http://${HERE}` }, outcome: "allowed" },
  {
    what: "the own page",
    headers: { origin: `http://${HERE}`, "sec-fetch-site": "same-origin" },
    outcome: "allowed",
  },
  {
    what: "the default port, left out",
    hosts: ["localhost:80"],
    headers: { origin: "http://localhost" },
    outcome: "allowed",
  },
  { what: "loopback without the token", token: TOKEN, outcome: 401 },
  { what: "a wrong token", token: TOKEN, headers: bearer("wrong"), outcome: 401 },
  { what: "a token that is longer", token: TOKEN, headers: bearer(`${TOKEN}x`), outcome: 401 },
  { what: "another scheme", token: TOKEN, headers: { authorization: `Basic ${TOKEN}` }, outcome: 401 },
  { what: "an empty token", token: TOKEN, headers: { authorization: "Bearer " }, outcome: 401 },
  { what: "the token", token: TOKEN, headers: bearer(TOKEN), outcome: "allowed" },
  {
    what: "the token from elsewhere, by name",
    token: TOKEN,
    peer: "192.0.2.7",
    hosts: ["ns1.example.com"],
    headers: bearer(TOKEN),
    outcome: "allowed",
  },
  {
    what: "the token through a proxy",
    token: TOKEN,
    hosts: ["fairlead.example.com"],
    headers: { ...bearer(TOKEN), "x-forwarded-for": "192.0.2.7", origin: "https://fairlead.example.com" },
    outcome: "allowed",
  },
];

function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}

describe("judgeWrite()", () => {
  for (const { what, peer = "127.0.0.1", hosts = [HERE], headers = {}, token, outcome } of CASES) {
    it(`judgeWrite() ${outcome === "allowed" ? "allows" : `refuses with ${outcome}`} ${what}`, () => {
      const judgement = judgeWrite({ peer, hosts, headers }, token);
      expect(judgement.allowed ? "allowed" : judgement.statusCode).to.equal(outcome);
    });
  }
});
