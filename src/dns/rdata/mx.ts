/** MX: a mail exchange, the lowest preference first (RFC 1035 §3.3.9). */

import { domainName } from "../fields/names.ts";
import { uint16 } from "../fields/numbers.ts";
import { TYPE } from "../types.ts";
import type { RdataType } from "./rdata-type.ts";

export const mx: RdataType = {
  type: TYPE.MX,
  fields: [uint16("preference"), domainName("exchange")],
};
