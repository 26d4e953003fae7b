/** What is read from text: names, times, addresses, requests over HTTPS, zones. */

import { formatIp, parseIp } from "../../src/dns/address.ts";
import { formatName, parseName, ROOT } from "../../src/dns/name.ts";
import { parseTtl } from "../../src/dns/ttl.ts";
import { formatType, parseType } from "../../src/dns/types.ts";
import { formatDuration, parseDurationMs } from "../../src/health/duration.ts";
import { DEFAULT_HTTPS_PATH, judgeHead } from "../../src/server/http-query.ts";
import { latin1, octetsOfLatin1 } from "../../src/zone/lexer.ts";
import { loadZones } from "../../src/zone/load.ts";
import { masterFileLines } from "../../src/zone/master-file.ts";
import type { ZoneSet } from "../../src/zone/model.ts";
import { plainRRsets } from "../../src/zone/plain-zone.ts";
import { generateZone } from "../support/zone-generator.ts";
import { ANSWER_LIMIT_MS, type Decoder, expectSame, expectThat } from "./decoder.ts";
import type { Mutator } from "./mutation.ts";
import { checkedZoneText, createZoneTextSource } from "./zone-texts.ts";

/** Of a whole zone; a packet cannot have one read. */
const ZONE_LIMIT_MS = 1_000;
const ORIGIN_PATH = "fuzz.test.zone";

/** Texts that are right, most of them changed. */
function textSource(...texts: readonly [string, ...string[]]): Decoder["source"] {
  return ({ pick, chance, mutate }: Mutator) =>
    () => {
      const octets = octetsOfLatin1(pick(texts));
      return chance(0.3) ? octets : mutate(octets, octetsOfLatin1(pick(texts)));
    };
}

/** Reading what was written leads back to where it was. */
function textDecoder(
  name: string,
  texts: readonly [string, ...string[]],
  again: (text: string) => readonly [first: string, second: string] | undefined,
): Decoder {
  return {
    name,
    limitMs: ANSWER_LIMIT_MS,
    source: textSource(...texts),
    check: (input) => {
      const [first, second] = again(latin1(input)) ?? ["", ""];
      expectThat(first === second, `'${first}' becomes '${second}'`);
    },
  };
}

const names = textDecoder(
  "name text",
  [
    "www.example.",
    "@",
    "\\000\\255.a\\.b.example.",
    `${"a".repeat(63)}.${"b.".repeat(90)}`,
    "*.a",
    "\\[x41.",
    "a\\\\.b",
  ],
  (text) => {
    const parsed = parseName(text, ROOT);
    if (!parsed.ok) return undefined;
    const formatted = formatName(parsed.name);
    const again = parseName(formatted);
    expectSame(again.ok ? again.name : undefined, parsed.name, formatted);
    return [formatted, again.ok ? formatName(again.name) : ""];
  },
);

const ttls = textDecoder("TTL", ["300", "1h30m", "2147483647", "1w2d3h4m5s", "0", "1W1w"], (text) => {
  const parsed = parseTtl(text);
  if (!parsed.ok) return undefined;
  const again = parseTtl(String(parsed.seconds));
  return [String(parsed.seconds), again.ok ? String(again.seconds) : again.message];
});

const durations = textDecoder(
  "duration",
  ["250ms", "1m30s", "14d", "2w3d4h5m6s7ms", "0s", "520w"],
  (text) => {
    const parsed = parseDurationMs(text);
    if (!parsed.ok) return undefined;
    const formatted = formatDuration(parsed.ms);
    const again = parseDurationMs(formatted);
    expectThat(again.ok && again.ms === parsed.ms, `${text} becomes ${formatted}`);
    return [formatted, again.ok ? formatDuration(again.ms) : ""];
  },
);

const addresses = textDecoder(
  "address",
  ["192.0.2.1", "2001:db8::1", "::", "::ffff:192.0.2.1", "1:2:3:4:5:6:7:8", "fe80::1%eth0"],
  (text) => {
    const parsed = parseIp(text);
    if (parsed === undefined) return undefined;
    const formatted = formatIp(parsed);
    expectSame(parseIp(formatted), parsed, formatted);
    return [formatted, formatIp(parseIp(formatted) ?? parsed)];
  },
);

const types = textDecoder("type", ["A", "TYPE65280", "TYPE1", "svcb", "NSEC3PARAM"], (text) => {
  const parsed = parseType(text);
  return parsed === undefined ? undefined : [String(parsed), String(parseType(formatType(parsed)))];
});

const httpsRequests: Decoder = {
  name: "request over HTTPS",
  limitMs: ANSWER_LIMIT_MS,
  source: textSource(
    "GET /dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB",
    "GET /dns-query?a=b&dns=AAAB&dns=CCCC",
    "GET /dns-query?dns=AAAB%3D",
    "POST /dns-query application/dns-message 33",
    "POST /dns-query application/dns-message;a=b 65536",
    "HEAD / text/html -1",
  ),
  check: (input) => {
    const [method = "", target = "", contentType, contentLength] = latin1(input).split(" ");
    const judged = judgeHead({ method, target, contentType, contentLength }, DEFAULT_HTTPS_PATH);
    if (judged.kind === "refused")
      expectThat(judged.status >= 400 && judged.status < 500, String(judged.status));
    // Four characters are three octets.
    else if (judged.kind === "query")
      expectThat(judged.octets.length <= target.length, "more than was given");
    else expectThat(method === "POST", `${method} has a body`);
  },
};

/** As `export` writes it. */
function plainText(set: ZoneSet): string {
  return set.zones.map((zone) => [...masterFileLines(plainRRsets(zone, set.definitions))].join("")).join("");
}

const zoneTexts: Decoder = {
  name: "zone text",
  limitMs: ZONE_LIMIT_MS,
  source: (mutator) => {
    const next = createZoneTextSource(mutator.random);
    return () => {
      const octets = octetsOfLatin1(next());
      return mutator.chance(0.3) ? mutator.mutate(octets) : octets;
    };
  },
  check: (input) => {
    const { set } = checkedZoneText(input);
    if (set === undefined) return;
    const exported = plainText(set);
    const again = checkedZoneText(octetsOfLatin1(exported));
    expectThat(again.set !== undefined && plainText(again.set) === exported, `exported as\n${exported}`);
  },
};

/** The seeds are the inputs; what is made of one is a zone that is right. */
const generatedZones: Decoder = {
  name: "generated zone",
  limitMs: ZONE_LIMIT_MS,
  source:
    ({ octets }) =>
    () =>
      octets(4),
  check: (input) => {
    const seed = input.reduce((sum, octet) => sum * 256 + octet, 0);
    const { text } = generateZone("fuzz.test.", seed, "out.example.");
    const load = (octets: Uint8Array): ZoneSet | undefined =>
      loadZones([{ path: ORIGIN_PATH, octets }], () => undefined).set;
    const set = load(octetsOfLatin1(text));
    expectThat(set !== undefined, "is refused");
    if (set === undefined) return;
    const exported = plainText(set);
    const again = load(octetsOfLatin1(exported));
    expectThat(again !== undefined && plainText(again) === exported, `exported as\n${exported}`);
  },
};

export const TEXT_DECODERS: readonly Decoder[] = [
  names,
  ttls,
  durations,
  addresses,
  types,
  httpsRequests,
  zoneTexts,
  generatedZones,
];
