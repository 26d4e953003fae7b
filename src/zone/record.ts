/**
 * Resource records (RFC 1035 §5.1): `[owner] [TTL] [class] type data`, TTL and class in any order. POLICY is a type of
 * ours with a range for a TTL; what stands behind it is read by `policy-record.ts`.
 */

import { parseName } from "../dns/name.ts";
import { parseRdata } from "../dns/rdata.ts";
import { parseTtl } from "../dns/ttl.ts";
import { formatType, parseType, TYPE, typeNames } from "../dns/types.ts";
import { misplacedMark, takeHealthAware } from "./health-aware.ts";
import { type Entry, type Token, withoutParentheses } from "./lexer.ts";
import { NO_OWNER, type ParserState, UNREADABLE_OWNER } from "./parser-state.ts";
import { readPolicyRecord } from "./policy-record.ts";
import { didYouMean } from "./suggest.ts";

const POLICY = "POLICY";

/** Types that are asked for or belong to a message, and are no data of a zone (RFC 6895 §3.1). */
const FIRST_META_TYPE = 128;
const LAST_META_TYPE = 255;

const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

/** What stands before the type. */
interface Prelude {
  /** The index of the type's token; that of the end where there is none. */
  readonly typeAt: number;
  /** `undefined` where not written. */
  readonly ttl:
    | { readonly maxSeconds: number; readonly minSeconds: number; readonly token: Token }
    | undefined;
  /** A TTL or class could not be read: its token may have been meant as the type. */
  readonly faulty: boolean;
}

export function readRecord(state: ParserState, entry: Entry): void {
  const faultsBefore = state.faultCount;
  const tokens = withoutParentheses(entry);
  const start = tokens[0];
  if (start === undefined) return;
  const owner = readOwner(state, entry, start);
  if (owner === NO_OWNER) return;
  const prelude = readPrelude(state, tokens, entry.indented ? 0 : 1);
  const typeToken = tokens[prelude.typeAt];
  if (typeToken === undefined) {
    const last = tokens.at(-1) ?? start;
    if (!prelude.faulty) state.fault(last, "missing-type", "Record has no type");
    state.damageRecord(owner, undefined);
    return;
  }
  if (!typeToken.quoted && typeToken.text.toUpperCase() === POLICY) {
    const ttl = policyTtl(state, prelude, typeToken);
    const faulty = state.faultCount > faultsBefore;
    const head = { start, type: typeToken, owner, ttl: faulty ? undefined : ttl };
    readPolicyRecord(state, head, entry.tokens.slice(entry.tokens.indexOf(typeToken) + 1));
    return;
  }
  const type = readType(state, typeToken, prelude);
  const rdataTokens = tokens.slice(prelude.typeAt + 1);
  if (type !== undefined) {
    addRecord(state, { start, owner, type, typeToken, rdataTokens, prelude }, faultsBefore);
  }
  if (state.faultCount > faultsBefore) state.damageRecord(owner, type);
}

/** The owner's number; `NO_OWNER` and `UNREADABLE_OWNER` have been reported. */
function readOwner(state: ParserState, entry: Entry, token: Token): number {
  const { current } = state;
  if (entry.indented) {
    if (current.lastOwner === NO_OWNER) {
      const why = current.afterPool ? "; behind a $POOL it has to be named" : "";
      state.fault(token, "missing-owner", `Record has no owner, and there is none before it${why}`);
    }
    return current.lastOwner;
  }
  current.afterPool = false;
  // Many records in a row have one owner, and what is wrong with it is said once.
  if (current.lastOwnerText === token.text && current.lastOwner !== NO_OWNER) return current.lastOwner;
  const parsed = parseName(token.text, current.origin);
  if (!parsed.ok) state.fault(token, "bad-name", `Cannot parse owner: ${parsed.message}`);
  const { names } = state.records;
  const { count } = names;
  current.lastOwnerText = token.text;
  current.lastOwner = parsed.ok ? names.intern(parsed.name) : UNREADABLE_OWNER;
  if (names.count > count) state.records.awaitRecord(current.lastOwner);
  const isRespelt = parsed.ok && !names.isSpelt(current.lastOwner, parsed.name, 0);
  current.lastSpelling = isRespelt ? parsed.name : undefined;
  return current.lastOwner;
}

function readPrelude(state: ParserState, tokens: readonly Token[], from: number): Prelude {
  let ttl: Prelude["ttl"];
  let hasClass = false;
  let faulty = false;
  let at = from;
  for (; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined || token.quoted) break;
    const first = token.text.charCodeAt(0);
    if (first >= DIGIT_0 && first <= DIGIT_9) {
      const range = readTtlRange(state, token);
      if (range === undefined) faulty = true;
      else if (ttl !== undefined) state.fault(token, "duplicate-ttl", `TTL is given twice: '${token.text}'`);
      ttl ??= range;
    } else {
      const isIn = isClassIn(token.text);
      if (isIn === undefined) break;
      if (!isIn) state.fault(token, "class-not-in", `Class '${token.text}' is not served: only IN is`);
      else if (hasClass) state.fault(token, "duplicate-class", "Class is given twice");
      hasClass = true;
    }
  }
  return { typeAt: at, ttl, faulty };
}

function isClassIn(text: string): boolean | undefined {
  if (text.length > "CLASS65535".length) return undefined;
  const upper = text.toUpperCase();
  if (upper === "IN" || upper === "CLASS1") return true;
  const isOther = upper === "CH" || upper === "HS" || upper === "CS" || /^CLASS[0-9]{1,5}$/.test(upper);
  return isOther ? false : undefined;
}

