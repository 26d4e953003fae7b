/** What secondaries asked for and were told, counted for the metrics: every result from 0 on, so that rises are seen. */

import type { LabelledReading } from "../admin/source.ts";

/** `current`: its client has the zone already. */
export const TRANSFER_RESULTS = ["sent", "current", "refused", "broken-off"] as const;
export const NOTIFY_RESULTS = ["told", "refused", "unanswered"] as const;

export type TransferResult = (typeof TRANSFER_RESULTS)[number];
export type NotifyResult = (typeof NOTIFY_RESULTS)[number];

export class ResultCounts<Result extends string> {
  readonly #counts: Map<Result, number>;

  constructor(results: readonly Result[]) {
    this.#counts = new Map(results.map((result) => [result, 0]));
  }

  count(result: Result): void {
    this.#counts.set(result, (this.#counts.get(result) ?? 0) + 1);
  }

  read(): LabelledReading[] {
    return Array.from(this.#counts, ([result, value]) => ({ labels: { result }, value }));
  }
}
