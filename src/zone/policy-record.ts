/** The POLICY record: what stands behind its type, and the options behind its expression. */

import type { WhenDown } from "../policy/model.ts";
import { parseExpression } from "./expression.ts";
import { foldValues, KeyValues, readDurationMs, readQuantity, readWord } from "./key-values.ts";
import { isClose, isOpen, type Token } from "./lexer.ts";
import { WHEN_DOWN_WORDS } from "./names.ts";
import { type ParserState, UNREADABLE_OWNER } from "./parser-state.ts";

const KEYS = ["when-down", "rto", "demand"];
const FLAGS = ["dry-run"];
const DEFAULT_WHEN_DOWN: WhenDown = "open";

export interface PolicyRecordHead {
  /** Where the entry begins. */
  readonly start: Token;
  /** The token `POLICY`. */
  readonly type: Token;
  /** Its number, or `UNREADABLE_OWNER`. */
  readonly owner: number;
  /** `undefined` where they could not be read, which has been reported. */
  readonly ttl: { readonly maxSeconds: number; readonly minSeconds: number } | undefined;
}

/** `tokens` are those behind the type, parentheses and all. */
export function readPolicyRecord(state: ParserState, head: PolicyRecordHead, tokens: readonly Token[]): void {
  const faultsBefore = state.faultCount;
  const tail = withoutOuterParentheses(tokens);
  const { expression, end } = parseExpression(state, tail, 0, head.type);
  const options = new KeyValues(state, "POLICY", foldValues(state, tail.slice(end)), KEYS, FLAGS);
  const whenDown = options.read("when-down", readWord(WHEN_DOWN_WORDS)) ?? DEFAULT_WHEN_DOWN;
  const rtoMs = options.read("rto", readDurationMs);
  const demand = options.read("demand", readQuantity);
  const { owner, ttl } = head;
  if (
    state.faultCount > faultsBefore ||
    expression === undefined ||
    ttl === undefined ||
    owner === UNREADABLE_OWNER
  ) {
    state.damageRecord(owner, "POLICY");
    return;
  }
  const { current, records } = state;
  current.lastSpelling = records.spellForPolicy(owner, current.lastSpelling);
  state.policyRecords.push({
    position: state.position(head.start),
    owner: current.lastSpelling ?? records.names.nameOf(owner),
    ...ttl,
    expression,
    whenDown,
    rtoMs,
    demand,
    dryRun: options.has("dry-run"),
    optionPositions: options.positions(),
  });
}

/**
 * Parentheses that only join the lines of an entry are no part of its expression: those that were opened before its
 * first token, and a pair around the whole.
 */
export function withoutOuterParentheses(tokens: readonly Token[]): readonly Token[] {
  const kept: Token[] = [];
  let depth = 0;
  for (const token of tokens) {
    if (isOpen(token)) depth++;
    if (isClose(token) && depth-- <= 0) {
      depth = 0;
      continue;
    }
    kept.push(token);
  }
  return isOpen(kept[0]) ? withoutFirstPair(kept) : kept;
}

/** A first parenthesis with no kind before it can only be there to join lines. */
function withoutFirstPair(tokens: readonly Token[]): readonly Token[] {
  let depth = 0;
  const close = tokens.findIndex((token) => {
    if (isOpen(token)) depth++;
    if (isClose(token)) depth--;
    return depth === 0;
  });
  return tokens.filter((_, index) => index !== 0 && index !== close);
}
