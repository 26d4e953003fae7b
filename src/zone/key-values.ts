/**
 * The `key=value` tail of directives, endpoints and POLICY records: splits it, finds unknown and repeated keys, and
 * hands each value to the reader of its key.
 */

import { decodeEscapes } from "../dns/text.ts";
import { parseDurationMs } from "../health/duration.ts";
import { isClose, isOpen, latin1, type Token } from "./lexer.ts";
import type { Position } from "./model.ts";
import type { ParserState } from "./parser-state.ts";
import { didYouMean } from "./suggest.ts";

export interface Pair {
  readonly key: string;
  /** Escapes decoded; UTF-8 where it is that. */
  readonly value: string;
  readonly token: Token;
  /** From the token's beginning to the value's, in octets. */
  readonly valueOffset: number;
}

export type ValueParse<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

export function accepted<T>(value: T): ValueParse<T> {
  return { ok: true, value };
}

export function refused(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}

/**
 * Takes out the parentheses that only join lines, and puts `monitor=any ( a, b )`, which the lexer has taken apart,
 * together again. A parenthesis in any other value has to be quoted.
 */
export function foldValues(state: ParserState, tokens: readonly Token[]): Token[] {
  const folded: Token[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined) break;
    if (isOpen(token)) {
      const before = folded.at(-1);
      if (token.glued && before !== undefined && !before.quoted && before.text.includes("=")) {
        state.fault(token, "unquoted-parenthesis", "A value that holds a parenthesis is written in quotes");
        const end = endOfGroup(tokens, at);
        // Read as if it had been quoted, without the parentheses: one fault is enough.
        const group = tokens.slice(at + 1, end).map(({ text }) => text);
        folded[folded.length - 1] = { ...before, text: before.text + group.join(" ") };
        at = end;
      }
      continue;
    }
    if (isClose(token)) continue;
    const next = tokens[at + 1];
    const startsGroup = /^monitor=(?:any|[0-9]+of)$/.test(token.text) || (next?.glued ?? false);
    if (!token.quoted && token.text.startsWith("monitor=") && isOpen(next) && startsGroup) {
      const end = endOfGroup(tokens, at + 1);
      const names = tokens.slice(at + 2, end).map(({ text }) => text);
      folded.push({ ...token, text: `${token.text}(${names.join(" ")})` });
      at = end;
    } else folded.push(token);
  }
  return folded;
}

/** The index of the parenthesis that closes the one at `open`, or the last token's where none does. */
export function endOfGroup(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    if (isOpen(tokens[at])) depth++;
    if (isClose(tokens[at])) depth--;
    if (depth === 0) return at;
  }
  return tokens.length - 1;
}

/** The pair in a token, or `undefined` where it has no `=`. */
export function pairOf(token: Token): Pair | undefined {
  const equals = token.quoted ? -1 : token.text.indexOf("=");
  if (equals === -1) return undefined;
  const value = decodeText(token.text.slice(equals + 1));
  return { key: token.text.slice(0, equals), value, token, valueOffset: equals + 1 };
}

/** Text as a person means it. What is not UTF-8 is taken for latin1, and a bad escape as it stands. */
export function decodeText(text: string): string {
  if (/^[\x20-\x5b\x5d-\x7e]*$/.test(text)) return text;
  const decoded = decodeEscapes(text);
  if (!decoded.ok) return text;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(decoded.octets);
  } catch {
    return latin1(decoded.octets);
  }
}

/** What was read one character an octet, as a person wrote it: for messages. */
export function readable(text: string): string {
  return text.replace(/[\x80-\xff]+/g, decodeText);
}

/** Pairs by key. What is no pair, an unknown key and a repeated one are reported and left out. */
export class KeyValues {
  readonly #state: ParserState;
  readonly #pairs = new Map<string, Pair>();

  /** `what` names the thing in messages: `$POOL`. `flags` are keys that stand without a value. */
  constructor(
    state: ParserState,
    what: string,
    tokens: readonly Token[],
    keys: readonly string[],
    flags: readonly string[] = [],
  ) {
    this.#state = state;
    for (const token of tokens) {
      const pair = flags.includes(token.text) && !token.quoted ? flagOf(token) : pairOf(token);
      if (pair === undefined) {
        const guess = didYouMean(token.text, [...keys.map((key) => `${key}=`), ...flags]);
        state.fault(
          token,
          "expected-key",
          `Unexpected '${token.text}' in ${what}: expected key=value${guess}`,
        );
      } else if (flags.includes(pair.key) && pair.valueOffset > 0) {
        state.fault(token, "bad-value", `Key '${pair.key}' of ${what} takes no value`);
      } else if (!keys.includes(pair.key) && !flags.includes(pair.key)) {
        const guess = didYouMean(pair.key, [...keys, ...flags]);
        state.fault(token, "unknown-key", `Unknown key '${pair.key}' of ${what}${guess}`);
      } else if (this.#pairs.has(pair.key)) {
        state.fault(token, "duplicate-key", `Key '${pair.key}' of ${what} is given twice`);
      } else this.#pairs.set(pair.key, pair);
    }
  }

  get(key: string): Pair | undefined {
    return this.#pairs.get(key);
  }

  has(key: string): boolean {
    return this.#pairs.has(key);
  }

  /** The value of a key as its reader has it; `undefined` where the key is missing or, which is reported, unreadable. */
  read<T>(key: string, parse: (text: string) => ValueParse<T>): T | undefined {
    const pair = this.#pairs.get(key);
    if (pair === undefined) return undefined;
    const parsed = pair.value === "" ? refused("value is empty") : parse(pair.value);
    if (parsed.ok) return parsed.value;
    const message = `Cannot parse ${key}: ${parsed.message}`;
    this.#state.fault(pair.token, "bad-value", message, pair.valueOffset);
    return undefined;
  }

  /** Where each key stands. */
  positions(): ReadonlyMap<string, Position> {
    return new Map([...this.#pairs].map(([key, { token }]) => [key, this.#state.position(token)]));
  }
}

function flagOf(token: Token): Pair {
  return { key: token.text, value: "", token, valueOffset: 0 };
}

export function readDurationMs(text: string): ValueParse<number> {
  const parsed = parseDurationMs(text);
  return parsed.ok ? accepted(parsed.ms) : refused(parsed.message.replace(/^Cannot parse duration: /, ""));
}

/** A reader of one of a few words. */
export function readWord<T extends string>(words: readonly T[]): (text: string) => ValueParse<T> {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return accepted(word);
    return refused(`'${text}' is not one of ${words.join(", ")}${didYouMean(text, words)}`);
  };
}

/** A reader of whole numbers. */
export function readWholeNumber(first: number, last: number): (text: string) => ValueParse<number> {
  return (text) => {
    const isInRange = /^[0-9]{1,15}$/.test(text) && Number(text) >= first && Number(text) <= last;
    if (isInRange) return accepted(Number(text));
    return refused(`'${text}' is not a whole number from ${first} to ${last}`);
  };
}

/** How much a pool can carry and how much comes, in whatever unit the operator counts. */
export function readQuantity(text: string): ValueParse<number> {
  const isQuantity = /^[0-9]{1,15}(?:\.[0-9]{1,6})?$/.test(text) && Number(text) > 0;
  return isQuantity ? accepted(Number(text)) : refused(`'${text}' is not a number above 0`);
}
