/** `$GENERATE start-stop[/step] owner [TTL] [class] type data`: a record for each number, by BIND's templates. */

import { expand, parseRange, parseTemplate, type Template } from "../generate.ts";
import { isOpen, Lexer, octetsOfLatin1, type Token } from "../lexer.ts";
import { NO_OWNER, type ParserState } from "../parser-state.ts";
import { readRecord } from "../record.ts";
import { type Directive, reportTooFew } from "./directive.ts";

export const GENERATE: Directive = {
  name: "$GENERATE",
  usage: "$GENERATE start-stop[/step] owner [TTL] [class] type data",
  read(state, entry, keyword) {
    const [, rangeToken, ...rest] = entry.tokens;
    if (rangeToken === undefined || rest.length < 3) {
      reportTooFew(state, GENERATE, entry.tokens.at(-1) ?? keyword);
      return;
    }
    const faultsBefore = state.faultCount;
    const range = parseRange(rangeToken.text);
    if (!range.ok) state.fault(rangeToken, "bad-range", `Cannot parse range: ${range.message}`);
    const templates = readTemplates(state, withQuotedDataTakenApart(state, rest));
    if (!range.ok || state.faultCount > faultsBefore) return;
    const { start, stop, step } = range.value;
    const hasParentheses = templates.some(({ token }) => isOpen(token));
    for (let number = start; number <= stop; number += step) {
      const tokens = expandAll(state, templates, number);
      if (tokens === undefined) break;
      readRecord(state, { tokens, indented: false, hasParentheses, broken: false });
      // What is wrong with one of them is wrong with all.
      if (state.faultCount > faultsBefore) break;
    }
    // The records behind it have to name their owner, as if there had been none.
    state.current.lastOwner = NO_OWNER;
  },
};

function readTemplates(state: ParserState, tokens: readonly Token[]): Template[] {
  const templates: Template[] = [];
  for (const token of tokens) {
    const template = parseTemplate(token);
    if (template.ok) templates.push(template.value);
    else state.fault(token, "bad-template", `Cannot parse template: ${template.message}`);
  }
  return templates;
}

function expandAll(state: ParserState, templates: readonly Template[], number: number): Token[] | undefined {
  const tokens: Token[] = [];
  for (const template of templates) {
    const token = expand(template, number);
    if (token === undefined) {
      state.fault(template.token, "bad-template", `Number ${number} and the offset make a negative number`);
      return undefined;
    }
    tokens.push(token);
  }
  return tokens;
}

/** BIND takes the data as one word, and a record with more of them is quoted: `MX "10 mail$"`. */
function withQuotedDataTakenApart(state: ParserState, tokens: readonly Token[]): readonly Token[] {
  const data = tokens.at(-1);
  const before = tokens.slice(0, -1);
  const isOnlyData = before.slice(1).every((token) => !token.quoted && isPreludeWord(token));
  if (data === undefined || !data.quoted || !isOnlyData) return tokens;
  const onFault = (_line: number, _column: number, code: string, message: string): void => {
    state.fault(data, code, message);
  };
  const words = new Lexer(octetsOfLatin1(data.text), onFault).next();
  if (words === undefined) return tokens;
  const { line, column } = data;
  return [
    ...before,
    ...words.tokens.map(({ text, quoted, glued }): Token => ({ text, quoted, line, column, glued })),
  ];
}

/** TTL, class or type: what may stand between owner and data. */
function isPreludeWord(token: Token): boolean {
  return /^[A-Za-z0-9/]+$/.test(token.text);
}
