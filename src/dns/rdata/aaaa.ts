/** AAAA: an IPv6 address (RFC 3596 §2.2). */

import { ipv6Address } from "../fields/addresses.ts";
import { TYPE } from "../types.ts";
import type { RdataType } from "./rdata-type.ts";

export const aaaa: RdataType = {
  type: TYPE.AAAA,
  fields: [ipv6Address()],
};
