/** `$MONITOR name kind key=value…`. What the keys mean is `health/monitor-keys`' business. */

import { MONITOR_KINDS, type MonitorKind } from "../../health/monitor.ts";
import { type MonitorFault, monitorKeys, parseMonitor } from "../../health/monitor-keys.ts";
import { foldValues, type Pair, pairOf } from "../key-values.ts";
import type { Token } from "../lexer.ts";
import { faultOfName } from "../names.ts";
import type { ParserState } from "../parser-state.ts";
import { didYouMean, nearest } from "../suggest.ts";
import { type Directive, reportTooFew } from "./directive.ts";

export const MONITOR: Directive = {
  name: "$MONITOR",
  usage: "$MONITOR name kind key=value…",
  read(state, entry, keyword) {
    const faultsBefore = state.faultCount;
    const [, nameToken, kindToken, ...rest] = foldValues(state, entry.tokens);
    if (nameToken === undefined || kindToken === undefined) {
      reportTooFew(state, MONITOR, nameToken ?? keyword);
      if (nameToken !== undefined) state.damagedMonitors.add(nameToken.text);
      return;
    }
    const nameFault = faultOfName(nameToken.text, "monitor");
    if (nameFault !== undefined) state.fault(nameToken, "bad-name", nameFault);
    const kind = readKind(state, kindToken);
    const pairs = readPairs(state, rest);
    // Without its kind nothing can be said of the keys.
    const parsed = kind === undefined ? undefined : parseMonitor(nameToken.text, kind, pairs);
    if (kind !== undefined && parsed !== undefined && !parsed.ok) {
      reportFaults(state, { kind, nameToken, pairs }, parsed.faults);
    }
    if (parsed === undefined || !parsed.ok || state.faultCount > faultsBefore) {
      state.damagedMonitors.add(nameToken.text);
      return;
    }
    const keyPositions = new Map(pairs.map(({ key, token }) => [key, state.position(token)]));
    state.monitors.push({ position: state.position(nameToken), monitor: parsed.monitor, keyPositions });
  },
};

function readKind(state: ParserState, token: Token): MonitorKind | undefined {
  const kind = MONITOR_KINDS.find((candidate) => candidate === token.text);
  if (kind !== undefined) return kind;
  const guess = didYouMean(token.text, MONITOR_KINDS);
  const message = `Unknown monitor kind '${token.text}': expected one of ${MONITOR_KINDS.join(", ")}${guess}`;
  state.fault(token, "unknown-monitor-kind", message);
  const meant = nearest(token.text, MONITOR_KINDS);
  return MONITOR_KINDS.find((candidate) => candidate === meant);
}

function readPairs(state: ParserState, tokens: readonly Token[]): Pair[] {
  const pairs: Pair[] = [];
  for (const token of tokens) {
    const pair = pairOf(token);
    if (pair === undefined) {
      state.fault(token, "expected-key", `Unexpected '${token.text}' in $MONITOR: expected key=value`);
      continue;
    }
    if (pair.key === "body-regex" && /(?<!\\)(?:\\\\)*\\[A-Za-z]/.test(token.text)) {
      const message =
        "In a zone file '\\d' is read as 'd' (RFC 1035 §5.1); a backslash of the pattern is written '\\\\'";
      state.warning(token, "single-backslash", message, pair.valueOffset);
    }
    pairs.push(pair);
  }
  return pairs;
}

/** Puts the faults in their places. */
function reportFaults(
  state: ParserState,
  { kind, nameToken, pairs }: { kind: MonitorKind; nameToken: Token; pairs: readonly Pair[] },
  faults: readonly MonitorFault[],
): void {
  const isMisspelt = faults.some(({ code }) => code === "unknown-key");
  for (const { pairIndex, code, message } of faults) {
    // The key that is missing may be the misspelt one.
    if (code === "missing-key" && isMisspelt) continue;
    const pair = pairIndex === undefined ? undefined : pairs[pairIndex];
    const guess = code === "unknown-key" && pair !== undefined ? didYouMean(pair.key, monitorKeys(kind)) : "";
    const offset = code === "bad-value" && pair !== undefined ? pair.valueOffset : 0;
    state.fault(pair?.token ?? nameToken, code, message + guess, offset);
  }
}
