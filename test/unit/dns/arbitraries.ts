/** Random names, rdata and messages for properties. */

import fc from "fast-check";
import { EDNS_VERSION, type Edns } from "../../../src/dns/edns.ts";
import type { EdnsOption } from "../../../src/dns/edns-option.ts";
import type { Message, ResourceRecord } from "../../../src/dns/message.ts";
import { foldOctet, joinLabels, type Name, ROOT } from "../../../src/dns/name.ts";
import { TYPE } from "../../../src/dns/types.ts";

/**
 * Any octets in the labels but capital letters: compression may change the case of a name, and messages shall be equal to
 * what they were built from. Few and short enough labels that a name always fits.
 */
export function arbitraryName(): fc.Arbitrary<Name> {
  const label = fc
    .uint8Array({ minLength: 1, maxLength: 20 })
    .map((octets) => octets.map((octet) => foldOctet(octet)));
  return fc.array(label, { maxLength: 5 }).map((labels) => joinLabels(labels, ROOT) ?? ROOT);
}

/** Names that share suffixes, so that compression has something to do. */
export function arbitraryRelatedName(
  labels: readonly string[] = ["a", "b", "ns1", "example", "com"],
): fc.Arbitrary<Name> {
  const label = fc.constantFrom(...labels).map((text) => Buffer.from(text));
  return fc.array(label, { maxLength: 4 }).map(
    (labels) =>
      joinLabels(
        labels.map((octets) => Uint8Array.from(octets)),
        ROOT,
      ) ?? ROOT,
  );
}

function concat(...parts: fc.Arbitrary<Uint8Array>[]): fc.Arbitrary<Uint8Array> {
  return fc.tuple(...parts).map((octets) => Uint8Array.from(octets.flatMap((part) => [...part])));
}

function octets(minLength: number, maxLength = minLength): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength, maxLength });
}

/** Lower case, for NSD takes no other in a CAA tag. */
function alphanumeric(): fc.Arbitrary<Uint8Array> {
  return fc
    .stringMatching(/^[0-9a-z]{1,10}$/)
    .map((text) => Uint8Array.of(text.length, ...Buffer.from(text)));
}

const characterString = octets(0, 255).map((text) => Uint8Array.of(text.length, ...text));

const manyStrings = fc
  .array(characterString, { minLength: 1, maxLength: 3 })
  .map((strings) => Uint8Array.from(strings.flatMap((text) => [...text])));

function fixed(...values: number[]): fc.Arbitrary<Uint8Array> {
  return fc.constant(Uint8Array.from(values));
}

/** RFC 1876's fields within their ranges, sizes as a digit and a power of ten. */
const location = fc
  .record({
    sizes: fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 9 })), {
      minLength: 3,
      maxLength: 3,
    }),
    latitude: fc.integer({ min: -324_000_000, max: 324_000_000 }),
    longitude: fc.integer({ min: -648_000_000, max: 648_000_000 }),
    altitude: fc.integer({ min: 0, max: 0xffffffff }),
  })
  .map(({ sizes, latitude, longitude, altitude }) => {
    const rdata = Buffer.alloc(16);
    for (const [index, [digit, power]] of sizes.entries()) rdata[index + 1] = digit * 16 + power;
    rdata.writeUInt32BE(2 ** 31 + latitude, 4);
    rdata.writeUInt32BE(2 ** 31 + longitude, 8);
    rdata.writeUInt32BE(altitude, 12);
    return Uint8Array.from(rdata);
  });

/** Identifiers of two octets and more: Knot 3.2 refuses a list of shorter ones. */
const alpnValue = fc
  .array(octets(2, 10), { minLength: 1, maxLength: 3 })
  .map((items) => Uint8Array.from(items.flatMap((item) => [item.length, ...item])));

/** ServiceMode, each parameter there or not, keys ascending. */
const serviceBinding = fc
  .record({
    priority: fc.integer({ min: 1, max: 0xffff }),
    target: arbitraryName(),
    values: fc.record(
      {
        1: alpnValue,
        3: octets(2),
        4: octets(4),
        5: octets(1, 30),
        6: octets(16).chain((one) => octets(16).map((other) => Uint8Array.of(...one, ...other))),
        667: octets(0, 30),
      },
      { requiredKeys: [] },
    ),
    isMandatory: fc.boolean(),
  })
  .map(({ priority, target, values, isMandatory }) => {
    const keys = Object.keys(values).map(Number);
    const params: number[] = [];
    const add = (key: number, value: Iterable<number>): void => {
      const list = [...value];
      params.push(key >> 8, key & 0xff, list.length >> 8, list.length & 0xff, ...list);
    };
    if (isMandatory && keys.length > 0)
      add(
        0,
        keys.flatMap((key) => [key >> 8, key & 0xff]),
      );
    for (const [key, value] of Object.entries(values)) add(Number(key), value ?? []);
    return Uint8Array.of(priority >> 8, priority & 0xff, ...target, ...params);
  });

const knownDigest = fc.oneof(concat(fixed(1), octets(20)), concat(fixed(2), octets(32)));
const digest = fc.oneof(knownDigest, concat(fixed(200), octets(1, 64)));

