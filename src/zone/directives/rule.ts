/** `$RULE at-least N of ( a b c )`: how many of these have to stay, whatever people, windows and drills ask for. */

import { endOfGroup } from "../key-values.ts";
import { isOpen, type Token } from "../lexer.ts";
import { faultOfRef } from "../names.ts";
import type { ParserState } from "../parser-state.ts";
import { didYouMean } from "../suggest.ts";
import type { RefSyntax } from "../syntax.ts";
import { type Directive, reportTooFew, reportTooMany } from "./directive.ts";

export const RULE: Directive = {
  name: "$RULE",
  usage: "$RULE at-least N of ( a b c )",
  read(state, entry, keyword) {
    const faultsBefore = state.faultCount;
    const [, atLeastToken, countToken, ofToken, openToken] = entry.tokens;
    if (
      atLeastToken === undefined ||
      countToken === undefined ||
      ofToken === undefined ||
      openToken === undefined
    ) {
      reportTooFew(state, RULE, entry.tokens.at(-1) ?? keyword);
      return;
    }
    expectWord(state, atLeastToken, "at-least");
    expectWord(state, ofToken, "of");
    if (!isOpen(openToken)) {
      reportTooMany(state, RULE, openToken);
      return;
    }
    const end = endOfGroup(entry.tokens, 4);
    const refs = readRefs(state, entry.tokens.slice(5, end));
    reportTooMany(state, RULE, entry.tokens[end + 1]);
    const count = /^[1-9][0-9]{0,5}$/.test(countToken.text) ? Number(countToken.text) : undefined;
    if (count === undefined) {
      state.fault(countToken, "bad-value", `'${countToken.text}' is not a whole number above 0`);
    } else if (state.faultCount === faultsBefore && count > refs.length) {
      state.fault(countToken, "bad-value", `At least ${count} of ${refs.length} cannot be`);
    }
    if (count === undefined || state.faultCount > faultsBefore) return;
    const position = state.position(keyword);
    state.rules.push({ rule: { position, atLeast: count, refs: refs.map(({ text }) => text) }, refs });
  },
};

function expectWord(state: ParserState, token: Token, word: string): void {
  if (token.text === word) return;
  const message = `Unexpected '${token.text}' in $RULE: expected '${word}'${didYouMean(token.text, [word])}`;
  state.fault(token, "unexpected-argument", message);
}

function readRefs(state: ParserState, tokens: readonly Token[]): RefSyntax[] {
  const refs: RefSyntax[] = [];
  for (const token of tokens) {
    const fault = faultOfRef(token.text);
    if (fault !== undefined) state.fault(token, "bad-ref", fault);
    else if (refs.some(({ text }) => text === token.text)) {
      state.fault(token, "duplicate-ref", `'${token.text}' stands twice in $RULE`);
    } else refs.push({ text: token.text, position: state.position(token) });
  }
  return refs;
}
