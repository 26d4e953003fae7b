/**
 * The policy language (CONTRACT.md, «Expressions»): tokens → `ExpressionSyntax`.
 *
 *     expression := REF | kind "(" child… ")" | "geo" "(" entry… ")"
 *     child      := expression [ "=" weight ]     `a=70`, `failover ( a b )=70`; weights in weighted, sticky and all
 *     entry      := match "=" ( expression | "nodata" )
 *
 * The lexer has made every parenthesis a token; `=70` behind one arrives as a word that begins with `=`. What cannot be
 * read is reported and passed over, and the children around it are read all the same.
 */

import type { GeoMatch } from "../policy/expression.ts";
import { endOfGroup } from "./key-values.ts";
import { isClose, isOpen, type Token } from "./lexer.ts";
import { faultOfRef, isPolicyKind, POLICY_KINDS, type PolicyKind } from "./names.ts";
import type { ParserState } from "./parser-state.ts";
import { keyOfMatch, parseGeoMatch } from "./places.ts";
import { didYouMean, nearest } from "./suggest.ts";
import type { ExpressionSyntax, GeoEntrySyntax, WeightedChildSyntax } from "./syntax.ts";

/** Far beyond what a person can keep in his head, and far below what a stack can hold. */
const MAX_EXPRESSION_DEPTH = 32;
export const MAX_WEIGHT = 1_000_000;

export interface ExpressionParse {
  /** `undefined` where there was a fault; it has been reported. */
  readonly expression: ExpressionSyntax | undefined;
  /** The index of the first token behind the expression. */
  readonly end: number;
}

/** Reads the expression that begins at `tokens[start]`; `fallback` is the place of a fault where there is no token. */
export function parseExpression(
  state: ParserState,
  tokens: readonly Token[],
  start: number,
  fallback: Token,
): ExpressionParse {
  const reader = new ExpressionReader(state, tokens, start, fallback);
  const faultsBefore = state.faultCount;
  const expression = reader.readWhole();
  return { expression: state.faultCount === faultsBefore ? expression : undefined, end: reader.at };
}

/** A word that an expression may begin in: the whole token, or what stands behind `match=` in it. */
interface Word {
  readonly text: string;
  readonly token: Token;
  readonly offset: number;
}

interface Child {
  readonly expression: ExpressionSyntax | undefined;
  /** `undefined` where none is written. */
  readonly weight: number | undefined;
}

class ExpressionReader {
  readonly #state: ParserState;
  readonly #tokens: readonly Token[];
  readonly #fallback: Token;
  at: number;

  constructor(state: ParserState, tokens: readonly Token[], start: number, fallback: Token) {
    this.#state = state;
    this.#tokens = tokens;
    this.#fallback = fallback;
    this.at = start;
  }

  readWhole(): ExpressionSyntax | undefined {
    const child = this.#readChild("A policy as a whole", false, 0);
    if (child === undefined)
      this.#fault(this.#fallback, "missing-expression", "Policy expression is missing");
    return child?.expression;
  }

