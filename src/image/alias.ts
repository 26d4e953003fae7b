/**
 * The alias method (Walker 1977, Vose 1991): a distribution over n things as n slots of equal width, each shared by at
 * most two of them. One random number chooses the slot by its upper part and the thing by what is left.
 */

export interface WeightedCandidate {
  readonly candidate: number;
  /** Above 0; the weights sum to about 1. */
  readonly weight: number;
}

export interface AliasSlot {
  /** In 2³²: a fraction below it takes `candidate`, any other `alias`. */
  readonly threshold: number;
  readonly candidate: number;
  readonly alias: number;
}

const FRACTION_STEPS = 2 ** 32;

export function aliasSlots(weighted: readonly WeightedCandidate[]): AliasSlot[] {
  const sum = weighted.reduce((total, { weight }) => total + weight, 0);
  const widths = weighted.map(({ weight }) => (weight * weighted.length) / sum);
  const slots: AliasSlot[] = weighted.map(({ candidate }) => ({
    threshold: FRACTION_STEPS - 1,
    candidate,
    alias: candidate,
  }));
  const narrow: number[] = [];
  const wide: number[] = [];
  widths.forEach((width, index) => (width < 1 ? narrow : wide).push(index));
  while (narrow.length > 0 && wide.length > 0) {
    const taker = narrow.pop() ?? 0;
    const giver = wide.at(-1) ?? 0;
    const width = widths[taker] ?? 0;
    const candidate = weighted[taker]?.candidate ?? 0;
    const alias = weighted[giver]?.candidate ?? 0;
    slots[taker] = {
      threshold: Math.min(FRACTION_STEPS - 1, Math.round(width * FRACTION_STEPS)),
      candidate,
      alias,
    };
    // The giver fills up the narrow slot from what it has.
    widths[giver] = (widths[giver] ?? 0) + width - 1;
    if ((widths[giver] ?? 0) < 1) {
      wide.pop();
      narrow.push(giver);
    }
  }
  return slots;
}
