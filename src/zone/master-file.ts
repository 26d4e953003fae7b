/** Records as a master file (RFC 1035 §5): one a line, every name absolute, so that it means the same under any origin. */

import { formatName } from "../dns/name.ts";
import { formatRdata } from "../dns/rdata.ts";
import type { RRset } from "../dns/rrset.ts";
import { formatType } from "../dns/types.ts";

/** A line for each record, line feeds included; made one by one as they are asked for. */
export function* masterFileLines(rrsets: Iterable<RRset>): Generator<string, void> {
  for (const { owner, type, ttlSeconds, rdatas } of rrsets) {
    const head = `${formatName(owner)} ${ttlSeconds} IN ${formatType(type)}`;
    for (const rdata of rdatas) yield `${head} ${formatRdata(type, rdata)}\n`;
  }
}