  #fault(token: Token, code: string, message: string, offset = 0): void {
    this.#state.fault(token, code, message, offset);
  }

  /** The next child with its weight, or `undefined` before a closing parenthesis and at the end. */
  #readChild(parent: string, takesWeights: boolean, depth: number): Child | undefined {
    const token = this.#tokens[this.at];
    if (token === undefined || isClose(token)) return undefined;
    if (isOpen(token)) {
      this.#missingKind(token);
      this.at = endOfGroup(this.#tokens, this.at) + 1;
      this.#passWeight();
      return { expression: undefined, weight: undefined };
    }
    this.at++;
    return this.#readTerm({ text: token.text, token, offset: 0 }, parent, takesWeights, depth);
  }

  /** An expression whose first word has been taken, and the weight behind it. */
  #readTerm(word: Word, parent: string, takesWeights: boolean, depth: number): Child {
    const equals = word.token.quoted ? -1 : word.text.indexOf("=");
    const head = equals === -1 ? word.text : word.text.slice(0, equals);
    const isNode = isOpen(this.#tokens[this.at]);
    if (isNode && equals !== -1) {
      // `b=failover ( … )` and `failover=70 ( … )`: read what is in the parentheses, for its own faults.
      const message = `A weight stands behind what it weighs: '${isPolicyKind(head) ? head : "kind"} ( … )=70'`;
      this.#fault(word.token, "misplaced-weight", message, word.offset + equals);
      const kind = isPolicyKind(head) ? head : word.text.slice(equals + 1);
      const expression = this.#readNode({ ...word, text: kind }, depth);
      this.#passWeight();
      return { expression, weight: undefined };
    }
    if (equals === 0) {
      this.#fault(
        word.token,
        "misplaced-weight",
        `Weight '${word.text}' has no child before it`,
        word.offset,
      );
      return { expression: undefined, weight: undefined };
    }
    const expression = isNode ? this.#readNode(word, depth) : this.#readRef({ ...word, text: head });
    const weightAt = equals === -1 ? this.#takeWeightToken() : { ...word, text: word.text.slice(equals) };
    if (weightAt === undefined) return { expression, weight: undefined };
    const offset = weightAt.offset + (equals === -1 ? 0 : equals);
    if (!takesWeights) {
      const message = `${parent} takes no weights: '${weightAt.text}' (weighted, sticky and all do)`;
      this.#fault(weightAt.token, "misplaced-weight", message, offset);
      return { expression, weight: undefined };
    }
    return { expression, weight: this.#readWeight(weightAt, offset) };
  }

  #takeWeightToken(): Word | undefined {
    const token = this.#tokens[this.at];
    if (token === undefined || token.quoted || !token.text.startsWith("=")) return undefined;
    this.at++;
    return { text: token.text, token, offset: 0 };
  }

  #passWeight(): void {
    this.#takeWeightToken();
  }

  #readWeight(word: Word, offset: number): number | undefined {
    const digits = word.text.slice(1);
    if (/^[0-9]{1,7}$/.test(digits) && Number(digits) <= MAX_WEIGHT) return Number(digits);
    const problem =
      digits === "" ? "value is empty" : `'${digits}' is not a whole number from 0 to ${MAX_WEIGHT}`;
    this.#fault(word.token, "bad-weight", `Cannot parse weight: ${problem}`, offset + 1);
    return undefined;
  }

  #readRef(word: Word): ExpressionSyntax | undefined {
    if (isPolicyKind(word.text)) {
      const message = `Policy kind '${word.text}' needs its children in parentheses: '${word.text} ( … )'`;
      this.#fault(word.token, "missing-parenthesis", message, word.offset);
      return undefined;
    }
    const fault = faultOfRef(word.text);
    if (fault !== undefined) {
      this.#fault(word.token, "bad-ref", fault, word.offset);
      return undefined;
    }
    return {
      kind: "ref",
      ref: { text: word.text, position: this.#state.position(word.token, word.offset) },
    };
  }

  /** `kind ( … )`; stands at the opening parenthesis. */
  #readNode(word: Word, depth: number): ExpressionSyntax | undefined {
    const open = this.at;
    const kind = this.#kindOf(word);
    if (kind === undefined || depth >= MAX_EXPRESSION_DEPTH) {
      if (kind !== undefined) {
        const message = `Policy expression is nested deeper than ${MAX_EXPRESSION_DEPTH}`;
        this.#fault(word.token, "nested-too-deep", message, word.offset);
      }
      this.at = endOfGroup(this.#tokens, open) + 1;
      return undefined;
    }
    this.at++;
    const node = kind === "geo" ? this.#readGeo(word, depth) : this.#readChildren(word, kind, depth);
    if (isClose(this.#tokens[this.at])) this.at++;
    else this.#fault(this.#tokens[open] ?? word.token, "unclosed-parenthesis", "Parenthesis is never closed");
    return node;
  }

  #missingKind(token: Token, offset = 0): void {
    const expected = POLICY_KINDS.join(", ");
    this.#fault(
      token,
      "missing-policy-kind",
      `Policy kind is missing before '(': one of ${expected}`,
      offset,
    );
  }

  /** A misspelt kind is reported, and taken for the one that it resembles. */
  #kindOf(word: Word): PolicyKind | undefined {
    if (isPolicyKind(word.text)) return word.text;
    if (word.text === "") {
      this.#missingKind(word.token, word.offset);
      return undefined;
    }
    const guess = didYouMean(word.text, POLICY_KINDS);
    const message = `Unknown policy kind '${word.text}'${guess}`;
    this.#fault(word.token, "unknown-policy-kind", message, word.offset);
    const meant = nearest(word.text, POLICY_KINDS);
    return meant !== undefined && isPolicyKind(meant) ? meant : undefined;
  }

  #readChildren(word: Word, kind: Exclude<PolicyKind, "geo">, depth: number): ExpressionSyntax | undefined {
    const takesWeights = kind === "weighted" || kind === "sticky" || kind === "all";
    const children: WeightedChildSyntax[] = [];
    let count = 0;
    for (;;) {
      const child = this.#readChild(`'${kind}'`, takesWeights, depth + 1);
      if (child === undefined) break;
      count++;
      if (child.expression === undefined) continue;
      children.push({ weight: child.weight ?? 1, expression: child.expression });
    }
    if (count === 0)
      this.#fault(word.token, "empty-expression", `'${kind} ( )' has no children`, word.offset);
    const position = this.#state.position(word.token, word.offset);
    if (kind === "weighted" || kind === "sticky" || kind === "all") return { kind, position, children };
    return { kind, position, children: children.map(({ expression }) => expression) };
  }

  #readGeo(word: Word, depth: number): ExpressionSyntax | undefined {
    const entries: GeoEntrySyntax[] = [];
    const seen = new Set<string>();
    let namesAny = false;
    for (;;) {
      const token = this.#tokens[this.at];
      if (token === undefined || isClose(token)) break;
      namesAny ||= token.text.startsWith("*");
      const entry = this.#readGeoEntry(token, seen, depth);
      if (entry !== undefined) entries.push(entry);
    }
    if (!namesAny) {
      const message = "'geo' needs an entry for everybody else: '*=…', or '*=nodata'";
      this.#fault(word.token, "missing-geo-default", message, word.offset);
    }
    return { kind: "geo", position: this.#state.position(word.token, word.offset), entries };
  }

  #readGeoEntry(token: Token, seen: Set<string>, depth: number): GeoEntrySyntax | undefined {
    const equals = token.quoted ? -1 : token.text.indexOf("=");
    if (equals <= 0) {
      this.#fault(token, "bad-geo-entry", `Unexpected '${token.text}' in 'geo': expected MATCH=expression`);
      if (!isOpen(token)) this.at++;
      if (isOpen(this.#tokens[this.at])) this.at = endOfGroup(this.#tokens, this.at) + 1;
      this.#passWeight();
      return undefined;
    }
    this.at++;
    const match = this.#readMatch(token, token.text.slice(0, equals), seen);
    const word: Word = { text: token.text.slice(equals + 1), token, offset: equals + 1 };
    const position = this.#state.position(token);
    if (word.text === "nodata" && !isOpen(this.#tokens[this.at])) {
      if (match !== undefined && match.kind !== "any") {
        this.#fault(token, "misplaced-nodata", "'nodata' is only for '*'", word.offset);
      }
      return match === undefined ? undefined : { position, match, expression: "nodata" };
    }
    const { expression } = this.#readTerm(word, "'geo'", false, depth + 1);
    return match === undefined || expression === undefined ? undefined : { position, match, expression };
  }

  #readMatch(token: Token, text: string, seen: Set<string>): GeoMatch | undefined {
    const match = parseGeoMatch(text);
    if (!match.ok) {
      this.#fault(token, "bad-geo-match", `Cannot parse geo match: ${match.message}`);
      return undefined;
    }
    const key = keyOfMatch(match.value);
    if (seen.has(key)) this.#fault(token, "duplicate-geo-match", `'${key}' stands twice in 'geo'`);
    seen.add(key);
    return match.value;
  }
}
