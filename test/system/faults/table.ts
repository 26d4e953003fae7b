/** What the fault table reads of a node, and how it is printed. */

import type { Fairlead } from "../../support/peers/fairlead.ts";

export interface TableRow {
  readonly fault: string;
  readonly kind: string;
  /** `undefined`: never, and rightly so. */
  readonly withdrawnMs: number | undefined;
  readonly boundMs: number | undefined;
  readonly reason: string;
}

export function printTable(rows: readonly TableRow[]): void {
  if (rows.length === 0) return;
  const seconds = (ms: number | undefined): string =>
    ms === undefined ? "never" : `${(ms / 1_000).toFixed(1)} s`;
  const cells = [
    ["fault", "monitor", "withdrawn", "bound", "reason shown"],
    ...rows.map(({ fault, kind, withdrawnMs, boundMs, reason }) => [
      fault,
      kind,
      seconds(withdrawnMs),
      seconds(boundMs),
      reason,
    ]),
  ];
  const widths = [0, 1, 2, 3].map((at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  const lines = cells.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  "));
  process.stdout.write(`\n    ${lines.join("\n    ")}\n\n`);
}

type Source = Pick<Fairlead, "fetchText">;

export interface SeenEvent {
  readonly atMs: number;
  readonly kind: string;
  readonly ref: string;
  readonly to: string | null;
  readonly reason: string;
}

/** Of one ref, the oldest first. */
export async function fetchEvents(source: Source, ref: string): Promise<SeenEvent[]> {
  const parsed = await fetchJson(source, `/api/v1/events?ref=${encodeURIComponent(ref)}&limit=500`);
  const list: readonly { readonly at: string }[] = Array.isArray(parsed) ? parsed : [];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape of the contract
  const events = list as readonly (Omit<SeenEvent, "atMs"> & { readonly at: string })[];
  return events
    .filter((event) => event.ref === ref)
    .map(({ at, kind, ref, to, reason }) => ({ atMs: Date.parse(at), kind, ref, to, reason }));
}

/** By pool: whether it is up, and what is said of its endpoint `e`. */
export async function fetchReasons(
  source: Source,
): Promise<ReadonlyMap<string, { readonly up: boolean; readonly reason: string }>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape of the contract
  const status = (await fetchJson(source, "/api/v1/status")) as
    | {
        readonly pools?: readonly {
          readonly name: string;
          readonly up: boolean;
          readonly endpoints: readonly { readonly reason: string }[];
        }[];
      }
    | undefined;
  return new Map(
    status?.pools?.map(({ name, up, endpoints }) => [name, { up, reason: endpoints[0]?.reason ?? "" }]),
  );
}

async function fetchJson(source: Source, path: string): Promise<unknown> {
  const response = await source.fetchText(path);
  return response?.status === 200 ? JSON.parse(response.text) : undefined;
}
