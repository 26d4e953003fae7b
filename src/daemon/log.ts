/**
 * The log: structured lines of JSON on standard error, by pino. JSON escapes whatever it is handed, so nothing that came
 * in a packet or from a probed server can forge a line; and what JSON lets stand, but a terminal obeys, is escaped as
 * well. What may come often is asked of the limiter first.
 */

import { LRUCache } from "lru-cache";
import { destination, type Logger, pino, stdTimeFunctions } from "pino";
import { escapeSteering } from "./visible-text.ts";

export type Log = Logger;

/** Where lines go. */
export interface LogOutput {
  write(line: string): unknown;
}

/** Synchronous, so that the last line before an exit is never lost; the answer path does not log. */
export function createLog(node: string, out: LogOutput = destination({ fd: 2, sync: true })): Log {
  return pino(
    {
      base: { node },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line) => void out.write(escapeSteering(line)) },
  );
}

/** How many different keys the limiter tells apart; the one longest unseen is forgotten first. */
const MAX_LIMITED_KEYS = 1000;

export interface LogLimiter {
  /**
   * How many calls of this key were held back since the last one let through, or `undefined` where this one is to be
   * held back as well.
   */
  admit(key: string): number | undefined;
  /** Forgets keys that are no longer held back, and returns how many it still knows. */
  tidy(): number;
}

/** Lets each key through once in `everyMs`. `now` in milliseconds, never going backwards. */
export function createLogLimiter(everyMs: number, now: () => number): LogLimiter {
  const seen = new LRUCache<string, { untilMs: number; heldBack: number }>({ max: MAX_LIMITED_KEYS });
  return {
    admit(key) {
      const entry = seen.get(key);
      if (entry !== undefined && now() < entry.untilMs) {
        entry.heldBack += 1;
        return undefined;
      }
      seen.set(key, { untilMs: now() + everyMs, heldBack: 0 });
      return entry?.heldBack ?? 0;
    },
    tidy() {
      for (const [key, entry] of seen.entries()) if (now() >= entry.untilMs) seen.delete(key);
      return seen.size;
    },
  };
}
