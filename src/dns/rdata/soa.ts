/** SOA: the start of a zone of authority (RFC 1035 §3.3.13); `minimum` is the negative TTL (RFC 2308 §4). */

import { domainName } from "../fields/names.ts";
import { seconds, uint32 } from "../fields/numbers.ts";
import { TYPE } from "../types.ts";
import type { RdataType } from "./rdata-type.ts";

export const soa: RdataType = {
  type: TYPE.SOA,
  fields: [
    domainName("primary server"),
    domainName("mailbox"),
    uint32("serial"),
    seconds("refresh"),
    seconds("retry"),
    seconds("expire"),
    seconds("minimum"),
  ],
};
