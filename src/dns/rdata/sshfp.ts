/** SSHFP: the fingerprint of a host's SSH key (RFC 4255 §3.1, RFC 6594). */

import { restOfHex } from "../fields/hex.ts";
import { uint8 } from "../fields/numbers.ts";
import { TYPE } from "../types.ts";
import { checkLengthByKind } from "./digest-length.ts";
import type { RdataType } from "./rdata-type.ts";

/** By fingerprint type: SHA-1, SHA-256. */
const FINGERPRINT_OCTETS = new Map([
  [1, 20],
  [2, 32],
]);

export const sshfp: RdataType = {
  type: TYPE.SSHFP,
  fields: [uint8("algorithm"), uint8("fingerprint type"), restOfHex("fingerprint")],
  check: (rdata) => checkLengthByKind("SSHFP fingerprint", rdata, 1, 2, FINGERPRINT_OCTETS),
};
