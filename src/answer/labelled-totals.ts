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

  copy(): LabelledTotals<Label> {
    const copy = new LabelledTotals(this.#labels);
    for (const { labels, value } of this.#totals.values()) copy.add(value, labels);
    return copy;
  }

  values(): Iterable<{ readonly labels: Readonly<Record<Label, string>>; readonly value: number }> {
    return this.#totals.values();
  }

  entries(): (Record<Label, string> & { value: number })[] {
    return Array.from(this.#totals.values(), ({ labels, value }) => ({ ...labels, value }));
  }
}
