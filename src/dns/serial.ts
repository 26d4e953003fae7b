/** Serial numbers of zones: 32 bits that wrap around (RFC 1982). */

const HALF = 0x8000_0000;
const MODULUS = 0x1_0000_0000;

/**
 * Whether `one` comes after `other`. Two that are half the circle apart are in no order (RFC 1982 §3.2): neither is newer,
 * as other servers have it.
 */
export function isNewerSerial(one: number, other: number): boolean {
  const ahead = (one - other + MODULUS) % MODULUS;
  return ahead > 0 && ahead < HALF;
}
