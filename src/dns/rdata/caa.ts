/** CAA: which authorities may issue certificates for its owner (RFC 8659 §4.1). */

import type { Field } from "../fields/field.ts";
import { uint8 } from "../fields/numbers.ts";
import { characterString, restOfText } from "../fields/strings.ts";
import { TYPE } from "../types.ts";
import type { RdataType } from "./rdata-type.ts";

/** Written without quotes, unlike other character-strings (RFC 8659 §4.1.1). */
const tag: Field = {
  ...characterString("tag"),
  format: (octets) => String.fromCharCode(...octets.subarray(1)),
};

export const caa: RdataType = {
  type: TYPE.CAA,
  fields: [uint8("flags"), tag, restOfText("value")],
  check: checkTag,
};

/** A tag is of letters and digits and not empty. */
function checkTag(rdata: Uint8Array): string | undefined {
  const tag = String.fromCharCode(...rdata.subarray(2, 2 + (rdata[1] ?? 0)));
  return /^[0-9a-z]+$/i.test(tag) ? undefined : `CAA tag '${tag}' is not of letters and digits`;
}
