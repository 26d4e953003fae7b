/**
 * The image: zones and health compiled to what the answer path reads. Immutable, numbered by generation, published whole:
 * a query is answered from one image. Its two parts change at different rates: `zones` with the files, `decisions` with
 * every change of health.
 *
 * The daemon makes images (`compileZones`, `compileDecisions`, `makeImage`); `answer/` reads them with `find` and the
 * functions of `image/tables`; `answer/counters` and `admin/` read the entries.
 */

import type { Decisions } from "./decisions.ts";
import type { ZonePart } from "./zones.ts";

export { compileDecisions, type Decisions } from "./decisions.ts";
export { compileZones, type PolicyEntry, type ZoneEntry, type ZonePart } from "./zones.ts";

export interface Image {
  /** Rises with every image that is published. */
  readonly generation: number;
  readonly zones: ZonePart;
  readonly decisions: Decisions;
}

/** `decisions` must have been compiled from the same `zones`. */
export function makeImage(generation: number, zones: ZonePart, decisions: Decisions): Image {
  return { generation, zones, decisions };
}
