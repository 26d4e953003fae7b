/**
 * IP addresses as octets, 4 or 16 of them. Text is read strictly (four decimal numbers without leading zeros; RFC 4291
 * §2.2 for IPv6) and written as RFC 5952 recommends.
 */

const IPV4_OCTETS = 4;
const IPV6_OCTETS = 16;
const IPV6_GROUPS = 8;
const DOT = 0x2e;
const DIGIT_ZERO = 0x30;
const DIGIT_NINE = 0x39;

/** Four octets, or `undefined` where the text is no IPv4 address. */
export function parseIpv4(text: string): Uint8Array | undefined {
  const octets = new Uint8Array(IPV4_OCTETS);
  return readIpv4(text, octets) ? octets : undefined;
}

/**
 * Fills in the first four octets; `false` where the text is no IPv4 address, and then they hold anything. Makes nothing,
 * as servers are told by text who asked, with every query.
 */
export function readIpv4(text: string, octets: Uint8Array): boolean {
  let filled = 0;
  let value = 0;
  let digits = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (digits === 0 || filled === IPV4_OCTETS - 1) return false;
      octets[filled++] = value;
      value = 0;
      digits = 0;
      continue;
    }
    // A leading zero means octal to some programs: 010 is refused rather than guessed at.
    if (code < DIGIT_ZERO || code > DIGIT_NINE || (digits > 0 && value === 0)) return false;
    value = value * 10 + code - DIGIT_ZERO;
    if (value > 0xff) return false;
    digits++;
  }
  octets[filled] = value;
  return digits > 0 && filled === IPV4_OCTETS - 1;
}

/** Sixteen octets, or `undefined` where the text is no IPv6 address. Zone identifiers (`%eth0`) are none of it. */
export function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head = "", tail] = halves;
  const before = groupsOf(head, tail === undefined);
  const after = tail === undefined ? [] : groupsOf(tail, true);
  if (before === undefined || after === undefined) return undefined;
  const missing = IPV6_GROUPS - before.length - after.length;
  // «::» stands for one group of zeros or more (RFC 4291 §2.2), never for none.
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const octets = new Uint8Array(IPV6_OCTETS);
  const groups = [...before, ...Array.from({ length: missing }, () => 0), ...after];
  for (const [index, group] of groups.entries()) {
    octets[index * 2] = group >> 8;
    octets[index * 2 + 1] = group & 0xff;
  }
  return octets;
}

/** 4 or 16 octets, by what the text is; `undefined` where it is neither. */
export function parseIp(text: string): Uint8Array | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/** The text of 4 or 16 octets. */
export function formatIp(octets: Uint8Array): string {
  if (octets.length === IPV4_OCTETS) return octets.join(".");
  if (octets.length !== IPV6_OCTETS) throw new Error(`Cannot format address: ${octets.length} octets`);
  const groups = Array.from(
    { length: IPV6_GROUPS },
    (_, index) => ((octets[index * 2] ?? 0) << 8) | (octets[index * 2 + 1] ?? 0),
  );
  // IPv4-mapped addresses keep their dotted end (RFC 5952 §5).
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${octets.subarray(12).join(".")}`;
  }
  const zeros = longestZeroRun(groups);
  const text = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(":");
  if (zeros.length < 2) return text(0, IPV6_GROUPS);
  return `${text(0, zeros.start)}::${text(zeros.start + zeros.length, IPV6_GROUPS)}`;
}

/** The groups of one side of «::»; a dotted IPv4 address may stand for the last two where `mayEndDotted`. */
function groupsOf(text: string, mayEndDotted: boolean): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (mayEndDotted && index === parts.length - 1 && part.includes(".")) {
      const octets = parseIpv4(part);
      if (octets === undefined) return undefined;
      const [a = 0, b = 0, c = 0, d = 0] = octets;
      groups.push((a << 8) | b, (c << 8) | d);
      continue;
    }
    if (!/^[0-9a-f]{1,4}$/i.test(part)) return undefined;
    groups.push(Number.parseInt(part, 16));
  }
  return groups;
}

/** The longest run of zero groups, the first of equals (RFC 5952 §4.2.3). */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  let start = 0;
  for (const [index, group] of groups.entries()) {
    if (group !== 0) start = index + 1;
    else if (index + 1 - start > longest.length) longest = { start, length: index + 1 - start };
  }
  return longest;
}
