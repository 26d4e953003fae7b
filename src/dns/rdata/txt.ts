/** TXT: one character-string or more (RFC 1035 §3.3.14). */

import { characterStrings } from "../fields/strings.ts";
import { TYPE } from "../types.ts";
import type { RdataType } from "./rdata-type.ts";

export const txt: RdataType = {
  type: TYPE.TXT,
  fields: [characterStrings("text")],
};
