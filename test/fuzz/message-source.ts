/**
 * Queries that are wrong, or right, in their structure: names, counts, records, options and signatures are made one by
 * one, each of them as it should be or not, so that a packet gets past what one fault would stop it at. Between them
 * come those of `packet-source`, and all may lose a few octets on the way.
 */

import { nameOf } from "../../src/dns/name.ts";
import { TYPE } from "../../src/dns/types.ts";
import { join, opt, option, packet, query, question, u16 } from "../support/packets.ts";
import { KEYS, SHA256_KEY, signedQuery } from "../support/tsig.ts";
import { createMutator, type Mutator } from "./mutation.ts";
import { createPacketSource } from "./packet-source.ts";

type Names = readonly [string, ...string[]];

const TYPES = [
  1, 28, 2, 5, 6, 15, 16, 39, 43, 65, 255, 251, 252, 0, 41, 46, 249, 250, 254, 65_280, 65_535,
] as const;
const CLASSES = [1, 1, 1, 1, 1, 1, 1, 3, 254, 255, 0, 4] as const;
const OPCODES = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 4, 5, 6, 15] as const;
const UDP_SIZES = [0, 1, 511, 512, 513, 1_232, 1_233, 4_096, 65_535] as const;
const OPCODE_SHIFT = 11;
const QR = 0x8000;
/** Of each thing that may be wrong. */
const FAULT_SHARE = 0.06;
const OTHER_SOURCE_SHARE = 0.2;
const MUTATED_SHARE = 0.25;
const SIGNED_SHARE = 0.08;

/** Packets of at most 2,000 octets or so, the same for the same seed and clock. */
export function createMessageSource(
  seed: number,
  names: Names,
  nowSeconds: () => number,
  { signedShare = SIGNED_SHARE }: { readonly signedShare?: number } = {},
): () => Uint8Array {
  const mutator = createMutator(seed);
  const others = createPacketSource(seed);
  let last: Uint8Array = query(names[0], "A");
  const make = (): Uint8Array => {
    if (mutator.chance(signedShare)) return signed(mutator, names, nowSeconds());
    return mutator.chance(OTHER_SOURCE_SHARE) ? others() : structuralQuery(mutator, names);
  };
  return () => {
    const { chance } = mutator;
    const made = make();
    const sent = chance(MUTATED_SHARE) ? mutator.mutate(made, last) : made;
    last = made;
    return sent;
  };
}

function structuralQuery(mutator: Mutator, names: Names): Uint8Array {
  const { chance, below, pick } = mutator;
  const questions = chance(FAULT_SHARE) ? below(3) : 1;
  const type = pick(TYPES);
  const asked = join(...Array.from({ length: questions }, () => questionOf(mutator, names, type)));
  const isUsual = !chance(FAULT_SHARE);
  const before = isUsual && type !== TYPE.IXFR ? [] : [recordOf(mutator, names, TYPE.SOA)];
  const additional = additionalsOf(mutator, names);
  const counts: [number, number, number, number] = [questions, 0, before.length, additional.length];
  if (chance(FAULT_SHARE)) counts[below(4)] = pick([0, 1, 2, 3, 0xff, 0xffff]);
  const response = chance(FAULT_SHARE / 3) ? QR : 0;
  const flags = response | (pick(OPCODES) << OPCODE_SHIFT) | (chance(0.3) ? below(0x800) : 0);
  return packet({
    id: below(0x1_0000),
    flags,
    counts,
    question: asked,
    additional: [...before, ...additional],
  });
}

function questionOf(mutator: Mutator, names: Names, type: number): Uint8Array {
  return join(nameOctets(mutator, names), u16(type), u16(mutator.pick(CLASSES)));
}

function nameOctets({ chance, below, pick, octets }: Mutator, names: Names): Uint8Array {
  const real = Uint8Array.from(nameOf(pick(names)));
  const label = (length: number): Uint8Array => Uint8Array.of(length, ...octets(length));
  const labels = (count: number, length: number): Uint8Array =>
    join(...Array.from({ length: count }, () => label(length)));
  if (chance(FAULT_SHARE)) {
    return pick([
      Uint8Array.of(0xc0, 12),
      Uint8Array.of(0xc0, below(256)),
      Uint8Array.of(0xff, 0xff),
      join(label(3), Uint8Array.of(0xc0, 12)),
      join(Uint8Array.of(pick([0x40, 0x41, 0x80])), octets(below(20)), real),
      join(label(1 + below(63))),
      join(labels(4, 63), real),
    ]);
  }
  // Lengths stay below 64, so only letters change their case.
  const cased = real.map((octet) => (octet >= 0x61 && octet <= 0x7a && chance(0.3) ? octet - 0x20 : octet));
  if (!chance(0.25)) return cased;
  const room = 255 - cased.length;
  const fitting = pick([
    labels(1, 1 + below(63)),
    labels(1 + below(40), 1),
    labels(3, 1 + below(63)),
    new Uint8Array(0),
  ]);
  const toTheBrim = join(labels(Math.floor(room / 2) - 1, 1), cased);
  return chance(0.2) ? toTheBrim : join(fitting, cased);
}

