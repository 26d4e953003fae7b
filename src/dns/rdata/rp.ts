/** RP: the responsible person's mailbox, and where text about him is (RFC 1183 §2.2). */

import { domainName } from "../fields/names.ts";
import { TYPE } from "../types.ts";
import type { RdataType } from "./rdata-type.ts";

export const rp: RdataType = {
  type: TYPE.RP,
  fields: [domainName("mailbox"), domainName("text name")],
};
