/**
 * Durations as zone files write them: `250ms`, `5s`, `1m30s`, `2h`, `14d`, `2w`. Units go from the largest to the
 * smallest, each once at most, and none may be left out: a bare `5` could be meant as anything. (TTLs are another
 * matter: RFC 1035 gives them seconds by default; `dns/ttl` reads those.)
 */

export type DurationResult =
  | { readonly ok: true; readonly ms: number }
  | { readonly ok: false; readonly message: string };

/** Ten years: beyond this a number is a slip of the pen, and sums of durations stay exact far above it. */
export const DURATION_MAX_MS = 3650 * 86_400_000;

const UNITS = [
  { name: "w", ms: 7 * 86_400_000 },
  { name: "d", ms: 86_400_000 },
  { name: "h", ms: 3_600_000 },
  { name: "m", ms: 60_000 },
  { name: "s", ms: 1_000 },
  { name: "ms", ms: 1 },
] as const;

const PART = /([0-9]{1,15})(ms|[smhdw])/iy;
const SHAPE = "expected a number with a unit, such as 250ms, 5s, 1m30s, 2h or 14d";

/** Milliseconds, from 0 to `DURATION_MAX_MS`; the message of a fault says what was expected. */
export function parseDurationMs(text: string): DurationResult {
  if (text === "") {
    return fault("value is empty");
  }
  if (/^[0-9]+$/.test(text)) {
    return fault(`${text} has no unit: ${SHAPE}`);
  }
  let totalMs = 0;
  let nextUnit = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < text.length) {
    const part = PART.exec(text);
    if (part === null) {
      return fault(`"${text}" is not a duration: ${SHAPE}`);
    }
    const unitIndex = UNITS.findIndex((unit) => unit.name === part[2]?.toLowerCase());
    const unit = UNITS[unitIndex];
    if (unit === undefined || unitIndex < nextUnit) {
      return fault(`"${text}" has its units out of order: write the largest first, each once`);
    }
    totalMs += Number(part[1]) * unit.ms;
    nextUnit = unitIndex + 1;
  }
  if (totalMs > DURATION_MAX_MS) {
    return fault(`${text} is longer than ${formatDuration(DURATION_MAX_MS)}`);
  }
  return { ok: true, ms: totalMs };
}

function fault(message: string): DurationResult {
  return { ok: false, message: `Cannot parse duration: ${message}` };
}

/** The same notation back, in days and smaller: `1m30s`; `0s` for nothing. Parts of a millisecond are rounded. */
export function formatDuration(durationMs: number): string {
  let restMs = Math.max(0, Math.round(durationMs));
  if (restMs === 0) {
    return "0s";
  }
  let text = "";
  for (const unit of UNITS.slice(1)) {
    const count = Math.floor(restMs / unit.ms);
    if (count > 0) {
      text += `${count}${unit.name}`;
      restMs -= count * unit.ms;
    }
  }
  return text;
}

/** For sentences: `2 s`, `1.5 s`, `250 ms`; from a minute on `1m30s` reads better than seconds. */
export function spellDuration(durationMs: number): string {
  const roundMs = Math.max(0, Math.round(durationMs));
  if (roundMs < 1_000) {
    return `${roundMs} ms`;
  }
  return roundMs < 60_000 ? `${Math.round(roundMs / 10) / 100} s` : formatDuration(roundMs);
}
