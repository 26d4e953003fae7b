/** SVCB: how to reach a service, or another name for it (RFC 9460 §2). */

import { TYPE } from "../types.ts";
import type { RdataType } from "./rdata-type.ts";
import { checkServiceBinding, SERVICE_BINDING_FIELDS } from "./svc-params.ts";

export const svcb: RdataType = {
  type: TYPE.SVCB,
  fields: SERVICE_BINDING_FIELDS,
  check: checkServiceBinding,
};
