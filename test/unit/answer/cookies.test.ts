import { expect } from "chai";
import { describe, it } from "mocha";
import { createClientAddress, setClientAddress } from "../../../src/answer/client-address.ts";
import { Cookies } from "../../../src/answer/cookies.ts";

const FIRST = "e5e973e5a6b2a43f48e7dc849e37bfcf";
const OLD = "dd3bdf9344b678b185a6f5cb60fca715";
const NEW = "445536bcd2513298075a5d379663c962";
const OTHER = "2001:db8:220:1:59de:d0f4:8769:82b8";
/** Fresh of the first secret, for 198.51.100.100, at 1559731985. */
const MINE = "2464c4abcf10c957010000005cf79f111f8130c3eee29480";
const MADE_AT = 1_559_731_985;

interface Case {
  readonly what: string;
  readonly secrets: readonly string[];
  readonly client: string;
  readonly cookie: string;
  readonly seconds: number;
  readonly verdict: string;
  readonly answer?: string;
}

const mine = { secrets: [FIRST], client: "198.51.100.100", cookie: MINE };

const CASES: readonly Case[] = [
  {
    what: "RFC 9018 A.1: a client that begins",
    secrets: [FIRST],
    client: "198.51.100.100",
    cookie: "2464c4abcf10c957",
    seconds: MADE_AT,
    verdict: "client",
    answer: MINE,
  },
  {
    what: "RFC 9018 A.2: the same one, 40 minutes later",
    ...mine,
    seconds: 1_559_734_385,
    verdict: "good",
    answer: "2464c4abcf10c957010000005cf7a871d4a564a1442aca77",
  },
  {
    what: "RFC 9018 A.3: reserved octets that are set, as old as the example has it",
    secrets: [FIRST],
    client: "203.0.113.203",
    cookie: "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
    seconds: 1_559_734_700,
    verdict: "bad",
    answer: "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e",
  },
  {
    what: "RFC 9018 A.3: the same when it was young",
    secrets: [FIRST],
    client: "203.0.113.203",
    cookie: "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
    seconds: 1_559_727_985,
    verdict: "good",
    answer: "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
  },
  {
    what: "RFC 9018 A.4: by the secret before, over IPv6",
    secrets: [NEW, OLD],
    client: OTHER,
    cookie: "22681ab97d52c298010000005cf7c57926556bd0934c72f8",
    seconds: 1_559_741_961,
    verdict: "good",
    answer: "22681ab97d52c298010000005cf7c609a6bb79d16625507a",
  },
  {
    what: "by a secret that is gone",
    secrets: [NEW],
    client: OTHER,
    cookie: "22681ab97d52c298010000005cf7c57926556bd0934c72f8",
    seconds: 1_559_741_961,
    verdict: "bad",
    answer: "22681ab97d52c298010000005cf7c609a6bb79d16625507a",
  },
  { what: "at once", ...mine, seconds: MADE_AT, verdict: "good", answer: MINE },
  {
    what: "half an hour old, less a second",
    ...mine,
    seconds: MADE_AT + 1_799,
    verdict: "good",
    answer: MINE,
  },
  { what: "an hour old", ...mine, seconds: MADE_AT + 3_600, verdict: "good" },
  { what: "older than an hour", ...mine, seconds: MADE_AT + 3_601, verdict: "bad" },
  { what: "five minutes ahead", ...mine, seconds: MADE_AT - 300, verdict: "good", answer: MINE },
  { what: "further ahead", ...mine, seconds: MADE_AT - 301, verdict: "bad" },
  { what: "from another address", ...mine, client: "198.51.100.101", seconds: MADE_AT, verdict: "bad" },
  {
    what: "with another client's part",
    ...mine,
    cookie: `2564c4abcf10c957${MINE.slice(16)}`,
    seconds: MADE_AT,
    verdict: "bad",
  },
  {
    what: "of another version",
    ...mine,
    cookie: MINE.replace("c95701", "c95702"),
    seconds: MADE_AT,
    verdict: "bad",
  },
  { what: "cut short", ...mine, cookie: MINE.slice(0, 32), seconds: MADE_AT, verdict: "bad" },
  { what: "too long", ...mine, cookie: `${MINE}00`, seconds: MADE_AT, verdict: "bad" },
  { what: "where there is no secret", ...mine, secrets: [], seconds: MADE_AT, verdict: "absent" },
  { what: "no cookie", ...mine, cookie: "", seconds: MADE_AT, verdict: "absent" },
];

describe("Cookies", () => {
  for (const { what, secrets, client: from, cookie, seconds, verdict, answer } of CASES) {
    it(`${what}: ${verdict}`, () => {
      const cookies = new Cookies();
      cookies.configure(secrets.map((secret) => Buffer.from(secret, "hex")));
      const client = createClientAddress();
      setClientAddress(client, from);
      const octets = new Uint8Array(40);
      octets.set(Buffer.from(cookie, "hex"));
      expect(
        cookies.judge({ octets, length: cookie.length / 2 }, client, () => seconds * 1_000 + 999),
      ).to.equal(verdict);
      if (answer !== undefined) expect(Buffer.from(cookies.answer).toString("hex")).to.equal(answer);
    });
  }

  it("goes on past the year 2106", () => {
    const cookies = new Cookies();
    cookies.configure([Buffer.from(FIRST, "hex")]);
    const client = createClientAddress();
    const octets = new Uint8Array(40).fill(7);
    const ask = (length: number, ms: number) => cookies.judge({ octets, length }, client, () => ms);
    const lastMs = (2 ** 32 - 10) * 1_000;
    expect(ask(8, lastMs)).to.equal("client");
    octets.set(cookies.answer);
    expect(ask(24, lastMs + 60_000)).to.equal("good");
  });
});
