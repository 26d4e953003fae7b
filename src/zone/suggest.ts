/**
 * Did-you-mean: the word nearest to a misspelt one. Diagnostics of the parser and of the checks end in
 * «did you mean 'frankfurt'?» where this finds one.
 */

/** Longer words are not compared: nobody misspells one, and the table below is quadratic. */
const MAX_COMPARED_LENGTH = 64;

/** Some tenths of a second. */
const MAX_COMPARISONS = 300_000;

/** How many edits may lie between a word and its suggestion: one in every three letters, and one at least. */
function tolerance(word: string): number {
  return Math.max(1, Math.floor(word.length / 3));
}

/**
 * The candidate nearest to `word` without regard to case, or `undefined` where none is near. Of equally near ones the
 * first given wins. Distance counts insertions, deletions, substitutions and swaps of neighbours.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length === 0 || word.length > MAX_COMPARED_LENGTH) return undefined;
  const folded = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = tolerance(word) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(folded, candidate.toLowerCase());
    // A word of which nothing would be left is no misspelling of another.
    if (distance < bestDistance && distance < Math.max(folded.length, candidate.length)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * Suggestions out of names that a set of zones defines, which may be thousands, for faults that may be thousands as well. After
 * so many comparisons nobody reads on, and there are no more.
 */
export class NameSuggestions {
  #comparisonsLeft = MAX_COMPARISONS;

  didYouMean(word: string, candidates: readonly string[]): string {
    if (this.#comparisonsLeft < candidates.length) return "";
    this.#comparisonsLeft -= candidates.length;
    return didYouMean(word, candidates);
  }
}

/** `; did you mean 'x'?`, or the empty string: the tail of a message about an unknown word. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const suggestion = nearest(word, candidates);
  return suggestion === undefined ? "" : `; did you mean '${suggestion}'?`;
}

/** Optimal string alignment distance, row by row; the last three rows are all it needs. */
function editDistance(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (row > 1 && column > 1 && swapped) cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[other.length] ?? 0;
}
