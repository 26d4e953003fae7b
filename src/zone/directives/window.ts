/** `$WINDOW ref drain|down cron="0 2 * * 0" for=2h [tz=America/New_York]`: planned maintenance. */

import { parseCron } from "../../health/cron.ts";
import { isTimeZone } from "../../health/schedule.ts";
import { accepted, foldValues, KeyValues, readDurationMs, refused, type ValueParse } from "../key-values.ts";
import { faultOfRef } from "../names.ts";
import { didYouMean } from "../suggest.ts";
import { type Directive, reportTooFew } from "./directive.ts";

const STATES = ["drain", "down"] as const;
const KEYS = ["cron", "for", "tz"];

export const WINDOW: Directive = {
  name: "$WINDOW",
  usage: '$WINDOW ref drain|down cron="…" for=DURATION [tz=ZONE]',
  read(state, entry, keyword) {
    const faultsBefore = state.faultCount;
    const [, refToken, stateToken, ...rest] = foldValues(state, entry.tokens);
    if (refToken === undefined || stateToken === undefined) {
      reportTooFew(state, WINDOW, refToken ?? keyword);
      return;
    }
    const refFault = faultOfRef(refToken.text);
    if (refFault !== undefined) state.fault(refToken, "bad-ref", refFault);
    const forced = STATES.find((word) => word === stateToken.text);
    if (forced === undefined) {
      const guess = didYouMean(stateToken.text, STATES);
      state.fault(stateToken, "unknown-state", `'${stateToken.text}' is neither drain nor down${guess}`);
    }
    const keys = new KeyValues(state, WINDOW.name, rest, KEYS);
    const cron = keys.read("cron", readCron);
    const forMs = keys.read("for", readLength);
    const timeZone = keys.read("tz", readTimeZone);
    // A key that is misspelt has been reported; that its right spelling is missing is no second fault.
    const missing = state.faultCount > faultsBefore ? [] : ["cron", "for"].filter((key) => !keys.has(key));
    for (const key of missing) state.fault(keyword, "missing-key", `$WINDOW needs ${key}=`);
    if (cron === undefined || forMs === undefined || forced === undefined) return;
    if (state.faultCount > faultsBefore) return;
    const position = state.position(keyword);
    state.windows.push({
      window: { position, ref: refToken.text, state: forced, cron, forMs, timeZone },
      ref: { text: refToken.text, position: state.position(refToken) },
    });
  },
};

function readCron(text: string): ValueParse<string> {
  const parsed = parseCron(text);
  return parsed.ok ? accepted(text.trim()) : refused(parsed.message);
}

function readLength(text: string): ValueParse<number> {
  const length = readDurationMs(text);
  return length.ok && length.value === 0 ? refused("a window has to last") : length;
}

function readTimeZone(text: string): ValueParse<string> {
  return isTimeZone(text) ? accepted(text) : refused(`'${text}' is not a time zone such as America/New_York`);
}
