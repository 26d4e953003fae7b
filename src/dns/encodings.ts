/** Octets as text: base 16 and base 64 (RFC 4648), as master files write digests, keys and unknown rdata. */

const BASE64_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** `undefined` where the text is not whole pairs of hexadecimal digits. */
export function decodeHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(index * 2, index * 2 + 2), 16),
  );
}

/** Upper case, as other servers print it. */
export function formatHex(octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0"))
    .join("")
    .toUpperCase();
}

/** `undefined` where the text is not base 64 with its padding, or has bits beyond the last octet (RFC 4648 §3.5). */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const octets: number[] = [];
  let bits = 0;
  let bitCount = 0;
  for (const character of text.replaceAll("=", "")) {
    bits = (bits << 6) | BASE64_ALPHABET.indexOf(character);
    bitCount += 6;
    if (bitCount < 8) continue;
    bitCount -= 8;
    octets.push(bits >> bitCount);
    bits &= (1 << bitCount) - 1;
  }
  return bits === 0 ? Uint8Array.from(octets) : undefined;
}

export function formatBase64(octets: Uint8Array): string {
  let text = "";
  for (let at = 0; at < octets.length; at += 3) {
    const group = octets.subarray(at, at + 3);
    const bits = ((group[0] ?? 0) << 16) | ((group[1] ?? 0) << 8) | (group[2] ?? 0);
    for (let index = 0; index < 4; index++) {
      text += index > group.length ? "=" : (BASE64_ALPHABET[(bits >> (18 - 6 * index)) & 0x3f] ?? "");
    }
  }
  return text;
}
