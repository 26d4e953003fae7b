/** SPF: sender policy text in TXT's form (RFC 4408 §3.1.1); RFC 7208 §3.1 has brought it to TXT. */

import { characterStrings } from "../fields/strings.ts";
import { TYPE } from "../types.ts";
import type { RdataType } from "./rdata-type.ts";

export const spf: RdataType = {
  type: TYPE.SPF,
  fields: [characterStrings("text")],
};
