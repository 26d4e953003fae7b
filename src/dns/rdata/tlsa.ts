/** TLSA: what certificate a TLS server may show (RFC 6698 §2.1); the numbers may be RFC 7218's acronyms. */

import { restOfHex } from "../fields/hex.ts";
import { mnemonicUint8 } from "../fields/numbers.ts";
import { TYPE } from "../types.ts";
import { checkLengthByKind } from "./digest-length.ts";
import type { RdataType } from "./rdata-type.ts";

const CERTIFICATE_USAGES = { "PKIX-TA": 0, "PKIX-EE": 1, "DANE-TA": 2, "DANE-EE": 3, PRIVCERT: 255 };
const SELECTORS = { CERT: 0, SPKI: 1, PRIVSEL: 255 };
const MATCHING_TYPES = { FULL: 0, "SHA2-256": 1, "SHA2-512": 2, PRIVMATCH: 255 };

/** By matching type. */
const DIGEST_OCTETS = new Map([
  [1, 32],
  [2, 64],
]);

export const tlsa: RdataType = {
  type: TYPE.TLSA,
  fields: [
    mnemonicUint8("certificate usage", CERTIFICATE_USAGES),
    mnemonicUint8("selector", SELECTORS),
    mnemonicUint8("matching type", MATCHING_TYPES),
    restOfHex("certificate association data"),
  ],
  check: (rdata) => checkLengthByKind("TLSA certificate association data", rdata, 2, 3, DIGEST_OCTETS),
};
