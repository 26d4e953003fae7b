/**
 * Whether counts could have been drawn from a distribution: Pearson's chi-square test, with a false alarm so rare that a
 * test which fails is never run again «to see».
 *
 * Pearson's statistic has the chi-square distribution in the limit of many draws only. At one in a thousand millions cells of
 * small expectation exceed it far more often than it says, so an alarm needs a second witness: a bound on the relative
 * entropy of what was drawn that holds for any number of draws (Agrawal 2020, «Finite-sample concentration of the multinomial
 * in relative entropy»): P(n·D ≥ t) ≤ (e·t / (k − 1))^(k − 1) · e^(−t) for k cells and t > k − 1. So the probability of a false
 * alarm is below what was asked for whatever the counts are; and neither takes anything from the test's power worth naming.
 */

/** Cells below this expectation are counted together. */
const LEAST_EXPECTED = 5;

export interface Verdict {
  readonly refuted: boolean;
  readonly statistic: number;
  readonly critical: number;
  readonly degrees: number;
}

/**
 * `probabilities` sum to 1; `counts` are of the same cells. What has no probability may never be drawn, and refutes by
 * itself.
 */
export function testCounts(
  counts: ReadonlyMap<string, number>,
  probabilities: ReadonlyMap<string, number>,
  falseAlarm: number,
): Verdict {
  const draws = sum(counts.values());
  const impossible = [...counts].some(([cell, count]) => count > 0 && (probabilities.get(cell) ?? 0) === 0);
  const cells = mergedCells(counts, probabilities, draws);
  const degrees = cells.length - 1;
  const statistic = sum(cells.map(({ observed, expected }) => (observed - expected) ** 2 / expected));
  const critical = criticalValue(degrees, falseAlarm);
  const entropy = sum(
    cells.map(({ observed, expected }) => (observed === 0 ? 0 : observed * Math.log(observed / expected))),
  );
  const isRare = statistic > critical && entropyBound(entropy, degrees) < falseAlarm;
  return { refuted: impossible || isRare, statistic, critical, degrees };
}

interface Cell {
  readonly observed: number;
  readonly expected: number;
}

/** The improbable ones together, so many in one that it is to be expected often enough; what is left of them by itself. */
function mergedCells(
  counts: ReadonlyMap<string, number>,
  probabilities: ReadonlyMap<string, number>,
  draws: number,
): Cell[] {
  const cells: Cell[] = [];
  let rare: Cell = { observed: 0, expected: 0 };
  for (const [cell, probability] of probabilities) {
    const observed = counts.get(cell) ?? 0;
    const expected = probability * draws;
    if (expected >= LEAST_EXPECTED) {
      cells.push({ observed, expected });
      continue;
    }
    rare = { observed: rare.observed + observed, expected: rare.expected + expected };
    if (rare.expected < LEAST_EXPECTED) continue;
    cells.push(rare);
    rare = { observed: 0, expected: 0 };
  }
  return rare.expected === 0 ? cells : [...cells, rare];
}

/** What n·D exceeds with no more than this probability. */
function entropyBound(entropy: number, degrees: number): number {
  if (degrees <= 0 || entropy <= degrees) return 1;
  return Math.min(1, Math.exp(degrees * (1 + Math.log(entropy / degrees)) - entropy));
}

/** What a chi-square variable exceeds with that probability; 0 without a degree of freedom. */
export function criticalValue(degrees: number, probability: number): number {
  if (degrees <= 0) return 0;
  let low = 0;
  let high = degrees;
  while (exceedance(degrees, high) > probability) high *= 2;
  for (let halvings = 0; halvings < 100; halvings++) {
    const middle = (low + high) / 2;
    if (exceedance(degrees, middle) > probability) low = middle;
    else high = middle;
  }
  return high;
}

/** The probability that a chi-square variable exceeds `value`: the regularised upper incomplete gamma function. */
export function exceedance(degrees: number, value: number): number {
  const shape = degrees / 2;
  const at = value / 2;
  if (at <= 0) return 1;
  const scale = Math.exp(shape * Math.log(at) - at - logGamma(shape));
  return at < shape + 1 ? 1 - scale * lowerSeries(shape, at) : scale * upperFraction(shape, at);
}

const STEPS_MAX = 10_000;
const PRECISION = 1e-15;

/** The power series (Abramowitz and Stegun 6.5.29). */
function lowerSeries(shape: number, at: number): number {
  let term = 1 / shape;
  let total = term;
  for (let step = 1; step < STEPS_MAX && term > total * PRECISION; step++) {
    term *= at / (shape + step);
    total += term;
  }
  return total;
}

/** The continued fraction (6.5.31), from its far end. */
function upperFraction(shape: number, at: number): number {
  let rest = 0;
  for (let step = Math.ceil(200 + at + shape); step > 0; step--) {
    rest = (step * (shape - step)) / (at + 2 * step + 1 - shape + rest);
  }
  return 1 / (at + 1 - shape + rest);
}

/** Stirling's series, moved up to where it is exact to all digits. */
export function logGamma(value: number): number {
  let [at, product] = [value, 1];
  while (at < 15) product *= at++;
  const square = 1 / (at * at);
  const series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / at;
  return (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + series - Math.log(product);
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
