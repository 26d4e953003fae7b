/** Sums by their labels: what `answer/counters` keeps of arrays that it has let go. */

export class LabelledTotals<Label extends string> {
  readonly #labels: readonly Label[];
  readonly #totals = new Map<string, { readonly labels: Record<Label, string>; value: number }>();

  constructor(labels: readonly Label[]) {
    this.#labels = labels;
  }

  add(value: number, labels: Record<Label, string>): void {
    const key = JSON.stringify(this.#labels.map((label) => labels[label]));
    const total = this.#totals.get(key);
    if (total === undefined) this.#totals.set(key, { labels, value });
    else total.value += value;
  }

  /** Of those that are meant. */
  copy(isMeant: (labels: Readonly<Record<Label, string>>) => boolean = () => true): LabelledTotals<Label> {
    const copy = new LabelledTotals(this.#labels);
    for (const { labels, value } of this.#totals.values()) if (isMeant(labels)) copy.add(value, labels);
    return copy;
  }

  entries(): (Record<Label, string> & { value: number })[] {
    return Array.from(this.#totals.values(), ({ labels, value }) => ({ ...labels, value }));
  }
}
