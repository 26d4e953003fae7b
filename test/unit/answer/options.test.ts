/** What goes into the OPT of an answer: cookies, keepalive, padding and extended errors. */

import { expect } from "chai";
import { describe, it } from "mocha";
import { type AnswerSettings, TRANSPORT, type Transport } from "../../../src/answer/answer.ts";
import { PADDING_BLOCK_OCTETS } from "../../../src/answer/opt.ts";
import type { EdnsOption } from "../../../src/dns/edns-option.ts";
import { createAsker, SETTINGS } from "../../support/answering.ts";
import { opt, option, packet, parsed, query, question, summary } from "../../support/packets.ts";
import type { HealthWord } from "../../support/policies.ts";
import { imageOf, sampleImage } from "../../support/sample-zones.ts";
import { zoneSetOf } from "../../support/zones.ts";

const SECRET = Uint8Array.from({ length: 16 }, (_, index) => index);
const CLIENT_PART = [1, 2, 3, 4, 5, 6, 7, 8];
const EMPTY = new Uint8Array(0);

function asker(settings: Partial<AnswerSettings> = {}, health: { readonly [id: string]: HealthWord } = {}) {
  const image = sampleImage(health);
  return createAsker(() => image, { settings: { current: { ...SETTINGS, ...settings } } });
}

const optionsOf = (reply: Uint8Array | undefined): readonly EdnsOption[] =>
  reply === undefined ? [] : (parsed(reply).edns?.options ?? []);
const withOptions = (...options: Uint8Array[]): Uint8Array => query("www.example.", "A", opt({ options }));

describe("answer() to cookies", () => {
  const { ask } = asker({ cookieSecrets: [SECRET] });
  const cookieOf = (reply: Uint8Array | undefined): number[] => {
    const found = optionsOf(reply).find(({ kind }) => kind === "cookie");
    return found?.kind === "cookie" ? [...found.client, ...(found.server ?? [])] : [];
  };

  it("makes a server's part, and gives the same one back to who brings it", () => {
    const first = cookieOf(ask(withOptions(option(10, ...CLIENT_PART))));
    expect(first).to.have.length(24);
    expect(first.slice(0, 12)).to.deep.equal([...CLIENT_PART, 1, 0, 0, 0]);
    expect(cookieOf(ask(withOptions(option(10, ...first))))).to.deep.equal(first);
    const other = cookieOf(ask(withOptions(option(10, ...first)), { client: "127.0.0.2" }));
    expect(other.slice(16)).not.to.deep.equal(first.slice(16));
  });

  it("answers all the same where the cookie is bad", () => {
    const reply = ask(withOptions(option(10, ...CLIENT_PART, ...new Uint8Array(16))));
    expect(summary(reply)).to.equal("NOERROR aa qd=1 an=2 opt");
    expect(cookieOf(reply)).to.have.length(24);
  });

  it("takes the first of several", () => {
    const reply = ask(withOptions(option(10, ...CLIENT_PART), option(10, ...CLIENT_PART.map(() => 9))));
    expect(cookieOf(reply).slice(0, 8)).to.deep.equal(CLIENT_PART);
  });

  it("answers a cookie without a question (RFC 7873 §5.4)", () => {
    const bare = packet({ additional: [opt({ options: [option(10, ...CLIENT_PART)] })] });
    const reply = ask(bare);
    expect(summary(reply)).to.equal("NOERROR qd=0 an=0 opt");
    expect(cookieOf(reply)).to.have.length(24);
    expect(summary(ask(packet({ additional: [opt()] })))).to.equal("FORMERR qd=0 an=0 opt");
    expect(summary(asker().ask(bare))).to.equal("FORMERR qd=0 an=0 opt");
  });

  it("says nothing of cookies where it has no secret", () => {
    expect(optionsOf(asker().ask(withOptions(option(10, ...CLIENT_PART))))).to.deep.equal([]);
  });

  it("takes other settings with the next query", () => {
    const settings = { current: SETTINGS };
    const image = sampleImage();
    const changing = createAsker(() => image, { settings });
    expect(cookieOf(changing.ask(withOptions(option(10, ...CLIENT_PART))))).to.deep.equal([]);
    settings.current = { ...SETTINGS, cookieSecrets: [SECRET] };
    expect(cookieOf(changing.ask(withOptions(option(10, ...CLIENT_PART))))).to.have.length(24);
  });
});

describe("answer() to keepalive and padding", () => {
  const { ask } = asker({ keepaliveMs: 2_500 });
  const ALL = Object.entries(TRANSPORT);

  for (const [name, transport] of ALL) {
    it(`tells how long a connection may be idle over TCP and TLS: ${name}`, () => {
      const kept = transport === TRANSPORT.tcp || transport === TRANSPORT.tls;
      expect(optionsOf(ask(withOptions(option(11)), { transport }))).to.deep.equal(
        kept ? [{ kind: "keepalive", timeoutMs: 2_500 }] : [],
      );
    });

    it(`pads where nobody else can read: ${name}`, () => {
      const encrypted = transport === TRANSPORT.tls || transport === TRANSPORT.https;
      for (const name of ["www.example.", "mid.example.", "big.example.", "missing.example.", "no.test."]) {
        const octets = ask(query(name, "A", opt({ options: [option(12, 0, 0)] })), { transport }) ?? EMPTY;
        const last = optionsOf(octets).at(-1);
        if (encrypted) expect(octets.length % PADDING_BLOCK_OCTETS, name).to.equal(0);
        expect(last?.kind, name).to.equal(
          encrypted ? "padding" : name === "no.test." ? "extended-error" : undefined,
        );
      }
    });
  }

  it("pads nobody who does not", () => {
    expect(optionsOf(ask(withOptions(), { transport: TRANSPORT.tls }))).to.deep.equal([]);
  });

  it("pads no further than a message may go", () => {
    const strings = Array.from({ length: 244 }, (_, at) => `${at}`.padEnd(255, "x"));
    const records = [...strings, "x".repeat(80)].map((text) => `huge TXT "${text}"`);
    const zone = `@ 300 SOA ns.test. h.test. ( 1 3600 600 86400 60 )\n@ NS ns.test.\n${records.join("\n")}\n`;
    const image = imageOf(zoneSetOf({ "example.zone": zone }));
    const huge = query("huge.example.", "TXT", opt({ options: [option(12)] }));
    const reply = createAsker(() => image).ask(huge, { transport: TRANSPORT.tls }) ?? EMPTY;
    expect(reply.length).to.equal(65_535);
    expect(optionsOf(reply)).to.deep.equal([{ kind: "padding", octetCount: 5 }]);
  });
});

