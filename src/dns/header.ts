/** The header's second 16 bits (RFC 1035 §4.1.1, RFC 2535 §6.1): QR OPCODE AA TC RD RA Z AD CD RCODE. */

export const HEADER_OCTETS = 12;

export const FLAG = {
  QR: 0x8000,
  AA: 0x0400,
  TC: 0x0200,
  RD: 0x0100,
  RA: 0x0080,
  AD: 0x0020,
  CD: 0x0010,
} as const;

export const OPCODE_SHIFT = 11;
export const OPCODE_MASK = 0x0f;
export const RCODE_MASK = 0x0f;
/** OPT carries the RCODE's bits from here on (RFC 6891 §6.1.3). */
export const EXTENDED_RCODE_SHIFT = 4;
