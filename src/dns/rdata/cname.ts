/** CNAME: the canonical name of its owner, an alias (RFC 1035 §3.3.1). */

import { domainName } from "../fields/names.ts";
import { TYPE } from "../types.ts";
import type { RdataType } from "./rdata-type.ts";

export const cname: RdataType = {
  type: TYPE.CNAME,
  fields: [domainName("canonical name")],
};
