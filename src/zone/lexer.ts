/**
 * The lexing of master files (RFC 1035 §5.1): octets → entries of tokens.
 *
 * An entry is one logical line: parentheses join physical lines, `;` starts a comment, blanks separate tokens. Quotes
 * are taken off and escapes (`\DDD`, `\X`) left in place, for dns/ decodes them where it knows what they stand for.
 * A parenthesis is a token of its own wherever it stands outside quotes, with or without blanks around it: expressions
 * need it, and everything else lets it pass.
 *
 * Text is latin1, one character an octet. The lexer walks over the octets once; only tokens become strings, each a
 * string of its own: a slice would keep the text of the whole file alive for as long as a name in it is remembered. It
 * never throws and always comes to an end. What it cannot read it reports, and it marks the entry as broken.
 */

import type { TextToken } from "../dns/text.ts";

/** One token. The parentheses are the unquoted tokens `(` and `)`; no other unquoted token can have these texts. */
export interface Token extends TextToken {
  /** From 1. */
  readonly line: number;
  /** From 1, in octets. */
  readonly column: number;
  /** No blank, line end or comment stands between this token and the one before it: `a(`, `)=70`. */
  readonly glued: boolean;
}

export interface Entry {
  /** At least one, save for an entry that is broken. */
  readonly tokens: readonly Token[];
  /** The entry begins with a blank: it has no owner of its own, or it is an endpoint of the pool above it. */
  readonly indented: boolean;
  readonly hasParentheses: boolean;
  /** A fault inside of it has been reported: whatever else is wrong with it may only follow from that. */
  readonly broken: boolean;
}

export type LexFault = (line: number, column: number, code: string, message: string) => void;

/**
 * How many times the file's length the lexer may go back in all after parentheses that are never closed. Each may cost
 * a pass over the rest of the file, so a file of opening parentheses must not have as many as it likes.
 */
