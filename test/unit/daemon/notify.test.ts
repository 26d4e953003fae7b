import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { pino } from "pino";
import { createLogLimiter } from "../../../src/daemon/log.ts";
import { createNotifier, type Notifier, type NotifierParts } from "../../../src/daemon/notify.ts";
import { buildMessage, parseMessage } from "../../../src/dns/message.ts";
import { formatName } from "../../../src/dns/name.ts";
import { formatRdata } from "../../../src/dns/rdata.ts";
import { appendTsig } from "../../../src/dns/tsig.ts";
import type { TsigKey } from "../../../src/dns/tsig-key.ts";
import { ResponseSigner } from "../../../src/dns/tsig-sign.ts";
import { verifyRequest } from "../../../src/dns/tsig-verify.ts";
import { keyedHash } from "../../../src/server/keyed-hash.ts";
import type { Zone } from "../../../src/zone/model.ts";
import { KEYS, SHA256_KEY, SHA512_KEY } from "../../support/tsig.ts";
import { zoneSetOf } from "../../support/zones.ts";

const NOW_MS = 1_795_000_000_000;

function zonesOf(serials: Readonly<Record<string, number>>): readonly Zone[] {
  const texts = Object.entries(serials).map(([apex, serial]) => [
    `${apex}.zone`,
    `@ 300 SOA ns h ( ${serial} 1h 10m 2w 30 )\n@ 300 NS ns\nns 300 A 192.0.2.53\n`,
  ]);
  return zoneSetOf(Object.fromEntries(texts)).zones;
}

/** What a secondary does with the datagrams that it gets, one after the other; the last goes for all that follow. */
type Reaction = "silence" | "NOERROR" | "REFUSED" | "unsigned";