/** `30`, `1h30m`, `30/10`. */
function readTtlRange(state: ParserState, token: Token): Prelude["ttl"] {
  const slash = token.text.indexOf("/");
  const max = parseTtl(slash === -1 ? token.text : token.text.slice(0, slash));
  const min = slash === -1 ? max : parseTtl(token.text.slice(slash + 1));
  if (!max.ok || !min.ok) {
    const faulty = max.ok ? min : max;
    const message = faulty.ok ? "" : faulty.message;
    state.fault(token, "bad-ttl", `Cannot parse TTL: ${message}`, max.ok ? slash + 1 : 0);
    return undefined;
  }
  if (min.seconds > max.seconds) {
    state.fault(token, "bad-ttl", `Cannot parse TTL: the range '${token.text}' is written max/min`);
  }
  return { maxSeconds: max.seconds, minSeconds: min.seconds, token };
}

function policyTtl(state: ParserState, { ttl, faulty }: Prelude, typeToken: Token): Prelude["ttl"] {
  if (ttl !== undefined) return ttl;
  if (faulty) return undefined;
  const seconds = impliedTtl(state, typeToken);
  return { maxSeconds: seconds, minSeconds: seconds, token: typeToken };
}

/** `$TTL`, else the last one stated. Where there is neither, that is reported once, and not for every record. */
function impliedTtl(state: ParserState, typeToken: Token): number {
  const seconds = state.defaultTtlSeconds ?? state.lastTtlSeconds;
  if (seconds !== undefined) return seconds;
  const message = "Record has no TTL, and there is neither a $TTL nor a TTL before it";
  state.fault(typeToken, "missing-ttl", message);
  state.lastTtlSeconds = 0;
  return 0;
}

function readType(state: ParserState, token: Token, prelude: Prelude): number | undefined {
  const type = token.quoted ? undefined : parseType(token.text);
  if (type === undefined) {
    const guess = didYouMean(token.text, [...typeNames().filter((name) => !isMeta(name)), POLICY]);
    // Behind a TTL that could not be read anything may stand.
    if (token.quoted) {
      state.fault(token, "unknown-type", `A record type is not written in quotes: "${token.text}"`);
    } else if (!prelude.faulty || guess !== "") {
      state.fault(token, "unknown-type", `Unknown record type '${token.text}'${guess}`);
    }
    return undefined;
  }
  if (isMetaType(type)) {
    state.fault(token, "meta-type", `Type ${formatType(type)} is no data of a zone`);
    return undefined;
  }
  return type;
}

function isMetaType(type: number): boolean {
  return type === 0 || type === TYPE.OPT || (type >= FIRST_META_TYPE && type <= LAST_META_TYPE);
}

function isMeta(mnemonic: string): boolean {
  return isMetaType(parseType(mnemonic) ?? 0);
}

interface RecordParts {
  readonly start: Token;
  readonly owner: number;
  readonly type: number;
  readonly typeToken: Token;
  readonly rdataTokens: readonly Token[];
  readonly prelude: Prelude;
}

function addRecord(state: ParserState, parts: RecordParts, faultsBefore: number): void {
  const { start, owner, type, typeToken, prelude } = parts;
  const { ttl } = prelude;
  const { rdataTokens, isHealthAware } = takeHealthAware(state, type, parts.rdataTokens);
  if (ttl !== undefined && ttl.minSeconds !== ttl.maxSeconds) {
    state.fault(ttl.token, "bad-ttl", `A range for a TTL is for POLICY only, not for ${formatType(type)}`);
  }
  const parsed = parseRdata(type, rdataTokens, state.current.origin);
  if (!parsed.ok) {
    const mark = misplacedMark(type, rdataTokens);
    const place = rdataTokens[parsed.tokenIndex] ?? rdataTokens.at(-1) ?? typeToken;
    if (mark === undefined) {
      state.fault(place, "bad-rdata", `Cannot parse ${formatType(type)} record: ${parsed.message}`);
    } else {
      const message = `'health-aware' goes with SRV and MX records only, not with ${formatType(type)}`;
      state.fault(mark, "misplaced-health-aware", message);
    }
  }
  const ttlSeconds = ttl?.maxSeconds ?? ttlWithoutOne(state, type, parsed, typeToken, prelude.faulty);
  state.lastTtlSeconds = ttlSeconds;
  if (!parsed.ok || owner === UNREADABLE_OWNER || state.faultCount > faultsBefore) return;
  state.addRecord(owner, type, ttlSeconds, parsed.rdata, start, rdataTokens[0] ?? typeToken);
  if (isHealthAware) state.records.markHealthAware();
}

/** A SOA before any TTL has its own MINIMUM for one, and so have the records behind it, as BIND reads it. */
function ttlWithoutOne(
  state: ParserState,
  type: number,
  parsed: ReturnType<typeof parseRdata>,
  typeToken: Token,
  faulty: boolean,
): number {
  const known = state.defaultTtlSeconds ?? state.lastTtlSeconds;
  if (known !== undefined) return known;
  if (faulty || (type === TYPE.SOA && !parsed.ok)) return 0;
  if (type !== TYPE.SOA || !parsed.ok) return impliedTtl(state, typeToken);
  const { rdata } = parsed;
  return new DataView(rdata.buffer, rdata.byteOffset + rdata.length - 4, 4).getUint32(0);
}
