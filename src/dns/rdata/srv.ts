/** SRV: where a service is offered (RFC 2782); its target is never compressed. */

import { domainName } from "../fields/names.ts";
import { uint16 } from "../fields/numbers.ts";
import { TYPE } from "../types.ts";
import type { RdataType } from "./rdata-type.ts";

export const srv: RdataType = {
  type: TYPE.SRV,
  fields: [uint16("priority"), uint16("weight"), uint16("port"), domainName("target")],
};