describe("createNotifier()", () => {
  let secondary: Socket;
  let heard: string[];
  let waitFor: (count: number) => Promise<void>;
  let logged: { msg: string; zone: string; serial: number }[];
  let counted: string[];
  let notifier: Notifier | undefined;
  let port: number;

  beforeEach(async () => {
    secondary = createSocket("udp4").bind(0, "127.0.0.1");
    await once(secondary, "listening");
    ({ port } = secondary.address());
    heard = [];
    logged = [];
    counted = [];
    waitFor = async (count) => {
      while (heard.length < count) await once(secondary, "heard");
    };
  });
  afterEach(() => {
    notifier?.stop();
    secondary.close();
  });

  function react(...reactions: readonly Reaction[]): void {
    let number = 0;
    secondary.on("message", (octets, from) => {
      const reaction = reactions[Math.min(number++, reactions.length - 1)] ?? "silence";
      const parsed = parseMessage(octets);
      const verdict = verifyRequest(octets, KEYS, keyedHash, NOW_MS / 1_000);
      if (!parsed.ok) throw new Error(parsed.message);
      const { opcode, isAuthoritative, answers } = parsed.message;
      const [soa] = answers;
      const serial = soa === undefined ? "?" : formatRdata(soa.type, soa.rdata).split(" ")[2];
      const words = [opcode === 4 && isAuthoritative ? "notify" : "?", soa && formatName(soa.owner), serial];
      heard.push([...words, verdict.kind].join(" "));
      if (reaction !== "silence") {
        const rcode = reaction === "REFUSED" ? 5 : 0;
        const plain = buildMessage({
          ...parsed.message,
          isResponse: true,
          rcode,
          answers: [],
          additionals: [],
        });
        const isSigned = verdict.kind === "valid" && reaction !== "unsigned";
        const record = isSigned && new ResponseSigner(verdict, keyedHash).sign(plain, NOW_MS / 1_000);
        secondary.send(record ? appendTsig(plain, record) : plain, from.port, from.address);
      }
      secondary.emit("heard");
    });
  }

  function start(key?: TsigKey, changes: Partial<NotifierParts> = {}): Notifier {
    const log = pino(
      {},
      { write: (line: string) => void (logged.push(JSON.parse(line)), secondary.emit("logged")) },
    );
    notifier = createNotifier({
      secondaries: [{ server: { address: "127.0.0.1", port }, key }],
      now: () => NOW_MS,
      log,
      limiter: createLogLimiter(0, () => 0),
      count: (result) => counted.push(result),
      waitsMs: [250, 250, 250],
      ...changes,
    });
    return notifier;
  }

  async function said(): Promise<string> {
    while (logged.length === 0) await once(secondary, "logged");
    return logged.map(({ msg, zone, serial }) => `${msg} ${zone} ${serial}`).join("\n");
  }

  it("tells nobody before it begins", async () => {
    react("NOERROR");
    const told = start();
    told.zonesServed(zonesOf({ "a.test": 1 }));
    told.zonesServed(zonesOf({ "a.test": 2 }));
    told.begin();
    expect(await said()).to.equal("a secondary knows of the zone a.test. 2");
    expect(heard).to.deep.equal(["notify a.test. 2 unsigned"]);
  });

  for (const [key, reactions, outcome, count] of [
    [undefined, ["silence", "silence", "NOERROR"], "a secondary knows of the zone a.test. 7", 3],
    [undefined, ["REFUSED"], "a secondary refuses to be told a.test. 7", 1],
    [undefined, ["silence"], "a secondary cannot be told a.test. 7", 3],
    [SHA256_KEY, ["NOERROR"], "a secondary knows of the zone a.test. 7", 1],
    [SHA512_KEY, ["unsigned", "NOERROR"], "a secondary knows of the zone a.test. 7", 2],
  ] as const) {
    const how = key === undefined ? "" : `, signed with ${key.algorithm}`;
    it(`${outcome}: after ${reactions.join(", ")}${how}`, async () => {
      react(...reactions);
      const told = start(key);
      told.zonesServed(zonesOf({ "a.test": 7 }));
      told.begin();
      expect(await said()).to.equal(outcome);
      const what = `notify a.test. 7 ${key === undefined ? "unsigned" : "valid"}`;
      expect(heard).to.deep.equal(Array.from({ length: count }, () => what));
      const result = /cannot/.test(outcome) ? "unanswered" : /refuses/.test(outcome) ? "refused" : "told";
      expect(counted).to.deep.equal([result]);
    });
  }

  it("tells only of what rose, and says which serials went back", async () => {
    react("NOERROR");
    const told = start();
    told.begin();
    told.zonesServed(zonesOf({ "a.test": 4_294_967_295, "b.test": 5, "c.test": 5 }));
    await waitFor(3);
    told.zonesServed(zonesOf({ "a.test": 3, "b.test": 5, "c.test": 4, "d.test": 1 }));
    await waitFor(5);
    expect(heard.slice(3)).to.have.members(["notify a.test. 3 unsigned", "notify d.test. 1 unsigned"]);
    expect(await said()).to.include("a serial went back: secondaries keep the zone that they have c.test. 4");
  });

  it("lets no secondary wait for another one that does not answer, however many zones there are", async () => {
    react("NOERROR");
    const silent = createSocket("udp4").bind(0, "127.0.0.1").unref();
    await once(silent, "listening");
    const ports = [silent.address().port, port];
    const secondaries = ports.map((each) => ({
      server: { address: "127.0.0.1", port: each },
      key: undefined,
    }));
    const told = start(undefined, { secondaries, waitsMs: [60_000] });
    const zones = Array.from({ length: 100 }, (_, number) => [`z${number}.test`, 1] as const);
    told.zonesServed(zonesOf(Object.fromEntries(zones)));
    told.begin();
    await waitFor(100);
    silent.close();
    expect(new Set(heard).size).to.equal(100);
  });

  it("tells the newer serial in place of the older one that is under way", async () => {
    react("silence");
    const told = start(undefined, { waitsMs: [60_000] });
    told.begin();
    told.zonesServed(zonesOf({ "a.test": 1 }));
    await waitFor(1);
    told.zonesServed(zonesOf({ "a.test": 2 }));
    await waitFor(2);
    expect(heard[1]).to.equal("notify a.test. 2 unsigned");
  });
});