/** Valid stored rdata of each type that has a text of its own. */
export const ARBITRARY_RDATA: ReadonlyMap<number, fc.Arbitrary<Uint8Array>> = new Map<
  number,
  fc.Arbitrary<Uint8Array>
>([
  [TYPE.A, octets(4)],
  [TYPE.AAAA, octets(16)],
  [TYPE.NS, arbitraryName()],
  [TYPE.CNAME, arbitraryName()],
  [TYPE.DNAME, arbitraryName()],
  [TYPE.PTR, arbitraryName()],
  [TYPE.MX, concat(octets(2), arbitraryName())],
  [TYPE.SOA, concat(arbitraryName(), arbitraryName(), octets(20))],
  [TYPE.TXT, manyStrings],
  [TYPE.SPF, manyStrings],
  [TYPE.HINFO, concat(characterString, characterString)],
  [TYPE.RP, concat(arbitraryName(), arbitraryName())],
  [TYPE.SRV, concat(octets(6), arbitraryName())],
  [TYPE.NAPTR, concat(octets(4), characterString, characterString, characterString, arbitraryName())],
  [TYPE.CAA, concat(octets(1), alphanumeric(), octets(0, 300))],
  [TYPE.URI, concat(octets(4), octets(1, 300))],
  [TYPE.SSHFP, concat(octets(1), digest)],
  [
    TYPE.TLSA,
    concat(
      octets(2),
      fc.oneof(concat(fixed(0), octets(1, 99)), concat(fixed(1), octets(32)), concat(fixed(2), octets(64))),
    ),
  ],
  // An algorithm and a digest that there are: Knot looks.
  [TYPE.DS, concat(octets(2), fixed(13), knownDigest)],
  [TYPE.LOC, location],
  [TYPE.SVCB, serviceBinding],
  [TYPE.HTTPS, serviceBinding],
]);

function arbitraryRecord(): fc.Arbitrary<ResourceRecord> {
  return fc.constantFrom(...ARBITRARY_RDATA).chain(([type, rdata]) =>
    fc.record({
      owner: arbitraryRelatedName(),
      type: fc.constant(type),
      class: fc.constant(1),
      ttlSeconds: fc.integer({ min: 0, max: 0xffffffff }),
      rdata,
    }),
  );
}

const arbitraryOption: fc.Arbitrary<EdnsOption> = fc.oneof(
  fc.record({ kind: fc.constant("nsid" as const), octets: octets(0, 20) }),
  fc.record({
    kind: fc.constant("cookie" as const),
    client: octets(8),
    server: fc.option(octets(8, 32), { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant("keepalive" as const),
    timeoutMs: fc.option(
      fc.integer({ min: 0, max: 0xffff }).map((units) => units * 100),
      { nil: undefined },
    ),
  }),
  fc.record({ kind: fc.constant("padding" as const), octetCount: fc.nat({ max: 400 }) }),
  fc.record({
    kind: fc.constant("extended-error" as const),
    infoCode: fc.nat({ max: 0xffff }),
    text: fc.string({ maxLength: 40 }),
  }),
  fc.record({
    kind: fc.constant("client-subnet" as const),
    address: octets(3).map(([a = 0, b = 0, c = 0]) => Uint8Array.of(a, b, c, 0)),
    sourcePrefixBits: fc.integer({ min: 24, max: 32 }),
    scopePrefixBits: fc.integer({ min: 0, max: 32 }),
  }),
  fc.record({
    kind: fc.constant("unknown" as const),
    code: fc.integer({ min: 100, max: 0xffff }),
    octets: octets(0, 20),
  }),
);

export const arbitraryEdns: fc.Arbitrary<Edns> = fc.record({
  udpSize: fc.nat({ max: 0xffff }),
  version: fc.constant(EDNS_VERSION),
  dnssecOk: fc.boolean(),
  reservedFlags: fc.nat({ max: 0x7fff }),
  options: fc.array(arbitraryOption, { maxLength: 4 }),
});

export const arbitraryMessage: fc.Arbitrary<Message> = fc
  .record({
    id: fc.nat({ max: 0xffff }),
    opcode: fc.nat({ max: 15 }),
    rcode: fc.nat({ max: 0xfff }),
    isResponse: fc.boolean(),
    isAuthoritative: fc.boolean(),
    isTruncated: fc.boolean(),
    recursionDesired: fc.boolean(),
    recursionAvailable: fc.boolean(),
    authenticData: fc.boolean(),
    checkingDisabled: fc.boolean(),
    questions: fc.array(
      fc.record({
        name: arbitraryRelatedName(),
        type: fc.nat({ max: 0xffff }),
        class: fc.nat({ max: 0xffff }),
      }),
      { maxLength: 2 },
    ),
    answers: fc.array(arbitraryRecord(), { maxLength: 5 }),
    authorities: fc.array(arbitraryRecord(), { maxLength: 3 }),
    additionals: fc.array(arbitraryRecord(), { maxLength: 3 }),
    edns: fc.option(arbitraryEdns, { nil: undefined }),
  })
  .map(withRcodeThatFits);

/** An RCODE above 15 needs EDNS. */
function withRcodeThatFits(message: Message): Message {
  return message.edns === undefined ? { ...message, rcode: message.rcode & 15 } : message;
}
