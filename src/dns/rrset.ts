/** Resource records as sets (RFC 2181 §5): one owner, one type, one TTL, rdata as uncompressed wire octets. */

import type { Name } from "./name.ts";

export interface RRset {
  readonly owner: Name;
  readonly type: number;
  readonly ttlSeconds: number;
  readonly rdatas: readonly Uint8Array[];
}
