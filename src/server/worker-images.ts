/**
 * What each worker is handed of an image: its bytes, which all share, and a block of its own to count in. The block stays
 * while the zones do; with other zones comes another one, and the old one is folded once its worker has moved on.
 */

import { type Counters, type Image, type PublishedImage, publishImage } from "../answer/answer.ts";

interface Place {
  zones: Image["zones"];
  block: SharedArrayBuffer;
  /** Blocks that the worker may still be counting in. */
  left: SharedArrayBuffer[];
}

export class WorkerImages {
  readonly #counters: Counters;
  readonly #currentImage: () => Image;
  readonly #places = new Map<number, Place>();

  constructor(counters: Counters, currentImage: () => Image) {
    this.#counters = counters;
    this.#currentImage = currentImage;
  }

  /** The current image for worker `index`, which is `behind` so many publications. */
  imageOf(index: number, behind: number): PublishedImage {
    const image = this.#currentImage();
    const place = this.#placeOf(index, image);
    if (behind === 0) for (const block of place.left.splice(0)) this.#counters.release(block);
    if (place.zones !== image.zones) {
      place.left.push(place.block);
      place.block = this.#counters.createBlock(image.zones);
      place.zones = image.zones;
    }
    return publishImage(image, place.block);
  }

  #placeOf(index: number, image: Image): Place {
    const known = this.#places.get(index);
    if (known !== undefined) return known;
    const place = { zones: image.zones, block: this.#counters.createBlock(image.zones), left: [] };
    this.#places.set(index, place);
    return place;
  }
}
