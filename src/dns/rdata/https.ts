/** HTTPS: SVCB's form for the service that browsers ask for (RFC 9460 §9). */

import { TYPE } from "../types.ts";
import type { RdataType } from "./rdata-type.ts";
import { checkServiceBinding, SERVICE_BINDING_FIELDS } from "./svc-params.ts";

export const https: RdataType = {
  type: TYPE.HTTPS,
  fields: SERVICE_BINDING_FIELDS,
  check: checkServiceBinding,
};
