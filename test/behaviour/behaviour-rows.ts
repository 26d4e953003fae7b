/**
 * What each kind of packet gets, row by row: the inputs are those that BIND, NSD, Knot, gdnsd and PowerDNS were sent, the
 * outcomes what the best of them do. The zones asked are the sample ones (`test/support/sample-zones`).
 */

import { CONNECTION_ROWS } from "./rows/connections.ts";
import { HEADER_ROWS } from "./rows/headers.ts";
import { MESSAGE_ROWS } from "./rows/messages.ts";
import { NAME_ROWS } from "./rows/names.ts";
import type { Row } from "./rows/row.ts";
import { TYPE_ROWS } from "./rows/types.ts";

export const BEHAVIOUR_ROWS: readonly Row[] = [
  ...MESSAGE_ROWS,
  ...HEADER_ROWS,
  ...TYPE_ROWS,
  ...NAME_ROWS,
  ...CONNECTION_ROWS,
];
