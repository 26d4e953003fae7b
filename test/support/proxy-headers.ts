/** PROXY headers of version 2, as a load balancer writes them. */

import { parseIp } from "../../src/dns/address.ts";

const SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

export interface HeaderChanges {
  readonly signature?: Uint8Array;
  readonly versionAndCommand?: number;
  readonly familyAndTransport?: number;
  /** What it says of its own length. */
  readonly length?: number;
  /** Behind the addresses. */
  readonly more?: Uint8Array;
}

/** Speaks for `source`, over a stream unless another transport is given. */
export function proxyHeader(source: string, transport: 1 | 2 = 1, changes: HeaderChanges = {}): Buffer {
  const address = parseIp(source) ?? new Uint8Array(0);
  const family = address.length === 16 ? 2 : address.length === 4 ? 1 : 0;
  const addresses = family === 0 ? [] : [...address, ...address, 0x30, 0x39, 0, 53];
  const body = Buffer.from([...addresses, ...(changes.more ?? [])]);
  const head = Buffer.alloc(4);
  head[0] = changes.versionAndCommand ?? 0x21;
  head[1] = changes.familyAndTransport ?? (family === 0 ? 0 : (family << 4) | transport);
  head.writeUInt16BE(changes.length ?? body.length, 2);
  return Buffer.concat([changes.signature ?? SIGNATURE, head, body]);
}
