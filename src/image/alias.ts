/**
 * The alias method (Walker 1977, Vose 1991): a distribution over n things as n slots of equal width, each shared by at
 * most two of them. One random number chooses the slot by its upper part and the thing by what is left.
 */

/** Slots from `next` on; arrays side by side. */
export interface AliasSlots {
  /** In 2³²: a fraction below it takes `candidates`, any other `aliases`. */
  readonly thresholds: Uint32Array;
  readonly candidates: Int32Array;
  readonly aliases: Int32Array;
}

const FRACTION_STEPS = 2 ** 32;

/**
 * Fills as many slots as there are candidates, from `first` on, and uses up `weights`. Weights are above 0 and need not
 * sum to anything.
 */
export function fillAliasSlots(
  slots: AliasSlots,
  first: number,
  candidates: readonly number[],
  weights: number[],
): void {
  const { thresholds, candidates: own, aliases } = slots;
  const count = candidates.length;
  let sum = 0;
  for (const weight of weights) sum += weight;
  const narrow: number[] = [];
  const wide: number[] = [];
  for (let index = 0; index < count; index++) {
    const width = ((weights[index] ?? 0) * count) / sum;
    weights[index] = width;
    (width < 1 ? narrow : wide).push(index);
    thresholds[first + index] = FRACTION_STEPS - 1;
    own[first + index] = candidates[index] ?? 0;
    aliases[first + index] = candidates[index] ?? 0;
  }
  while (narrow.length > 0 && wide.length > 0) {
    const taker = narrow.pop() ?? 0;
    const giver = wide.at(-1) ?? 0;
    const width = weights[taker] ?? 0;
    thresholds[first + taker] = Math.min(FRACTION_STEPS - 1, Math.round(width * FRACTION_STEPS));
    aliases[first + taker] = candidates[giver] ?? 0;
    // The giver fills up the narrow slot from what it has.
    const left = (weights[giver] ?? 0) + width - 1;
    weights[giver] = left;
    if (left < 1) {
      wide.pop();
      narrow.push(giver);
    }
  }
}
