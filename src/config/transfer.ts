/** Who may transfer zones, and who is told of new ones: the setting `transfer` of the configuration file. */

import { z } from "zod";
import { type NetworkText, parseNetworkText } from "./network.ts";
import { parseSocketAddress, type SocketAddress } from "./socket-address.ts";
import { NEEDS_ONE, network } from "./values.ts";

/** RFC 1035 §4.2. */
const DNS_PORT = 53;

/** A secondary, and the name of the key that it is told with. */
export interface NotifyTarget {
  readonly server: SocketAddress;
  readonly keyName: string | undefined;
}

export interface TransferOptions {
  readonly networks: readonly NetworkText[];
  /** The file of the keys. */
  readonly keys: string;
  readonly notify: readonly NotifyTarget[];
}

const notifyTarget = z.string().transform((text, context) => {
  const parsed = parseNotifyTarget(text);
  if (parsed !== undefined) return parsed;
  const example = "192.0.2.54, [2001:db8::1]:5353 or 192.0.2.54:53 transfer.key";
  context.addIssue({
    code: "custom",
    message: `'${text}' is not an address, perhaps with a port and the name of a key, as in ${example}`,
  });
  return z.NEVER;
});

export const transferSchema = z.strictObject({
  networks: z.array(network).min(1, NEEDS_ONE),
  keys: z.string().min(1, "is empty, expected a path"),
  notify: z.array(notifyTarget).default([]),
});

function parseNotifyTarget(text: string): NotifyTarget | undefined {
  const [address = "", keyName, ...others] = text.trim().split(/\s+/);
  const alone = parseNetworkText(address);
  const server =
    alone !== undefined && !address.includes("/")
      ? { address: alone.address, port: DNS_PORT }
      : parseSocketAddress(address);
  return server === undefined || server.port === 0 || others.length > 0 ? undefined : { server, keyName };
}
