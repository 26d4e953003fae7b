/** `lookup()` against a real NSD: the same generated zones and questions, the sections compared as sets. */

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { buildMessage, type Message, parseMessage, type ResourceRecord } from "../../../src/dns/message.ts";
import { formatName, type Name, nameOf } from "../../../src/dns/name.ts";
import { formatRdata } from "../../../src/dns/rdata.ts";
import type { RRset } from "../../../src/dns/rrset.ts";
import { CLASS, formatRcode, formatType, OPCODE, RCODE, TYPE } from "../../../src/dns/types.ts";
import { indexZones, type Lookup, lookup } from "../../../src/zone/lookup.ts";
import { needPeers } from "../../peers.ts";
import { type Nsd, startNsd } from "../../support/peers/nsd.ts";
import { generateZone } from "../../support/zone-generator.ts";
import { zoneSetOf } from "../../support/zones.ts";

const SEED = 20_261_122;
const ZONES = 12;
const TYPES = [TYPE.A, TYPE.TXT, TYPE.CNAME, TYPE.NS, TYPE.DNAME, TYPE.DS] as const;
const ANSWER_LIMIT_MS = 3_000;

/** What is compared: flags in words, and the records of two sections, sorted. */
interface Sections {
  readonly rcode: string;
  readonly isAuthoritative: boolean;
  readonly answer: readonly string[];
  readonly authority: readonly string[];
}

function ours({ chain, end }: Lookup): Sections {
  const authority =
    end.kind === "nodata" || end.kind === "nxdomain" ? [end.soa] : end.kind === "referral" ? [end.ns] : [];
  const answer = end.kind === "answer" ? [...chain, end.rrset] : chain;
  const rcode =
    end.kind === "nxdomain"
      ? RCODE.NXDOMAIN
      : end.kind === "yxdomain"
        ? RCODE.YXDOMAIN
        : end.kind === "outside" && chain.length === 0
          ? RCODE.REFUSED
          : RCODE.NOERROR;
  const isAuthoritative = chain.length > 0 || (end.kind !== "referral" && end.kind !== "outside");
  return {
    rcode: formatRcode(rcode),
    isAuthoritative,
    answer: answer.flatMap(linesOf).sort(),
    authority: authority.flatMap(linesOf).sort(),
  };
}

function linesOf({ owner, type, ttlSeconds, rdatas }: RRset): string[] {
  return rdatas.map((rdata) => lineOf({ owner, type, ttlSeconds, rdata, class: CLASS.IN }));
}

function lineOf({ owner, type, ttlSeconds, rdata }: ResourceRecord): string {
  const text = `${formatName(owner)} ${ttlSeconds} ${formatType(type)} ${formatRdata(type, rdata)}`;
  return text.toLowerCase();
}

function theirs(message: Message): Sections {
  return {
    rcode: formatRcode(message.rcode),
    isAuthoritative: message.isAuthoritative,
    // A wildcard CNAME to itself is written twice by NSD.
    answer: [...new Set(message.answers.map(lineOf))].sort(),
    authority: message.authorities.map(lineOf).sort(),
  };
}

function queryFor(name: Name, type: number, id: number): Uint8Array {
  return buildMessage({
    id,
    opcode: OPCODE.QUERY,
    rcode: RCODE.NOERROR,
    isResponse: false,
    isAuthoritative: false,
    isTruncated: false,
    recursionDesired: false,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: false,
    questions: [{ name, type, class: CLASS.IN }],
    answers: [],
    authorities: [],
    additionals: [],
    edns: undefined,
  });
}

async function askNsd(socket: Socket, port: number, query: Uint8Array): Promise<Message> {
  const answered = once(socket, "message", { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
  socket.send(query, port, "127.0.0.1");
  const [octets] = await answered;
  const parsed = parseMessage(octets);
  if (!parsed.ok) throw new Error("NSD's answer cannot be parsed");
  return parsed.message;
}

describe("lookup() and NSD", () => {
  const zones = Array.from({ length: ZONES }, (_, at) => generateZone(`z${at}.test.`, SEED + at));
  let nsd: Nsd;
  let socket: Socket;

  before(async function () {
    needPeers.call(this, "nsd");
    this.timeout(15_000);
    nsd = await startNsd(new Map(zones.map(({ apex, text }) => [apex, text])));
    socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
  });

  after(async () => {
    socket?.close();
    await nsd?.end();
  });

  for (const { apex, text, names } of zones) {
    it(`agree on ${names.length} names of ${apex}`, async function () {
      this.timeout(20_000);
      const { zones: loaded } = zoneSetOf({ [`${apex}zone`]: text });
      const index = indexZones(loaded);
      const differences: unknown[] = [];
      let id = 0;
      for (const name of names) {
        for (const type of TYPES) {
          const qname = nameOf(name);
          const message = await askNsd(socket, nsd.port, queryFor(qname, type, ++id));
          expect(message.id).to.equal(id);
          const mine = ours(lookup(index, qname, type));
          const other = theirs(message);
          if (JSON.stringify(mine) !== JSON.stringify(other)) {
            differences.push({ question: `${name} ${formatType(type)}`, fairlead: mine, nsd: other });
          }
        }
      }
      expect(differences, text).to.deep.equal([]);
    });
  }
});
