/** DNAME: where the whole tree below its owner has moved (RFC 6672 §2.1). */

import { domainName } from "../fields/names.ts";
import { TYPE } from "../types.ts";
import type { RdataType } from "./rdata-type.ts";

export const dname: RdataType = {
  type: TYPE.DNAME,
  fields: [domainName("target")],
};
