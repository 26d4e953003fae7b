/** Shares as commands print them: per cent with two decimals, in columns that line up. */

const WIDTH = 6;

export function formatPercent(share: number): string {
  return `${(share * 100).toFixed(2).padStart(WIDTH)} %`;
}

/** A difference of shares, with its sign; nothing has none. */
export function formatShift(shift: number): string {
  const text = (Math.abs(shift) * 100).toFixed(2);
  const sign = text === "0.00" ? "" : shift > 0 ? "+" : "−";
  return `${(sign + text).padStart(WIDTH + 1)} %`;
}
