/**
 * Random zones that are right by every rule and full of what lookups stumble over: aliases that chain, loop and leave,
 * DNAMEs, wildcards at every depth, cuts with glue of their own, of each other or none, what lies below them, empty
 * non-terminals, names in the data of MX and SRV, types without a name. The same seed makes the same zone.
 */

/** A 32-bit generator (mulberry32): small, and good enough to draw labels with. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const LABELS = ["a", "b", "c", "*"] as const;
const MAX_DEPTH = 4;
const OWNERS = 28;

/** The address of every name that has one beside a DNAME, and of no other. */
export const ADDRESS_BESIDE_DNAME = "192.0.2.2";

export interface GeneratedZone {
  readonly apex: string;
  readonly text: string;
  /** Names worth asking: owners, what lies around them, and strangers. Absolute. */
  readonly names: readonly string[];
  readonly outside: string;
}

const KINDS = [
  "address",
  "address",
  "text",
  "mail",
  "service",
  "unknown",
  "cname",
  "cname",
  "cname",
  "dname",
  "cut",
  "cut",
] as const;
type Kind = (typeof KINDS)[number];

/** One in ten targets is `outside`, an absolute name. */
export function generateZone(apex: string, seed: number, outside = "out.example."): GeneratedZone {
  const random = seededRandom(seed);
  const pick = <T>(items: readonly [T, ...T[]]): T => items[Math.floor(random() * items.length)] ?? items[0];
  const anyName = (): string =>
    Array.from({ length: 1 + Math.floor(random() * MAX_DEPTH) }, () => pick(LABELS)).join(".");
  const kinds = new Map<string, Kind>();
  for (let drawn = 0; drawn < OWNERS; drawn++) {
    const kind = pick<Kind>(KINDS);
    const name = anyName();
    // RFC 4592 §4.2 and §4.4 leave NS and DNAME at a wildcard undefined.
    const isUndefined = name.startsWith("*") && (kind === "dname" || kind === "cut");
    if (!kinds.has(name) && !isUndefined) kinds.set(name, kind);
  }
  const lines = ["$TTL 300", "@ SOA ns hostmaster 1 1h 10m 2w 60", "@ NS ns", "ns A 192.0.2.53"];
  for (const [owner, kind] of kinds) {
    if (isBelow(owner, kinds, "dname")) continue;
    lines.push(...recordsOf(owner, kind, () => (random() < 0.1 ? outside : anyName()), random));
  }
  const around = Array.from(kinds.keys()).flatMap((owner) => [
    owner,
    `b.${owner}`,
    `${pick(LABELS)}.c.${owner}`,
  ]);
  const strangers = Array.from({ length: 20 }, anyName);
  const names = [...new Set([...around, ...strangers])].map((name) => `${name}.${apex}`);
  return { apex, text: `${lines.join("\n")}\n`, names: [apex, ...names], outside };
}

function isBelow(owner: string, kinds: ReadonlyMap<string, Kind>, kind: Kind): boolean {
  for (let dot = owner.indexOf("."); dot !== -1; dot = owner.indexOf(".", dot + 1)) {
    if (kinds.get(owner.slice(dot + 1)) === kind) return true;
  }
  return false;
}

function recordsOf(owner: string, kind: Kind, target: () => string, random: () => number): string[] {
  const maybe = (share: number, ...lines: readonly string[]): readonly string[] =>
    random() < share ? lines : [];
  switch (kind) {
    case "address":
      return [
        `${owner} A 192.0.2.1`,
        ...maybe(0.3, `${owner} A 192.0.2.3`),
        ...maybe(0.4, `${owner} AAAA 2001:db8::1`),
        ...maybe(0.4, `${owner} TXT "with text"`),
      ];
    case "text":
      return [`${owner} TXT "text"`, ...maybe(0.3, `${owner} MX 10 ${target()}`)];
    case "mail":
      return [`${owner} MX 10 ${target()}`, ...maybe(0.5, `${owner} MX 20 ${target()}`, `${owner} MX 30 ns`)];
    case "service":
      return [`${owner} SRV 1 2 53 ${target()}`, ...maybe(0.4, `${owner} SRV 2 2 53 ns`)];
    case "unknown":
      return [`${owner} TYPE65280 \\# 3 010203`, ...maybe(0.3, `${owner} AAAA 2001:db8::2`)];
    case "cname":
      return [`${owner} CNAME ${target()}`];
    case "dname":
      return [`${owner} DNAME ${target()}`, ...maybe(0.5, `${owner} A ${ADDRESS_BESIDE_DNAME}`)];
    case "cut":
      return [
        `${owner} NS ${random() < 0.4 ? target() : "ns"}`,
        ...maybe(0.5, `${owner} DS 1 8 2 ${"ab".repeat(32)}`),
        ...maybe(0.5, `${owner} NS inside.${owner}`, `inside.${owner} A 192.0.2.54`),
        ...maybe(0.2, `${owner} NS v6.${owner}`, `v6.${owner} AAAA 2001:db8::54`),
      ];
  }
}
