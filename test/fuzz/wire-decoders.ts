/** What is read from octets: names, messages, rdata of each type, options, signatures, headers of load balancers. */

import fc from "fast-check";
import { type AnswerSettings, TRANSPORT } from "../../src/answer/answer.ts";
import { createClientAddress } from "../../src/answer/client-address.ts";
import { createQuery, parseQuery } from "../../src/answer/query.ts";
import { type OptRecord, optRecord, readOpt } from "../../src/dns/edns.ts";
import { decodeOption, EDNS_OPTION, encodeOption } from "../../src/dns/edns-option.ts";
import { HEADER_OCTETS } from "../../src/dns/header.ts";
import { buildMessage, parseMessage } from "../../src/dns/message.ts";
import {
  formatName,
  joinLabels,
  labelsOf,
  parseName,
  ROOT,
  readUncompressedName,
} from "../../src/dns/name.ts";
import { formatRdata, namesInRdata, parseRdata, readRdata } from "../../src/dns/rdata.ts";
import { findTsig, writeTsig } from "../../src/dns/tsig.ts";
import { verifyRequest, verifyResponse } from "../../src/dns/tsig-verify.ts";
import { formatType } from "../../src/dns/types.ts";
import { readName, skipName } from "../../src/dns/wire-name.ts";
import { cacheControl } from "../../src/server/http-query.ts";
import { keyedHash } from "../../src/server/keyed-hash.ts";
import { MAX_PROXY_HEADER_OCTETS, readProxyHeader } from "../../src/server/proxy-header.ts";
import { Lexer, octetsOfLatin1, withoutParentheses } from "../../src/zone/lexer.ts";
import { createAsker } from "../support/answering.ts";
import { caseFolded, join, opt, packet, question, u16 } from "../support/packets.ts";
import { proxyHeader } from "../support/proxy-headers.ts";
import { sampleImage } from "../support/sample-zones.ts";
import { KEYS, SHA256_KEY } from "../support/tsig.ts";
import { ARBITRARY_RDATA, arbitraryMessage, arbitraryName } from "../unit/dns/arbitraries.ts";
import { ANSWER_LIMIT_MS, type Decoder, expectSame, expectThat } from "./decoder.ts";
import { createMessageSource, optionOf } from "./message-source.ts";
import type { Mutator } from "./mutation.ts";
import { faultsOf, mustBeDropped } from "./soundness.ts";

/** Of each type, to be changed. */
const SAMPLES = 200;
const UNCHANGED_SHARE = 0.2;
const NOW_SECONDS = 1_795_000_000;
const NAMES = [
  "www.example.",
  "fail.example.",
  "x.wild.example.",
  "here.moved.example.",
  "near.example.",
] as const;
const TYPE_WITHOUT_TEXT = 65_280;

/** Samples that are right, most of them changed, and now and then noise. */
function changedSamples(arbitrary: fc.Arbitrary<Uint8Array>): Decoder["source"] {
  return ({ below, chance, mutate, octets }, seed) => {
    const samples = fc.sample(arbitrary, { numRuns: SAMPLES, seed });
    const sample = (): Uint8Array => samples[below(samples.length)] ?? new Uint8Array(0);
    return () => {
      if (chance(0.05)) return octets(below(300));
      return chance(UNCHANGED_SHARE) ? sample() : mutate(sample(), sample());
    };
  };
}

/** Names in messages: what stands before them is what they may point to. */
const names: Decoder = {
  name: "name",
  limitMs: ANSWER_LIMIT_MS,
  source: changedSamples(
    fc.tuple(arbitraryName(), arbitraryName(), fc.nat({ max: 40 })).map(([one, other, target]) =>
      // The second name goes on where the first one is.
      join(one, other.subarray(0, -1), Uint8Array.of(0xc0, target), other),
    ),
  ),
  check: (input) => {
    for (let at = 0; at <= input.length; at++) {
      const read = readName(input, at, input.length);
      const plain = readUncompressedName(input, at);
      if (plain !== undefined) expectSame(read?.name, plain, "a name that needs no message");
      if (read === undefined) continue;
      const { name, next } = read;
      expectThat(skipName(input, at, input.length) === next, "the name ends elsewhere");
      const text = formatName(name);
      const parsed = parseName(text);
      expectSame(parsed.ok ? parsed.name : undefined, name, text);
      expectSame(readUncompressedName(name, 0), name, "uncompressed");
      expectSame(joinLabels(labelsOf(name), ROOT), name, "by labels");
    }
  },
};