describe("answer() with extended errors", () => {
  const DOWN = { "four/a": "down" } as const;
  const ROWS: readonly (readonly [
    what: string,
    octets: Uint8Array,
    error: readonly [code: number, text: string] | undefined,
    health?: { readonly [id: string]: HealthWord },
    settings?: Partial<AnswerSettings>,
  ])[] = [
    ["an ordinary answer", query("www.example.", "A", opt()), undefined],
    ["a policy that is up", query("fail.example.", "A", opt()), undefined],
    ["failing open", query("four.example.", "A", opt()), [0, "all endpoints down: failing open"], DOWN],
    ["SERVFAIL for health", query("strict.example.", "A", opt()), [0, "all endpoints down"], DOWN],
    ["the same behind an alias", query("tostrict.example.", "A", opt()), [0, "all endpoints down"], DOWN],
    ["NODATA for health", query("silent.example.", "A", opt()), [0, "all endpoints down"], DOWN],
    [
      "held back",
      query("four.example.", "A", opt()),
      [0, "no endpoint is up: answering some that are held back or not yet probed"],
      { "four/a": "passing" },
    ],
    ["a name that is not ours", query("www.elsewhere.test.", "A", opt()), [20, ""]],
    ["a missing name of ours", query("missing.example.", "A", opt()), undefined],
    [
      "another opcode",
      packet({ flags: 0x1000, question: question("www.example.", "A"), additional: [opt()] }),
      [21, ""],
    ],
    ["a transfer over UDP", query("example.", "AXFR", opt()), [18, ""]],
    ["another class", packet({ question: question("www.example.", "A", 4), additional: [opt()] }), [21, ""]],
    ["class CH", packet({ question: question("version.bind.", "TXT", 3), additional: [opt()] }), [18, ""]],
    [
      "an earlier set",
      query("www.example.", "A", opt()),
      [3, "the zone files are faulty: an earlier set is served"],
      {},
      { isStale: true },
    ],
    [
      "an earlier set, and a name that is not ours",
      query("no.test.", "A", opt()),
      [20, ""],
      {},
      { isStale: true },
    ],
    [
      "an earlier set that fails open",
      query("four.example.", "A", opt()),
      [0, "all endpoints down: failing open"],
      DOWN,
      { isStale: true },
    ],
  ];
  for (const [what, octets, error, health = {}, settings = {}] of ROWS) {
    it(`${what}: ${error === undefined ? "none" : `${error[0]} ${error[1]}`}`, () => {
      const { ask, counters } = asker(settings, health);
      const expected = error && { kind: "extended-error", infoCode: error[0], text: error[1] };
      expect(optionsOf(ask(octets))).to.deep.equal(expected === undefined ? [] : [expected]);
      const told = counters.extendedErrors().reduce((sum, { value }) => sum + value, 0);
      expect(told).to.equal(error === undefined ? 0 : 1);
    });
  }

  it("tells nobody who sent no OPT, and counts that as not told", () => {
    const { ask, counters } = asker({}, DOWN);
    const reply = ask(query("four.example.", "A")) ?? EMPTY;
    expect(parsed(reply).edns).to.equal(undefined);
    expect(counters.extendedErrors().every(({ value }) => value === 0)).to.equal(true);
  });

  it("leaves it out where it would cost a record", () => {
    const { ask } = asker({ isStale: true });
    const roomy = ask(query("mid.example.", "A", opt({ size: 600 }))) ?? EMPTY;
    expect(optionsOf(roomy)).to.have.length(1);
    const tight = ask(query("mid.example.", "A", opt({ size: 530 }))) ?? EMPTY;
    expect(summary(tight)).to.equal("NOERROR aa qd=1 an=30 opt");
    expect(optionsOf(tight)).to.deep.equal([]);
  });
});

/** Every option at once, over every transport, into buffers that end where the message may. */
describe("answer() with all options at once", () => {
  const everything = (name: string): Uint8Array =>
    query(
      name,
      "A",
      opt({
        options: [
          option(3),
          option(8, 0, 1, 24, 0, 10, 1, 2),
          option(10, ...CLIENT_PART),
          option(11),
          option(12, 0),
          option(65_001, 1),
        ],
      }),
    );
  for (const transport of Object.values<Transport>(TRANSPORT)) {
    it(`keeps within its room: transport ${transport}`, () => {
      const { ask } = asker({ cookieSecrets: [SECRET], isStale: true });
      for (const name of [
        "near.example.",
        "big.example.",
        "x.sub.example.",
        "missing.example.",
        "no.test.",
      ]) {
        const reply = ask(everything(name), { transport }) ?? EMPTY;
        const kinds = optionsOf(reply).map(({ kind }) => kind);
        expect(kinds.slice(0, 2)).to.deep.equal(["nsid", "cookie"]);
        expect(kinds).to.include("client-subnet");
      }
    });
  }
});