const MAX_REREADS = 8;

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const DOLLAR = 0x24;
const OPEN = 0x28;
const CLOSE = 0x29;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** One character an octet. (TextDecoder's «latin1» is windows-1252 and would not do.) */
export function latin1(octets: Uint8Array, start = 0, end = octets.length): string {
  let text = "";
  let at = start;
  // Four at a time: most tokens are short, and a call costs as much as several octets.
  for (; at + 4 <= end; at += 4) {
    text += String.fromCharCode(
      octets[at] ?? 0,
      octets[at + 1] ?? 0,
      octets[at + 2] ?? 0,
      octets[at + 3] ?? 0,
    );
  }
  for (; at < end; at++) text += String.fromCharCode(octets[at] ?? 0);
  return text;
}

/** The octets of text of which `latin1` could be the origin. */
export function octetsOfLatin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function isOpen(token: Token | undefined): boolean {
  return token !== undefined && token.text === "(" && !token.quoted;
}

export function isClose(token: Token | undefined): boolean {
  return token !== undefined && token.text === ")" && !token.quoted;
}

/** The tokens of an entry in which parentheses only join lines. */
export function withoutParentheses(entry: Entry): readonly Token[] {
  if (!entry.hasParentheses) return entry.tokens;
  return entry.tokens.filter((token) => !isOpen(token) && !isClose(token));
}

export class Lexer {
  readonly #octets: Uint8Array;
  readonly #onFault: LexFault;
  #at = 0;
  #line = 1;
  /** Where the line begins that is being read. */
  #lineStart = 0;
  /** How many octets the lexer may still go back. */
  #rereadBudget: number;
  /** The faults reported: where the lexer goes back it meets them again. */
  readonly #reported = new Set<string>();

  // The entry that is being read.
  #tokens: Token[] = [];
  #depth = 0;
  #hasParentheses = false;
  #broken = false;
  /** Where the last token ended, to see whether the next one is glued to it. */
  #lastEnd = -1;

  constructor(octets: Uint8Array, onFault: LexFault) {
    this.#octets = octets;
    this.#onFault = onFault;
    this.#rereadBudget = octets.length * MAX_REREADS;
    if (BYTE_ORDER_MARK.every((octet, index) => octets[index] === octet)) {
      onFault(1, 1, "byte-order-mark", "File begins with a UTF-8 byte order mark; save it without one");
      this.#at = BYTE_ORDER_MARK.length;
      this.#lineStart = this.#at;
    }
  }

  /** Where the next entry is looked for: between entries, the beginning of a line. */
  get at(): number {
    return this.#at;
  }

  /** The line of `at`, from 1. */
  get line(): number {
    return this.#line;
  }

  /** Goes on at the beginning of a line further down, where someone else has read the lines before it. */
  skipTo(at: number, line: number): void {
    this.#at = at;
    this.#line = line;
    this.#lineStart = at;
  }

  /** The next entry, or `undefined` at the end of the file. */
  next(): Entry | undefined {
    while (this.#at < this.#octets.length) {
      this.#tokens = [];
      this.#hasParentheses = false;
      this.#broken = false;
      this.#lastEnd = -1;
      const first = this.#octets[this.#at];
      const indented = first === SPACE || first === TAB;
      this.#readEntry();
      if (this.#tokens.length > 0 || this.#broken) {
        const { hasParentheses, broken } = { hasParentheses: this.#hasParentheses, broken: this.#broken };
        return { tokens: this.#tokens, indented, hasParentheses, broken };
      }
    }
    return undefined;
  }

  #readEntry(): void {
    this.#depth = 0;
    /** Just behind the line on which the outermost parenthesis was opened: where to go on if it is never closed. */
    let resume: { at: number; line: number; tokens: number } | undefined;
    let outermost: Token | undefined;
    while (this.#at < this.#octets.length) {
      switch (this.#octets[this.#at] ?? NEWLINE) {
        case SPACE:
        case TAB:
        case RETURN:
          this.#at++;
          break;
        case NEWLINE:
          this.#at++;
          this.#line++;
          this.#lineStart = this.#at;
          if (this.#depth === 0) return;
          resume ??= { at: this.#at, line: this.#line, tokens: this.#tokens.length };
          if (outermost !== undefined && this.#standsAtDirective()) {
            this.#unclosedParenthesis(outermost, resume);
            return;
          }
          break;
        case SEMICOLON:
          this.#skipComment();
          break;
        case QUOTE:
          this.#readQuoted();
          break;
        case OPEN:
          this.#push("(", false, this.#at, this.#at + 1);
          this.#hasParentheses = true;
          if (this.#depth === 0) {
            resume = undefined;
            outermost = this.#tokens.at(-1);
          }
          this.#depth++;
          break;
        case CLOSE:
          this.#readClose();
          break;
        default:
          this.#readWord();
      }
    }
    if (this.#depth > 0 && outermost !== undefined) this.#unclosedParenthesis(outermost, resume);
  }

  /**
   * A line that begins like a directive cannot continue another: no data begins with `$` and a word. So a forgotten
   * parenthesis is noticed there, and not where some later one happens to close it.
   */
  #standsAtDirective(): boolean {
    const octets = this.#octets;
    if (octets[this.#at] !== DOLLAR) return false;
    return isLetter(octets[this.#at + 1]) && isLetter(octets[this.#at + 2]);
  }

  /** An unclosed parenthesis would swallow the rest of the file; only its own line is given up. */
  #unclosedParenthesis(
    outermost: Token,
    resume: { at: number; line: number; tokens: number } | undefined,
  ): void {
    this.#fault(outermost.line, outermost.column, "unclosed-parenthesis", "Parenthesis is never closed");
    if (resume === undefined) return;
    this.#rereadBudget -= this.#at - resume.at;
    if (this.#rereadBudget < 0) {
      const message = "Too many parentheses are never closed; the rest of the file is not read";
      this.#fault(resume.line, 1, "unclosed-parenthesis", message);
      this.#at = this.#octets.length;
      return;
    }
    this.#tokens.length = resume.tokens;
    this.#at = resume.at;
    this.#line = resume.line;
    this.#lineStart = resume.at;
  }

  #readClose(): void {
    if (this.#depth === 0) {
      const column = this.#at - this.#lineStart + 1;
      this.#fault(this.#line, column, "unopened-parenthesis", "')' closes no parenthesis");
      this.#at++;
      return;
    }
    this.#depth--;
    this.#push(")", false, this.#at, this.#at + 1);
  }

  #skipComment(): void {
    const end = this.#octets.indexOf(NEWLINE, this.#at);
    this.#at = end === -1 ? this.#octets.length : end;
  }

  #push(text: string, quoted: boolean, start: number, end: number): void {
    this.#tokens.push({
      text,
      quoted,
      line: this.#line,
      column: start - this.#lineStart + 1,
      glued: start === this.#lastEnd,
    });
    this.#at = end;
    this.#lastEnd = end;
  }

  #fault(line: number, column: number, code: string, message: string): void {
    this.#broken = true;
    const key = `${line}:${column}:${code}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    this.#onFault(line, column, code, message);
  }

  /** From an opening quote to behind the closing one; the text between. A quoted string ends on its own line. */
  #readQuoted(): void {
    const start = this.#at;
    const end = this.#closingQuote(start);
    const closed = this.#octets[end] === QUOTE;
    this.#push(latin1(this.#octets, start + 1, end), true, start, closed ? end + 1 : end);
  }

  /** Where the quote at `start` is closed, or where its line ends: that is reported. */
  #closingQuote(start: number): number {
    const octets = this.#octets;
    let at = start + 1;
    for (; at < octets.length; at++) {
      const code = octets[at];
      if (code === QUOTE) return at;
      if (code === NEWLINE) break;
      if (code === BACKSLASH && at + 1 < octets.length && octets[at + 1] !== NEWLINE) at++;
    }
    const column = start - this.#lineStart + 1;
    this.#fault(this.#line, column, "unclosed-quote", "Quoted string is not closed on its line");
    return at;
  }

  /** A word ends at a blank, a parenthesis, a comment or a quote, save that `key="…"` is one word. */
  #readWord(): void {
    const octets = this.#octets;
    const start = this.#at;
    let at = start;
    for (; at < octets.length; at++) {
      const code = octets[at] ?? 0;
      if (code > SEMICOLON && code !== BACKSLASH) continue;
      if (code === BACKSLASH) {
        const next = octets[at + 1];
        if (at + 1 >= octets.length || next === NEWLINE || next === RETURN) {
          const column = at - this.#lineStart + 1;
          this.#fault(this.#line, column, "lone-backslash", "Line ends in a lone backslash");
        } else at++;
      } else if (code === QUOTE) {
        if (octets[at - 1] !== EQUALS) break;
        const end = this.#closingQuote(at);
        const closed = octets[end] === QUOTE;
        const word = latin1(octets, start, at) + latin1(octets, at + 1, end);
        this.#push(word, false, start, closed ? end + 1 : end);
        return;
      } else if (isDelimiter(code)) break;
    }
    this.#push(latin1(octets, start, at), false, start, at);
  }
}

function isLetter(octet: number | undefined): boolean {
  const upper = (octet ?? 0) & 0xdf;
  return upper >= 0x41 && upper <= 0x5a;
}

function isDelimiter(code: number): boolean {
  switch (code) {
    case SPACE:
    case TAB:
    case NEWLINE:
    case RETURN:
    case OPEN:
    case CLOSE:
    case SEMICOLON:
      return true;
    default:
      return false;
  }
}