const messages: Decoder = {
  name: "message",
  limitMs: ANSWER_LIMIT_MS,
  source: changedSamples(arbitraryMessage.map((message) => buildMessage(message))),
  check: (input) => {
    const parsed = parseMessage(input);
    if (!parsed.ok) {
      expectThat(parsed.offset <= input.length, `a fault at ${parsed.offset}`);
      return;
    }
    const again = parseMessage(buildMessage(parsed.message));
    // Compression may give a name the case of an earlier one that equals it (RFC 4343 §4.1).
    const [one, other] = [parsed, again].map((each) => JSON.stringify(caseFolded(each)));
    expectThat(one === other, `${one ?? ""} becomes ${other ?? ""}`);
  },
};

/** The text is read as a zone file's would be. */
function rdataDecoder(type: number, arbitrary: fc.Arbitrary<Uint8Array>): Decoder {
  return {
    name: `rdata of ${formatType(type)}`,
    limitMs: ANSWER_LIMIT_MS,
    source: changedSamples(arbitrary),
    check: (input) => {
      formatRdata(type, input);
      namesInRdata(type, input);
      const rdata = readRdata(type, input, 0, input.length);
      if (rdata === undefined) return;
      expectSame(readRdata(type, rdata, 0, rdata.length), rdata, "read again");
      const text = formatRdata(type, rdata);
      const lexer = new Lexer(octetsOfLatin1(`${text}\n`), (_line, _column, _code, message) =>
        expectThat(false, `${text}: ${message}`),
      );
      const entry = lexer.next();
      const parsed = entry === undefined ? undefined : parseRdata(type, withoutParentheses(entry), ROOT);
      expectSame(parsed?.ok === true ? parsed.rdata : undefined, rdata, text);
    },
  };
}

const rdataDecoders: readonly Decoder[] = [
  ...Array.from(ARBITRARY_RDATA, ([type, arbitrary]) => rdataDecoder(type, arbitrary)),
  rdataDecoder(TYPE_WITHOUT_TEXT, fc.uint8Array({ maxLength: 60 })),
];

function optionSource(mutator: Mutator): () => Uint8Array {
  const { below, chance, mutate } = mutator;
  return () => {
    const options = join(...Array.from({ length: 1 + below(3) }, () => optionOf(mutator)));
    return chance(0.4) ? options : mutate(options);
  };
}

const optRecords: Decoder = {
  name: "EDNS",
  limitMs: ANSWER_LIMIT_MS,
  source: optionSource,
  check: (rdata) => {
    const given: OptRecord = { class: 1_232, ttlSeconds: (rdata[0] ?? 0) * 0x101_0101, rdata };
    const read = readOpt(given);
    if (read === undefined) return;
    const again = readOpt(optRecord(read.edns, read.extendedRcode));
    const [one, other] = [read, again].map((each) => JSON.stringify(each));
    expectThat(one === other, `${one ?? ""} becomes ${other ?? ""}`);
  },
};

/** One option, its code and its length in front: what the answer path makes of it, and what tools do. */
const queryOptions: Decoder = {
  name: "ECS and cookies",
  limitMs: ANSWER_LIMIT_MS,
  source: (mutator) => {
    const next = optionSource(mutator);
    return () => next().subarray(0, 300);
  },
  check: (input) => {
    const code = ((input[0] ?? 0) << 8) | (input[1] ?? 0);
    const octets = input.subarray(4);
    const option = decodeOption(code, octets);
    const written = encodeOption(option);
    const isKept = option.kind !== "padding" && option.kind !== "extended-error";
    if (isKept) expectSame(written.octets, octets, option.kind);
    const asked = packet({
      question: question("www.example.", "A"),
      additional: [opt({ options: [join(u16(code), u16(octets.length), octets)] })],
    });
    const query = createQuery();
    const form = parseQuery(query, asked, new DataView(asked.buffer), 0, asked.length);
    const isWhole = form === "whole";
    if (code === EDNS_OPTION.COOKIE) {
      expectThat(isWhole === (option.kind === "cookie"), `${form}, ${option.kind}`);
      if (isWhole) expectSame(query.cookie.octets.subarray(0, query.cookie.length), octets, "cookie");
    } else if (code === EDNS_OPTION.CLIENT_SUBNET) {
      const isSubnet = option.kind === "client-subnet" && option.scopePrefixBits === 0;
      // Family 0 says that there is no address, and tools do not ask with it.
      const isOfNobody = isWhole && query.ecs.family === 0;
      expectThat(isWhole === (isSubnet || isOfNobody), `${form}, ${option.kind}`);
      if (isSubnet) expectSame(query.ecs.octets.subarray(0, option.address.length), option.address, "subnet");
    } else expectThat(isWhole, `${form} for option ${code}`);
  },
};

