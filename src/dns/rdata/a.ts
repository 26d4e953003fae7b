/** A: an IPv4 address (RFC 1035 §3.4.1). */

import { ipv4Address } from "../fields/addresses.ts";
import { TYPE } from "../types.ts";
import type { RdataType } from "./rdata-type.ts";

export const a: RdataType = {
  type: TYPE.A,
  fields: [ipv4Address()],
};
