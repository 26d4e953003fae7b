/** What every directive is made of: a name, and a function that reads its entry into the state of the parser. */

import type { Entry, Token } from "../lexer.ts";
import type { ParserState } from "../parser-state.ts";

export interface Directive {
  /** With the `$`, upper case. */
  readonly name: string;
  /** How it is written, for messages. */
  readonly usage: string;
  /** Reads the entry; `keyword` is its first token. Faults are reported to the state. */
  readonly read: (state: ParserState, entry: Entry, keyword: Token) => void;
}

/** Reports that so few words are too few. */
export function reportTooFew(state: ParserState, directive: Directive, place: Token): void {
  state.fault(place, "missing-argument", `${directive.name} is cut short: expected '${directive.usage}'`);
}

/** Reports the first of the words that a directive has no use for. */
export function reportTooMany(state: ParserState, directive: Directive, extra: Token | undefined): void {
  if (extra === undefined) return;
  const message = `Unexpected '${extra.text}' in ${directive.name}: expected '${directive.usage}'`;
  state.fault(extra, "unexpected-argument", message);
}
