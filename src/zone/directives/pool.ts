/**
 * `$POOL name key=value…`. Its endpoints are the indented lines behind it, which `endpoint.ts` reads one by one, up to
 * the next line that begins in column 1.
 */

import type { Failback, MinUp } from "../../policy/model.ts";
import {
  accepted,
  foldValues,
  KeyValues,
  readDurationMs,
  readQuantity,
  readWholeNumber,
  refused,
  type ValueParse,
} from "../key-values.ts";
import { parseMonitorUse } from "../monitor-use.ts";
import { faultOfName } from "../names.ts";
import { NO_OWNER, type OpenPool, type ParserState } from "../parser-state.ts";
import { parseLocation } from "../places.ts";
import { didYouMean } from "../suggest.ts";
import type { MonitorUseSyntax } from "../syntax.ts";
import { type Directive, reportTooFew } from "./directive.ts";

const KEYS = ["monitor", "location", "min-up", "answers", "failback", "slow-start", "grace", "capacity"];
const MAX_COUNT = 10_000;
const DEFAULT_FAILBACK: Failback = { kind: "auto" };
const DEFAULT_ANSWERS = 1;

export const POOL: Directive = {
  name: "$POOL",
  usage: "$POOL name key=value…",
  read(state, entry, keyword) {
    const faultsBefore = state.faultCount;
    const [, nameToken, ...rest] = foldValues(state, entry.tokens);
    const { current } = state;
    current.lastOwner = NO_OWNER;
    current.afterPool = true;
    if (nameToken === undefined) reportTooFew(state, POOL, keyword);
    const nameFault = nameToken === undefined ? undefined : faultOfName(nameToken.text, "pool");
    if (nameToken !== undefined && nameFault !== undefined) state.fault(nameToken, "bad-name", nameFault);
    const name = nameFault === undefined ? nameToken?.text : undefined;
    const open: OpenPool = {
      name,
      header: nameToken ?? keyword,
      endpoints: [],
      endpointNames: new Set(),
      lines: 0,
    };
    current.openPool = open;
    const keys = new KeyValues(state, POOL.name, rest, KEYS);
    const settings = readSettings(state, keys);
    if (name === undefined) return;
    // A pool with a faulty key still stands: its name and its endpoints are there to be referred to.
    const { endpoints } = open;
    state.pools.push({ position: state.position(open.header), name, ...settings, endpoints });
    if (state.faultCount > faultsBefore) state.damagedNames.add(name);
  },
};

function readSettings(state: ParserState, keys: KeyValues) {
  return {
    monitor: readMonitorUse(state, keys),
    location: keys.read("location", parseLocation),
    minUp: keys.read("min-up", readMinUp),
    answers: keys.read("answers", readAnswers) ?? DEFAULT_ANSWERS,
    failback: keys.read("failback", readFailback) ?? DEFAULT_FAILBACK,
    slowStartMs: keys.read("slow-start", readDurationMs) ?? 0,
    graceMs: keys.read("grace", readDurationMs) ?? 0,
    capacity: keys.read("capacity", readQuantity),
    keyPositions: keys.positions(),
  };
}

/** `monitor=` of a pool or an endpoint, with the place of its value. One that cannot be read counts as `none`. */
export function readMonitorUse(state: ParserState, keys: KeyValues): MonitorUseSyntax | undefined {
  const pair = keys.get("monitor");
  if (pair === undefined) return undefined;
  const use = keys.read("monitor", parseMonitorUse) ?? { kind: "none" };
  return { position: state.position(pair.token, pair.valueOffset), use };
}

/** Once the last of its lines is read. */
export function closePool(state: ParserState): void {
  const { openPool } = state.current;
  state.current.openPool = undefined;
  if (openPool?.lines !== 0) return;
  const message = `Pool '${openPool.header.text}' has no endpoints: they are the indented lines behind it`;
  state.fault(openPool.header, "empty-pool", message);
  if (openPool.name !== undefined) state.damagedNames.add(openPool.name);
}

function readMinUp(text: string): ValueParse<MinUp> {
  if (!text.endsWith("%")) {
    const count = readWholeNumber(1, MAX_COUNT)(text);
    return count.ok
      ? accepted<MinUp>({ kind: "count", count: count.value })
      : refused(`${count.message}, nor a percentage`);
  }
  const percent = readWholeNumber(1, 100)(text.slice(0, -1));
  if (percent.ok) return accepted<MinUp>({ kind: "percent", percent: percent.value });
  return refused(`'${text}' is not a percentage from 1% to 100%`);
}

function readAnswers(text: string): ValueParse<number> {
  if (text === "all") return accepted(Number.POSITIVE_INFINITY);
  const count = readWholeNumber(1, MAX_COUNT)(text);
  return count.ok ? count : refused(`${count.message}, nor 'all'${didYouMean(text, ["all"])}`);
}

function readFailback(text: string): ValueParse<Failback> {
  if (text === "auto" || text === "manual") return accepted<Failback>({ kind: text });
  if (!text.startsWith("after:")) {
    const guess = didYouMean(text, ["auto", "manual"]);
    return refused(`'${text}' is not one of auto, after:DURATION, manual${guess}`);
  }
  const after = readDurationMs(text.slice("after:".length));
  return after.ok ? accepted<Failback>({ kind: "after", afterMs: after.value }) : after;
}