const tsigs: Decoder = {
  name: "TSIG",
  limitMs: ANSWER_LIMIT_MS,
  source: (_mutator, seed) => createMessageSource(seed, NAMES, () => NOW_SECONDS, { signedShare: 0.9 }),
  check: (input) => {
    verifyRequest(input, KEYS, keyedHash, NOW_SECONDS);
    verifyResponse(input, SHA256_KEY, input.subarray(-32), keyedHash, NOW_SECONDS);
    const found = findTsig(input);
    if (found.kind !== "found") return;
    const written = writeTsig(found.tsig);
    // A compressed owner is shorter than what it stands for.
    if (written.length === input.length - found.at) expectSame(written, input.subarray(found.at), "TSIG");
    expectThat(written.length >= input.length - found.at, "what was written is shorter");
  },
};

const PROXY_GUARD_OCTETS = 8;

const proxyHeaders: Decoder = {
  name: "PROXY header",
  limitMs: ANSWER_LIMIT_MS,
  source: ({ pick, chance, below, octets, mutate }) => {
    return () => {
      const source = pick(["198.51.100.7", "2001:db8::7", ""]);
      const header = proxyHeader(source, pick([1, 2]), { more: octets(below(40)) });
      return chance(UNCHANGED_SHARE) ? header : mutate(header);
    };
  },
  check: (input) => {
    const framed = join(new Uint8Array(PROXY_GUARD_OCTETS), input, new Uint8Array(PROXY_GUARD_OCTETS));
    for (const way of ["stream", "datagram"] as const) {
      const client = createClientAddress();
      const read = (length: number): number =>
        readProxyHeader(framed, PROXY_GUARD_OCTETS, length, way, client);
      const length = read(input.length);
      expectThat(length >= -1 && length <= Math.min(input.length, MAX_PROXY_HEADER_OCTETS), String(length));
      expectThat(client.length === 4 || client.length === 16, `an address of ${client.length} octets`);
      // Until it is whole there is nothing to say but to wait, unless it can become none.
      for (let part = 0; part < Math.max(0, length); part++) expectThat(read(part) === 0, `at ${part}`);
    }
  },
};

/** Over every transport, in place, with guards around the slot, and with every feature that a query can ask for. */
export function answerPath(settings: AnswerSettings): Decoder {
  const image = sampleImage();
  const { ask } = createAsker(() => image, {
    settings: { current: settings },
    now: () => NOW_SECONDS * 1_000,
    keyedHash,
  });
  return {
    name: "answer path",
    limitMs: ANSWER_LIMIT_MS,
    source: (_mutator, seed) => createMessageSource(seed, NAMES, () => NOW_SECONDS),
    check: (input) => {
      for (const transport of Object.values(TRANSPORT)) {
        const reply = ask(input, { transport });
        expectThat(
          (reply === undefined) === mustBeDropped(input, transport),
          `over ${transport}: ${reply === undefined ? "dropped" : "answered"}`,
        );
        if (reply === undefined) continue;
        const { unreadable, wrong } = faultsOf(input, reply, transport);
        expectThat(
          unreadable === undefined && wrong === undefined,
          `${unreadable ?? wrong ?? ""}: ${Buffer.from(reply).toString("hex")}`,
        );
        if (reply.length >= HEADER_OCTETS)
          expectThat(/^no-store$|^max-age=\d+$/.test(cacheControl(Buffer.from(reply))), "its age");
      }
    },
  };
}

export const WIRE_DECODERS: readonly Decoder[] = [
  names,
  messages,
  ...rdataDecoders,
  optRecords,
  queryOptions,
  tsigs,
  proxyHeaders,
];
