/**
 * The image: zones and health compiled to what the answer path reads. Immutable, numbered by generation, published whole:
 * a query is answered from one image. Its two parts change at different rates: `zones` with the files, `decisions` with
 * every change of health; each is flat bytes in shared memory, one copy for all threads.
 *
 * The daemon makes images (`compileZones`, `compileDecisions` or `decisionSteps`, `makeImage`) and sends them to other threads
 * (`publishImage`, `openImage`); `answer/` reads an `OpenImage`; `answer/counters` and `admin/` read the entries, which
 * stay on the thread that made them.
 */

import type { Decisions } from "./decisions.ts";
import { OpenImage, type PublishedImage, type PublishedPlaces } from "./open-image.ts";
import type { ZonePart } from "./zones.ts";

export { compileDecisions, type Decisions, decisionSteps } from "./decisions.ts";
export { OpenImage, openImage, type PublishedImage } from "./open-image.ts";
export { asksForPlaces, compilePlaces, compilePlacesInSteps, type PlacePart } from "./places.ts";
export { compileZones, type ZonePart } from "./zones.ts";

/** An image on the thread that made it. */
export class Image extends OpenImage {
  readonly zones: ZonePart;
  readonly decisions: Decisions;

  constructor(generation: number, zones: ZonePart, decisions: Decisions) {
    super(publishImage({ generation, zones, decisions }, undefined));
    this.zones = zones;
    this.decisions = decisions;
  }
}

/** `decisions` must have been compiled from the same `zones`. */
export function makeImage(generation: number, zones: ZonePart, decisions: Decisions): Image {
  return new Image(generation, zones, decisions);
}

/** What another thread needs to serve an image, and to count in a block of its own. */
export function publishImage(
  { generation, zones, decisions }: Pick<Image, "generation" | "zones" | "decisions">,
  counterBlock: SharedArrayBuffer | undefined,
): PublishedImage {
  return {
    generation,
    zonesId: zones.id,
    zoneBytes: zones.bytes,
    decisionBytes: decisions.bytes,
    liveBytes: decisions.live.bytes,
    places: publishPlaces(decisions),
    counterBlock,
  };
}

function publishPlaces({ places }: Decisions): PublishedPlaces | undefined {
  return places && { bytes: places.bytes, geoBytes: places.geo.bytes };
}
