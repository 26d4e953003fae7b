/**
 * Datagrams from load balancers that say in each whom they speak for (PROXY protocol, version 2): the header is taken off
 * before the query is answered, the answer goes back to the balancer without one. Where no balancer is trusted this is the
 * plain answering, and costs nothing.
 */

import { isInNetworks } from "../answer/client-network.ts";
import type { DropReason } from "../answer/counters.ts";
import type { ClientNetwork } from "../answer/settings.ts";
import type { Answering } from "./answering.ts";
import { readProxyHeader } from "./proxy-header.ts";

/** `drop` counts what comes from a trusted network without a whole and sound header: it gets no answer. */
export function withProxyHeaders(
  answering: Answering,
  networks: readonly ClientNetwork[],
  drop: (reason: DropReason) => void,
): Answering {
  if (networks.length === 0) return answering;
  return (buffer, offset, length, client) => {
    if (!isInNetworks(networks, client)) return answering(buffer, offset, length, client);
    const header = readProxyHeader(buffer, offset, length, "datagram", client);
    if (header <= 0) {
      drop("proxy-header");
      return 0;
    }
    buffer.copyWithin(offset, offset + header, offset + length);
    return answering(buffer, offset, length - header, client);
  };
}
