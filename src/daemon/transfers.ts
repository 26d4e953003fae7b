/**
 * Zone transfers out, as this node makes them: of the zones that are served at the moment, as they are without health, to
 * whoever the configuration names. `answer/transfer` says what is answered; here is who may, from what, and the log.
 *
 * They are made on the main thread, message by message as their connections ask for them: some milliseconds of its time
 * for each, between which it does everything else. A transfer goes on with the zones that it began with.
 */

import { answerTransfer, type TransferAnswer, type TransferableZone } from "../answer/transfer.ts";
import type { TransferOptions } from "../config/transfer.ts";
import { formatIp, parseIp } from "../dns/address.ts";
import { formatName, type Name, nameKey } from "../dns/name.ts";
import type { TsigKey } from "../dns/tsig-key.ts";
import { formatRcode, formatType, RCODE } from "../dns/types.ts";
import { contains, type Network, networkOf } from "../geo/network.ts";
import type { Image } from "../image/image.ts";
import { keyedHash } from "../server/keyed-hash.ts";
import type { TransferHandler } from "../server/transfer-handler.ts";
import { plainRRsets } from "../zone/plain-zone.ts";
import type { Log, LogLimiter } from "./log.ts";
import type { TransferResult } from "./secondary-counts.ts";

/** Whole zones under way at one time. Each holds its client's connection and the zones that it began with. */
export const MAX_TRANSFERS = 16;
const MS_PER_SECOND = 1_000;

export interface TransferParts {
  readonly options: TransferOptions;
  readonly keys: readonly TsigKey[];
  readonly image: () => Image | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Log;
  readonly limiter: LogLimiter;
  readonly count: (result: TransferResult) => void;
}

export function createTransfers(parts: TransferParts): TransferHandler {
  const { options, keys, image, now, log, limiter, count } = parts;
  const networks = networksOf(options);
  let underWay = 0;
  const rules = {
    keys,
    hash: keyedHash,
    nowSeconds: () => Math.floor(now() / MS_PER_SECOND),
    mayTransfer: (client: Uint8Array) => {
      const address = networkOf(client, client.length * 8);
      return networks.some((network) => contains(network, address));
    },
    zoneAt: (apex: Name) => zoneAt(image(), apex),
    hasRoom: () => underWay < MAX_TRANSFERS,
  };
  return ({ query, client }) => {
    const answer = answerTransfer(query, client, rules);
    const line = lineOf(answer, client);
    if (answer.rcode !== RCODE.NOERROR) {
      count("refused");
      const unreported = limiter.admit(`transfer ${line.client} ${line.rcode}`);
      if (unreported !== undefined) log.warn({ ...line, unreported }, "transfer refused");
    } else if (!answer.isZone) count("current");
    if (!answer.isZone) return answer.messages;
    return (function* zone(): Generator<Uint8Array, void> {
      underWay++;
      let octets = 0;
      let done = false;
      try {
        for (const message of answer.messages) {
          octets += message.length;
          yield message;
        }
        done = true;
      } finally {
        underWay--;
        count(done ? "sent" : "broken-off");
        if (done) log.info({ ...line, octets }, "zone transferred");
        else log.warn({ ...line, octets }, "transfer broken off");
      }
    })();
  };
}

function networksOf({ networks }: TransferOptions): Network[] {
  return networks.map(({ address, prefixBits }) => {
    const octets = parseIp(address);
    if (octets === undefined) throw new Error(`the configuration let '${address}' pass for an address`);
    return networkOf(octets, prefixBits);
  });
}

function zoneAt(image: Image | undefined, apex: Name): TransferableZone | undefined {
  const zone = image?.zones.index.byApexKey.get(nameKey(apex));
  if (image === undefined || zone === undefined) return undefined;
  const { definitions } = image.decisions;
  return { serial: zone.serial, soa: zone.soa, rrsets: () => plainRRsets(zone, definitions) };
}

/** Names from the network are escaped by `formatName`. */
function lineOf({ question, key, rcode }: TransferAnswer, client: Uint8Array) {
  return {
    event: "transfer",
    zone: question === undefined ? null : formatName(question.name),
    type: question === undefined ? null : formatType(question.type),
    client: formatIp(client),
    key: key === undefined ? null : formatName(key.name),
    rcode: formatRcode(rcode),
  };
}
