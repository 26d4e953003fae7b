/** Splits a line of rdata text into tokens, as the zone room's lexer would, so that this room is tested by itself. */

import type { TextToken } from "../../../src/dns/text.ts";

export function tokensOf(line: string): TextToken[] {
  const pattern = /"((?:[^"\\]|\\.)*)"|((?:[^\s"\\=]|\\.)+=)"((?:[^"\\]|\\.)*)"|((?:[^\s"\\]|\\.)+)/g;
  return Array.from(line.matchAll(pattern), ([, quotedText, key, value, word]) => {
    if (quotedText !== undefined) return { text: quotedText, quoted: true };
    return { text: key === undefined ? (word ?? "") : key + (value ?? ""), quoted: false };
  });
}

export function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString("hex");
}

export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));
}
