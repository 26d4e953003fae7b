/** The octets of which plain lines are made (`zone/plain-lines`), sorted into classes that a table tells. */

export const NEWLINE = 0x0a;
export const QUOTE = 0x22;
export const DOT = 0x2e;
export const SEMICOLON = 0x3b;
export const BACKSLASH = 0x5c;

/** Separates tokens, and ends no line. */
export const BLANK = 1;
/** Stands for itself in a name. */
export const NAME_OCTET = 2;
export const DIGIT = 4;
export const ALPHA = 8;
/** Stands for itself in a string without quotes. */
export const STRING_OCTET = 16;

const CLASSES = new Uint8Array(256);
/** The value of a hexadecimal digit; -1: it is none. */
export const HEX = new Int8Array(256).fill(-1);

function add(characters: string, classes: number): void {
  for (const character of characters) {
    const octet = character.charCodeAt(0);
    CLASSES[octet] = (CLASSES[octet] ?? 0) | classes;
  }
}

add(" \t\r", BLANK);
add("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", NAME_OCTET | ALPHA);
add("0123456789", NAME_OCTET | DIGIT);
add("-_*/", NAME_OCTET);
for (let octet = 0x21; octet <= 0xff; octet++) {
  if (!'"();\\\x7f'.includes(String.fromCharCode(octet))) add(String.fromCharCode(octet), STRING_OCTET);
}
Array.from("0123456789abcdef", (digit, value) => {
  HEX[digit.charCodeAt(0)] = value;
  HEX[digit.toUpperCase().charCodeAt(0)] = value;
});

export function classOf(octet: number): number {
  return CLASSES[octet] ?? 0;
}
