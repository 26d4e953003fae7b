/**
 * Memory that is shared does not count for a thread's garbage collector, and a thread that allocates little seldom calls
 * it: an image that nobody reads any more would be held for good. So it is called here: for other zones, and when the
 * decisions of the same ones have added up. Not at once, as the answer path holds its image until it meets the next one.
 */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { PublishedImage } from "../answer/answer.ts";

/** Octets of earlier images that a thread may still be holding on to. */
const MAX_LEFT_OCTETS = 16 << 20;

export class ImageCollector {
  readonly #collect: unknown;
  #zonesId: number | undefined;
  #leftOctets = 0;

  constructor() {
    setFlagsFromString("--expose-gc");
    this.#collect = runInNewContext("gc");
  }

  /** The thread goes on with this one. */
  noteImage({ zonesId, decisionBytes }: PublishedImage): void {
    this.#leftOctets += zonesId === this.#zonesId ? decisionBytes.byteLength : MAX_LEFT_OCTETS;
    this.#zonesId = zonesId;
  }

  /** Costs nothing where nothing is due; called now and then. */
  collectWhereDue(): void {
    if (this.#leftOctets < MAX_LEFT_OCTETS || typeof this.#collect !== "function") return;
    this.#leftOctets = 0;
    this.#collect();
  }
}
