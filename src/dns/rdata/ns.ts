/** NS: a name server of the zone (RFC 1035 §3.3.11). */

import { domainName } from "../fields/names.ts";
import { TYPE } from "../types.ts";
import type { RdataType } from "./rdata-type.ts";

export const ns: RdataType = {
  type: TYPE.NS,
  fields: [domainName("name server")],
};
