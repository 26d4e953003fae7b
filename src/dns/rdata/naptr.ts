/** NAPTR: a rule that rewrites one name into the next (RFC 3403 §4.1). */

import { domainName } from "../fields/names.ts";
import { uint16 } from "../fields/numbers.ts";
import { characterString } from "../fields/strings.ts";
import { TYPE } from "../types.ts";
import type { RdataType } from "./rdata-type.ts";

export const naptr: RdataType = {
  type: TYPE.NAPTR,
  fields: [
    uint16("order"),
    uint16("preference"),
    characterString("flags"),
    characterString("services"),
    characterString("regular expression"),
    domainName("replacement"),
  ],
};
