/** HINFO: a host's machine and operating system (RFC 1035 §3.3.2); also the short answer to ANY (RFC 8482). */

import { characterString } from "../fields/strings.ts";
import { TYPE } from "../types.ts";
import type { RdataType } from "./rdata-type.ts";

export const hinfo: RdataType = {
  type: TYPE.HINFO,
  fields: [characterString("CPU"), characterString("operating system")],
};
