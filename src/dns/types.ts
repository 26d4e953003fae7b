/**
 * The numbers of the DNS that we name: RR types, classes, response codes and operation codes (the IANA registry «Domain
 * Name System (DNS) Parameters», RFC 6895). A type without a name here is written TYPEnnn (RFC 3597 §5).
 */

export const TYPE = {
  A: 1,
  NS: 2,
  MD: 3,
  MF: 4,
  CNAME: 5,
  SOA: 6,
  MB: 7,
  MG: 8,
  MR: 9,
  NULL: 10,
  WKS: 11,
  PTR: 12,
  HINFO: 13,
  MINFO: 14,
  MX: 15,
  TXT: 16,
  RP: 17,
  AFSDB: 18,
  X25: 19,
  ISDN: 20,
  RT: 21,
  SIG: 24,
  KEY: 25,
  PX: 26,
  AAAA: 28,
  LOC: 29,
  NXT: 30,
  SRV: 33,
  NAPTR: 35,
  KX: 36,
  CERT: 37,
  DNAME: 39,
  OPT: 41,
  APL: 42,
  DS: 43,
  SSHFP: 44,
  IPSECKEY: 45,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  DHCID: 49,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  SMIMEA: 53,
  HIP: 55,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  CSYNC: 62,
  ZONEMD: 63,
  SVCB: 64,
  HTTPS: 65,
  SPF: 99,
  EUI48: 108,
  EUI64: 109,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
  URI: 256,
  CAA: 257,
} as const;

export const CLASS = { IN: 1, CH: 3, HS: 4, NONE: 254, ANY: 255 } as const;

/** Those above 15 need an OPT record to carry their upper bits (RFC 6891 §6.1.3). */
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
  BADVERS: 16,
  BADCOOKIE: 23,
} as const;

export const OPCODE = { QUERY: 0, IQUERY: 1, STATUS: 2, NOTIFY: 4, UPDATE: 5, DSO: 6 } as const;

const MAX_TYPE = 0xffff;

const codesByMnemonic: ReadonlyMap<string, number> = new Map(Object.entries(TYPE));
const typeMnemonics = mnemonicsByCode(TYPE);
const rcodeMnemonics = mnemonicsByCode(RCODE);

function mnemonicsByCode(codes: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(codes).map(([mnemonic, code]) => [code, mnemonic]));
}

/** The code of a mnemonic or of TYPEnnn, in any case; `undefined` where the text is neither. */
export function parseType(text: string): number | undefined {
  const upper = text.toUpperCase();
  const code = codesByMnemonic.get(upper);
  if (code !== undefined) return code;
  if (!/^TYPE[0-9]{1,5}$/.test(upper)) return undefined;
  const number = Number(upper.slice("TYPE".length));
  return number <= MAX_TYPE ? number : undefined;
}

/** The mnemonic, or TYPEnnn. */
export function formatType(code: number): string {
  return typeMnemonics.get(code) ?? `TYPE${code}`;
}

/** Every mnemonic that `parseType` knows, for suggestions. */
export function typeNames(): readonly string[] {
  return [...codesByMnemonic.keys()];
}

/** The mnemonic, or RCODEnnn. */
export function formatRcode(code: number): string {
  return rcodeMnemonics.get(code) ?? `RCODE${code}`;
}
