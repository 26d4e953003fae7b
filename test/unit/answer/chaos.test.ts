/** Class CH: what the server says of itself, and of its answers. */

import { expect } from "chai";
import { describe, it } from "mocha";
import { type AnswerSettings, type Image, TRANSPORT } from "../../../src/answer/answer.ts";
import type { ExplainLabels, ExplainSettings } from "../../../src/answer/settings.ts";
import { formatRdata } from "../../../src/dns/rdata.ts";
import { TYPE } from "../../../src/dns/types.ts";
import { createAsker, SETTINGS } from "../../support/answering.ts";
import { opt, option, packet, parsed, question, summary } from "../../support/packets.ts";
import { sampleImage } from "../../support/sample-zones.ts";

const ALLOWED = "192.0.2.9";

function labelsOf(image: Image): ExplainLabels {
  return image.zones.policies.map(({ owner, endpoints, clients }) => ({
    owner,
    endpoints: endpoints.map(({ id }) => id),
    classes: clients.classes.networks.map(({ octets, prefixBits }) => `${octets.join(".")}/${prefixBits}`),
  }));
}

function explainSettings(image: Image, zonesId = image.zonesId): ExplainSettings {
  const octets = new TextEncoder().encode(JSON.stringify(labelsOf(image)));
  const labels = new SharedArrayBuffer(octets.length);
  new Uint8Array(labels).set(octets);
  return { networks: [{ octets: Uint8Array.of(192, 0, 2, 0), prefixBits: 24 }], zonesId, labels };
}

const image = sampleImage({ "two/b": "down" }, 12);
const asker = (settings: Partial<AnswerSettings>) =>
  createAsker(() => image, { settings: { current: { ...SETTINGS, ...settings } } });
const txt = (name: string, ...options: Uint8Array[]): Uint8Array =>
  packet({
    question: question(name, "TXT", 3),
    ...(options.length === 0 ? {} : { additional: [opt({ options })] }),
  });

/** The strings of the first record. */
function strings(reply: Uint8Array | undefined): string[] {
  const [record] = reply === undefined ? [] : parsed(reply).answers;
  if (record === undefined) return [];
  expect(record.class).to.equal(3);
  expect(record.ttlSeconds).to.equal(0);
  return Array.from(
    formatRdata(TYPE.TXT, record.rdata).matchAll(/"((?:[^"\\]|\\.)*)"/g),
    ([, text]) => text ?? "",
  );
}

describe("answer() in class CH", () => {
  const named = asker({ serverVersion: "mine", serverId: "x".repeat(255) });
  const NAMES: readonly (readonly [name: string, expected: readonly string[]])[] = [
    ["version.bind.", ["mine"]],
    ["VERSION.server.", ["mine"]],
    ["id.server.", ["x".repeat(255)]],
    ["hostname.bind.", ["x".repeat(255)]],
    ["authors.bind.", []],
    ["www.example.", []],
  ];
  for (const [name, expected] of NAMES) {
    it(`${name} as configured, REFUSED where it is not`, () => {
      const reply = named.ask(txt(name));
      expect(strings(reply)).to.deep.equal(expected);
      expect(summary(reply)).to.equal(expected.length > 0 ? "NOERROR aa qd=1 an=1" : "REFUSED qd=1 an=0");
      expect(summary(asker({}).ask(txt(name)))).to.equal("REFUSED qd=1 an=0");
    });
  }

  it("refuses every other type", () => {
    const any = packet({ question: question("version.bind.", "ANY", 3) });
    expect(summary(named.ask(any))).to.equal("REFUSED qd=1 an=0");
  });
});

describe("answer() that explains", () => {
  const explaining = asker({ explain: explainSettings(image) });
  const explain = (name: string, ...options: Uint8Array[]): string[] =>
    strings(explaining.ask(txt(name, ...options), { client: ALLOWED, transport: TRANSPORT.tcp }));
  const ecs = (...octets: number[]): Uint8Array => option(8, 0, 1, octets.length * 8, 0, ...octets);

  it("says what a policy answers the one who asks", () => {
    expect(explain("fail.example.")).to.deep.equal([
      "policy=fail.example. generation=12",
      "client=192.0.2.9 class=other scope=0",
      "A answer rung=1 ttl=30",
      "A one/a 100%",
      "AAAA answer rung=1 ttl=30",
      "AAAA one/a 100%",
    ]);
  });

  it("says which class of clients decides, also for the network that a resolver speaks of", () => {
    expect(explain("near.example.", ecs(10, 1, 2)).slice(1, 4)).to.deep.equal([
      "client=10.1.2.0/24 class=10.1.0.0/16 scope=16",
      "A answer rung=1 ttl=300",
      "A four/a 100%",
    ]);
    expect(explain("near.example.").slice(1, 5)).to.deep.equal([
      "client=192.0.2.9 class=other scope=0",
      "A answer rung=1 ttl=300",
      "A two/a 50%",
      "A two/c 50%",
    ]);
  });

  it("says what it is down to, wildcards included", () => {
    const down = sampleImage({ "one/a": "down", "four/a": "down" }, 13);
    const settings = { current: { ...SETTINGS, explain: explainSettings(down) } };
    const { ask } = createAsker(() => down, { settings });
    const lines = (name: string) => strings(ask(txt(name), { client: ALLOWED }));
    expect(lines("x.any.example.").slice(0, 4)).to.deep.equal([
      "policy=*.any.example. generation=13",
      "client=192.0.2.9 class=other scope=0",
      "A answer rung=4 ttl=300",
      "A one/a 100%",
    ]);
    expect(lines("strict.example.")).to.include("A servfail rung=4 ttl=300");
  });

  it("keeps the server's own names apart", () => {
    expect(summary(explaining.ask(txt("version.bind."), { client: ALLOWED }))).to.equal("REFUSED qd=1 an=0");
  });

  for (const name of ["www.example.", "missing.example.", "x.sub.example.", "x.moved.example.", "no.test."]) {
    it(`says that no policy answers ${name}`, () => {
      expect(explain(name)).to.deep.equal(["no policy answers this name, generation=12"]);
    });
  }

  it("refuses everyone else, whatever network they speak of", () => {
    for (const client of ["192.0.3.9", "127.0.0.1", "2001:db8::1", "::192.0.2.9"]) {
      const reply = explaining.ask(txt("fail.example.", ecs(192, 0, 2)), { client });
      expect(summary(reply)).to.equal("REFUSED qd=1 an=0 opt");
      const error = parsed(reply ?? new Uint8Array(0)).edns?.options.find(
        ({ kind }) => kind === "extended-error",
      );
      expect(error).to.deep.equal({ kind: "extended-error", infoCode: 18, text: "" });
    }
  });

  it("is not ready while the labels are those of other zones", () => {
    const { ask } = asker({ explain: explainSettings(image, image.zonesId + 1) });
    const reply = ask(txt("fail.example.", option(3)), { client: ALLOWED }) ?? new Uint8Array(0);
    expect(summary(reply)).to.equal("SERVFAIL qd=1 an=0 opt");
    expect(parsed(reply).edns?.options.at(-1)).to.deep.equal({
      kind: "extended-error",
      infoCode: 14,
      text: "",
    });
  });
});
