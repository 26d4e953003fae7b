/** URI: a service's URI, which fills the rest of the record (RFC 7553 §4). */

import { uint16 } from "../fields/numbers.ts";
import { restOfText } from "../fields/strings.ts";
import { TYPE } from "../types.ts";
import type { RdataType } from "./rdata-type.ts";

const TARGET_OFFSET = 4;

export const uri: RdataType = {
  type: TYPE.URI,
  fields: [uint16("priority"), uint16("weight"), restOfText("target")],
  check: (rdata) => (rdata.length > TARGET_OFFSET ? undefined : "URI target is empty"),
};
