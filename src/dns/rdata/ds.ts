/** DS: the digest of a child zone's key (RFC 4034 §5). */

import { restOfHex } from "../fields/hex.ts";
import { mnemonicUint8, uint8, uint16 } from "../fields/numbers.ts";
import { TYPE } from "../types.ts";
import { checkLengthByKind } from "./digest-length.ts";
import type { RdataType } from "./rdata-type.ts";

/** The IANA registry «DNS Security Algorithm Numbers»; RFC 4034 §5.3 allows them in place of the number. */
const ALGORITHMS = {
  RSAMD5: 1,
  DH: 2,
  DSA: 3,
  RSASHA1: 5,
  "DSA-NSEC3-SHA1": 6,
  "RSASHA1-NSEC3-SHA1": 7,
  RSASHA256: 8,
  RSASHA512: 10,
  "ECC-GOST": 12,
  ECDSAP256SHA256: 13,
  ECDSAP384SHA384: 14,
  ED25519: 15,
  ED448: 16,
  INDIRECT: 252,
  PRIVATEDNS: 253,
  PRIVATEOID: 254,
};

/** By digest type: SHA-1, SHA-256, GOST R 34.11-94, SHA-384. */
const DIGEST_OCTETS = new Map([
  [1, 20],
  [2, 32],
  [3, 32],
  [4, 48],
]);

export const ds: RdataType = {
  type: TYPE.DS,
  fields: [
    uint16("key tag"),
    mnemonicUint8("algorithm", ALGORITHMS),
    uint8("digest type"),
    restOfHex("digest"),
  ],
  check: (rdata) => checkLengthByKind("DS digest", rdata, 3, 4, DIGEST_OCTETS),
};