function additionalsOf(mutator: Mutator, names: Names): Uint8Array[] {
  const { chance, below, pick } = mutator;
  const additional: Uint8Array[] = [];
  if (chance(0.7)) additional.push(optOf(mutator));
  if (chance(FAULT_SHARE)) additional.push(optOf(mutator));
  if (chance(FAULT_SHARE)) additional.splice(below(2), 0, recordOf(mutator, names, pick(TYPES)));
  return additional;
}

function optOf(mutator: Mutator): Uint8Array {
  const { chance, below, pick } = mutator;
  const options = Array.from({ length: below(5) }, () => optionOf(mutator));
  const size = chance(0.5) ? 1_232 : pick(UDP_SIZES);
  const made = opt({
    size,
    version: chance(FAULT_SHARE) ? below(256) : 0,
    flags: chance(0.3) ? below(0x1_0000) : 0,
    options,
    owner: chance(FAULT_SHARE / 2) ? Uint8Array.of(1, 0x61, 0) : Uint8Array.of(0),
  });
  // RDLENGTH stands behind the owner and eight octets.
  if (chance(FAULT_SHARE)) made[made.length > 10 ? 10 : 0] = below(256);
  return made;
}

/** One EDNS option, well-formed or almost. */
export function optionOf(mutator: Mutator): Uint8Array {
  const { chance, below, pick, octets } = mutator;
  const made = pick([
    () => option(3),
    () => option(8, ...clientSubnet(mutator)),
    () => option(8, ...clientSubnet(mutator)),
    () => option(10, ...octets(pick([8, 16, 24, 40, 7, 9, 15, 41, 0]))),
    () => option(11, ...octets(pick([0, 0, 2, 1]))),
    () => option(12, ...new Uint8Array(below(300))),
    () => option(15, ...octets(below(3)), ...new TextEncoder().encode(pick(["\ufeff\ufeffwhy", "why", ""]))),
    () => option(below(0x1_0000), ...octets(below(40))),
  ])();
  if (chance(FAULT_SHARE)) made.set(u16(below(0x1_0000)), 2);
  return made;
}

function clientSubnet({ chance, below, pick, octets }: Mutator): number[] {
  const family = chance(FAULT_SHARE) ? below(4) : pick([1, 2]);
  const mostBits = family === 1 ? 32 : family === 2 ? 128 : 0;
  const bits = chance(FAULT_SHARE) ? below(256) : below(mostBits + 1);
  const address = [pick([10, 192, 0x20]), ...octets(31)].slice(0, Math.ceil(bits / 8));
  const spare = address.length * 8 - bits;
  const last = address.at(-1);
  // Bits behind the prefix are zero but where that is the fault.
  if (last !== undefined && !chance(FAULT_SHARE)) address[address.length - 1] = last & (0xff << spare);
  if (chance(FAULT_SHARE)) address.push(below(256));
  return [0, family, bits, chance(FAULT_SHARE) ? below(256) : 0, ...address];
}

function recordOf(mutator: Mutator, names: Names, type: number): Uint8Array {
  const { chance, below, octets } = mutator;
  const rdata = octets(below(40));
  const length = chance(FAULT_SHARE) ? below(0x1_0000) : rdata.length;
  return join(nameOctets(mutator, names), u16(type), u16(1), octets(4), u16(length), rdata);
}

/** Signed with a key that the server has, then changed or not; transfers among them. */
function signed({ chance, below, pick, mutate }: Mutator, names: Names, nowSeconds: number): Uint8Array {
  const asked = packet({
    id: below(0x1_0000),
    question: question(pick(names), pick([1, 6, 251, 252]), pick(CLASSES)),
    additional: chance(0.5) ? [opt()] : [],
  });
  const key = pick([SHA256_KEY, ...KEYS]);
  const atSeconds = chance(0.2) ? nowSeconds + pick([-100_000, 100_000]) : nowSeconds;
  const { octets } = signedQuery(asked, key, atSeconds);
  return chance(0.5) ? octets : mutate(octets);
}
