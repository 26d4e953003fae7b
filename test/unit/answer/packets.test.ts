import { expect } from "chai";
import { describe, it } from "mocha";
import { TRANSPORT } from "../../../src/answer/answer.ts";
import { nameOf } from "../../../src/dns/name.ts";
import { BEHAVIOUR_ROWS } from "../../behaviour/behaviour-rows.ts";
import { observe } from "../../behaviour/observation.ts";
import { formatObservation, rankOf } from "../../behaviour/outcome.ts";
import { ecs } from "../../behaviour/rows/headers.ts";
import { WWW, withOptions } from "../../behaviour/rows/row.ts";
import { createAsker, NSID, SETTINGS } from "../../support/answering.ts";
import { opt, option, packet, parsed, query, question, summary } from "../../support/packets.ts";
import { sampleImage } from "../../support/sample-zones.ts";
import { SHA256_KEY, signedQuery } from "../../support/tsig.ts";

const image = sampleImage();
const { ask } = createAsker(() => image);
const cookieSecrets = [new Uint8Array(16).fill(7)];
const { ask: askWithCookies } = createAsker(() => image, {
  settings: { current: { ...SETTINGS, cookieSecrets } },
});

const TSIG = signedQuery(query(".", "A"), { ...SHA256_KEY, name: nameOf("k.") }, 0).octets.subarray(17);

const WHOLE_OPT = "NOERROR aa qd=1 an=2 opt";

/** Beside the rows of the table. */
const MORE: readonly (readonly [what: string, octets: Uint8Array, expected: string])[] = [
  ["TSIG before another record", query("www.example.", "A", TSIG, opt()), "FORMERR qd=1 an=0"],
  ["FORMERR before an OPT is met", packet({ question: WWW, counts: [1, 0, 0, 2] }), "FORMERR qd=1 an=0"],
  ["FORMERR behind an OPT", query("www.example.", "A", opt(), opt()), "FORMERR qd=1 an=0 opt"],
  ["ECS family 0 with prefix 0, as dig sends", withOptions(ecs(0, 0, 0)), WHOLE_OPT],
];

/** What the table holds a running node to, it holds the answer path to as well, between octets that must not change. */
const SINGLE = BEHAVIOUR_ROWS.filter((row) => row.kind === "packet");

describe("answer() to odd packets", () => {
  for (const { input, over, octets, outcomes } of SINGLE) {
    it(`${input}: ${outcomes.split(" ‖ ", 1)[0]}`, () => {
      for (const way of over) {
        const observation = observe(octets, askWithCookies(octets, { transport: TRANSPORT[way] }));
        expect(rankOf(outcomes, observation), formatObservation(observation)).to.equal(0);
      }
    });
  }

  for (const [what, octets, expected] of MORE) {
    it(`${what}: ${expected}`, () => expect(summary(ask(octets))).to.equal(expected));
  }

  it("copies RD and the identifier, and clears RA, Z, AD and CD", () => {
    const reply = ask(packet({ id: 0xbeef, flags: 0x0170, question: WWW }));
    expect(Array.from(reply?.subarray(0, 4) ?? [])).to.deep.equal([0xbe, 0xef, 0x85, 0x00]);
  });

  it("keeps the opcode of what it does not implement", () => {
    expect(parsed(ask(packet({ flags: 0x2400, question: WWW })) ?? WWW).opcode).to.equal(4);
  });

  it("copies DO, clears the other EDNS flags, and says 1232", () => {
    const { edns } = parsed(ask(query("www.example.", "A", opt({ flags: 0xffff }))) ?? WWW);
    expect(edns?.dnssecOk).to.equal(true);
    expect(edns?.reservedFlags).to.equal(0);
    expect(edns?.udpSize).to.equal(1232);
  });

  it("repeats the question byte for byte", () => {
    const mixed = question("wWw.eXAMple.", "A");
    const reply = ask(packet({ question: mixed })) ?? new Uint8Array(0);
    expect([...reply.subarray(12, 12 + mixed.length)]).to.deep.equal([...mixed]);
    expect([...reply.subarray(12 + mixed.length, 14 + mixed.length)]).to.deep.equal([0xc0, 12]);
  });

  it("says its NSID where asked, and only then", () => {
    const options = (...asked: Uint8Array[]) => parsed(ask(withOptions(...asked)) ?? WWW).edns?.options;
    expect(options(option(3))).to.deep.equal([{ kind: "nsid", octets: NSID }]);
    expect(options()).to.deep.equal([]);
  });

  it("answers keepalive over TCP and ignores it over UDP", () => {
    const over = (transport: 0 | 1) =>
      parsed(ask(withOptions(option(11)), { transport }) ?? WWW).edns?.options;
    expect(over(TRANSPORT.udp)).to.deep.equal([]);
    expect(over(TRANSPORT.tcp)).to.deep.equal([{ kind: "keepalive", timeoutMs: 10_000 }]);
  });

  it("gives all 100 records over TCP", () => {
    const reply = ask(query("big.example.", "A"), { transport: TRANSPORT.tcp });
    expect(summary(reply)).to.equal("NOERROR aa qd=1 an=100");
  });

  it("keeps within their EDNS size, and that is at least 512", () => {
    const sizes = [0, 100, 512, 600, 1231, 65_535];
    for (const size of sizes) {
      const reply = ask(query("mid.example.", "A", opt({ size })));
      expect(reply?.length, `size ${size}`).to.be.at.most(Math.max(512, Math.min(size, 1232)));
    }
    expect(summary(ask(query("mid.example.", "A", opt({ size: 530 }))))).to.equal(
      "NOERROR aa qd=1 an=30 opt",
    );
    expect(summary(ask(query("mid.example.", "A", opt({ size: 511 }))))).to.equal(
      "NOERROR aa tc qd=1 an=0 opt",
    );
  });
});
