/** All that a node does for its secondaries, by `transfer` of the configuration: their keys, transfers, and telling them. */

import type { SecondariesView } from "../admin/source.ts";
import type { TransferOptions } from "../config/transfer.ts";
import type { TsigKey } from "../dns/tsig-key.ts";
import type { TransferHandler } from "../server/transfer-handler.ts";
import type { Diagnostic } from "../zone/diagnostic.ts";
import { createNotifier, type Notifier, type Secondary } from "./notify.ts";
import { NOTIFY_RESULTS, ResultCounts, TRANSFER_RESULTS } from "./secondary-counts.ts";
import { createTransfers, type TransferParts } from "./transfers.ts";
import { keyNamed, readTsigKeys } from "./tsig-keys.ts";

export interface Secondaries {
  /** Signatures of all queries are held against these. */
  readonly keys: readonly TsigKey[];
  /** `undefined`: the answer path refuses them. */
  readonly transfers: TransferHandler | undefined;
  /** `undefined`: there is nobody to tell. */
  readonly notifier: Notifier | undefined;
  readonly counts: SecondariesView;
}

export type SecondariesResult =
  | { readonly ok: true; readonly secondaries: Secondaries }
  /** The message in one line. */
  | { readonly ok: false; readonly message: string; readonly diagnostics: readonly Diagnostic[] };

export interface SecondariesParts extends Omit<TransferParts, "options" | "keys" | "count"> {
  /** `undefined`: there are none. */
  readonly options: TransferOptions | undefined;
}

/** Reads the keys; once only, since `--user` may not read them any more afterwards. */
export function openSecondaries({ options, ...parts }: SecondariesParts): SecondariesResult {
  const transfers = new ResultCounts(TRANSFER_RESULTS);
  const notifies = new ResultCounts(NOTIFY_RESULTS);
  const counts = { transfers: () => transfers.read(), notifies: () => notifies.read() };
  if (options === undefined) {
    return { ok: true, secondaries: { keys: [], transfers: undefined, notifier: undefined, counts } };
  }
  const read = readTsigKeys(options.keys);
  if (!read.ok) return read;
  const { keys } = read;
  const secondaries: Secondary[] = [];
  for (const { server, keyName } of options.notify) {
    const key = keyName === undefined ? undefined : keyNamed(keys, keyName);
    if (keyName !== undefined && key === undefined) {
      const message = `transfer.notify: there is no key '${keyName}' in ${options.keys}`;
      return { ok: false, message, diagnostics: [] };
    }
    secondaries.push({ server, key });
  }
  return {
    ok: true,
    secondaries: {
      keys,
      transfers: createTransfers({ ...parts, options, keys, count: (result) => transfers.count(result) }),
      notifier:
        secondaries.length === 0
          ? undefined
          : createNotifier({ ...parts, secondaries, count: (result) => notifies.count(result) }),
      counts,
    },
  };
}
