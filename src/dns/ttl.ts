/**
 * Times of zone files in seconds: plain numbers, or the units that BIND brought into use, `1h30m` (s, m, h, d, w in any
 * case). A TTL has 31 bits (RFC 2181 §8).
 */

export const MAX_TTL_SECONDS = 0x7fffffff;

export type SecondsParse =
  | { readonly ok: true; readonly seconds: number }
  | { readonly ok: false; readonly message: string };

const SECONDS_OF_UNIT: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Reads a TTL; its message says «TTL …» and what is wrong with it. */
export function parseTtl(text: string): SecondsParse {
  return parseSeconds(text, "TTL", MAX_TTL_SECONDS);
}

/** Reads any time of up to `maxSeconds`; `what` names it in the message. */
export function parseSeconds(text: string, what: string, maxSeconds: number): SecondsParse {
  if (text === "") return { ok: false, message: `${what} is empty` };
  const seconds = /^[0-9]+$/.test(text) ? Number(text) : secondsOfUnits(text);
  if (seconds === undefined) {
    return { ok: false, message: `${what} '${text}' is not a number of seconds or a time like 1h30m` };
  }
  if (seconds > maxSeconds) return { ok: false, message: `${what} '${text}' exceeds ${maxSeconds} seconds` };
  return { ok: true, seconds };
}

/** Whether the text has the form of a time, be it too large or not. */
export function looksLikeTtl(text: string): boolean {
  return /^(?:[0-9]+|(?:[0-9]+[smhdw])+)$/i.test(text);
}

function secondsOfUnits(text: string): number | undefined {
  if (!looksLikeTtl(text)) return undefined;
  let seconds = 0;
  for (const [, digits = "", unit = ""] of text.matchAll(/([0-9]+)([smhdw])/gi)) {
    seconds += Number(digits) * (SECONDS_OF_UNIT[unit.toLowerCase()] ?? 0);
  }
  return seconds;
}
