import { expect } from "chai";
import { describe, it } from "mocha";
import { pino } from "pino";
import { createLogLimiter } from "../../../src/daemon/log.ts";
import { createTransfers, MAX_TRANSFERS } from "../../../src/daemon/transfers.ts";
import { query, summary } from "../../support/packets.ts";
import { sampleImage } from "../../support/sample-zones.ts";
import { KEYS, SHA256_KEY, signedQuery } from "../../support/tsig.ts";

const NOW_MS = 1_795_000_000_000;
const IPV4 = { address: "127.0.0.0", prefixBits: 8 };
const IPV6 = { address: "2001:db8::", prefixBits: 32 };
const LOOPBACK = Uint8Array.of(127, 0, 0, 1);
const inNetwork = (...head: number[]): Uint8Array =>
  Uint8Array.from([...head, ...new Uint8Array(16 - head.length)]);

describe("createTransfers()", () => {
  const image = sampleImage();
  let counted: string[] = [];
  let logged: string[] = [];

  function begin() {
    counted = [];
    logged = [];
    const handler = createTransfers({
      options: { networks: [IPV4, IPV6], keys: "", notify: [] },
      keys: KEYS,
      image: () => image,
      now: () => NOW_MS,
      log: pino({}, { write: (line: string) => void logged.push(line) }),
      limiter: createLogLimiter(60_000, () => 0),
      count: (result) => counted.push(result),
    });
    return (client: Uint8Array = LOOPBACK, name = "example.", key = SHA256_KEY): Iterator<Uint8Array> => {
      const { octets } = signedQuery(query(name, "AXFR"), key, NOW_MS / 1_000);
      const messages = handler({ query: octets, client });
      if (messages === undefined || !(Symbol.iterator in messages)) throw new Error("no messages");
      return messages[Symbol.iterator]();
    };
  }

  const clients: readonly (readonly [string, Uint8Array, string])[] = [
    ["an IPv4 network", Uint8Array.of(127, 9, 9, 9), "NOERROR"],
    ["an IPv6 network", inNetwork(0x20, 0x01, 0x0d, 0xb8, 1), "NOERROR"],
    ["another IPv4 address", Uint8Array.of(126, 0, 0, 1), "REFUSED"],
    ["another IPv6 address", inNetwork(0x20, 0x01, 0x0d, 0xb9), "REFUSED"],
    ["an IPv6 address that begins like the IPv4 network", inNetwork(127, 0, 0, 1), "REFUSED"],
  ];
  for (const [what, client, rcode] of clients) {
    it(`answers ${what} with ${rcode}`, () => {
      const first = begin()(client).next();
      expect(first.done === true ? "" : summary(first.value)).to.match(new RegExp(`^${rcode} `));
    });
  }

  it("says which zone went to whom, and counts it", () => {
    const messages = begin()(LOOPBACK, "second.test.");
    while (messages.next().done !== true);
    expect(counted).to.deep.equal(["sent"]);
    const line: unknown = JSON.parse(logged[0] ?? "");
    expect(line).to.include({
      zone: "second.test.",
      client: "127.0.0.1",
      key: "transfer.key.",
      type: "AXFR",
    });
  });

  it("logs refusals of one client once in a while, names escaped", () => {
    const ask = begin();
    for (let count = 0; count < 3; count++) ask(LOOPBACK, "\\027[2J.").next();
    expect(counted).to.deep.equal(["refused", "refused", "refused"]);
    expect(logged).to.have.length(1);
    expect(JSON.parse(logged[0] ?? "")).to.include({ zone: "\\027\\0912J.", rcode: "NOTAUTH" });
  });

  it("has so many under way and no more, and takes another one when one is broken off", () => {
    const ask = begin();
    const underWay = Array.from({ length: MAX_TRANSFERS }, () => ask());
    for (const messages of underWay) messages.next();
    const rcodeOf = (messages: Iterator<Uint8Array>): string => {
      const first = messages.next();
      return first.done === true ? "" : summary(first.value).replace(/ .*/, "");
    };
    expect(rcodeOf(ask())).to.equal("SERVFAIL");
    underWay[0]?.return?.();
    expect(counted).to.deep.equal(["refused", "broken-off"]);
    expect(rcodeOf(ask())).to.equal("NOERROR");
  });
});
