/** PTR: a pointer to another name, as reverse zones hold them (RFC 1035 §3.3.12). */

import { domainName } from "../fields/names.ts";
import { TYPE } from "../types.ts";
import type { RdataType } from "./rdata-type.ts";

export const ptr: RdataType = {
  type: TYPE.PTR,
  fields: [domainName("target")],
};
