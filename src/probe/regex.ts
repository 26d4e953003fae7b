/**
 * Regular expressions of zone files over bodies that anybody may send. They are ECMAScript's, run by the engine that is
 * there: an ordinary one takes a tenth of a millisecond for 64 KiB. But one like `(a+)+$b` takes for ever on 40 octets,
 * so the cap on bodies bounds nothing. Three things do:
 *
 *   1. each search runs in a context of its own under a deadline that the engine itself keeps: `REGEX_TIMEOUT_MS`;
 *   2. an expression that has overrun it often within a second is given `HURRIED_TIMEOUT_MS` only, for the rest of that
 *      second: enough for an ordinary body, and too little to keep the probes of other monitors waiting;
 *   3. the loop that it holds up for so long is that of a thread which does nothing but probe (`probe/probe-threads`).
 *
 * An engine that is linear by construction (RE2, as re2js ports it to JavaScript) was tried in its place: on 64 KiB it
 * took up to half a second where its automaton grows too large, so it needs the deadline as well, and it knows fewer
 * expressions.
 */

import { createContext, Script } from "node:vm";
import { LRUCache } from "lru-cache";

export const REGEX_TIMEOUT_MS = 20;
export const HURRIED_TIMEOUT_MS = 2;
/** From so many overruns within a second on an expression is hurried. */
const OVERRUNS_MAX = 5;
const EXPRESSIONS_MAX = 512;
const SECOND_MS = 1_000;

export type SearchResult =
  | { readonly kind: "found" | "absent" }
  /** `withinMs`: the time that did not suffice. */
  | { readonly kind: "undecided"; readonly withinMs: number };

export interface RegexSearch {
  /** `body` as text of octets, one a character; `nowMs` of any clock that does not go back. */
  readonly search: (source: string, body: string, nowMs: number) => SearchResult;
}

interface Expression {
  readonly script: Script;
  /** Of the latest overruns, within the second that began at `sinceMs`. */
  sinceMs: number;
  overruns: number;
}

export function createRegexSearch(): RegexSearch {
  const expressions = new LRUCache<string, Expression>({ max: EXPRESSIONS_MAX });
  const sandbox: { body: string } = { body: "" };
  const context = createContext(sandbox, { codeGeneration: { strings: false, wasm: false } });
  return {
    search(source, body, nowMs) {
      const known = expressions.get(source);
      const expression = known ?? { script: scriptOf(source), sinceMs: nowMs, overruns: 0 };
      if (known === undefined) expressions.set(source, expression);
      if (nowMs - expression.sinceMs >= SECOND_MS) {
        expression.sinceMs = nowMs;
        expression.overruns = 0;
      }
      const timeout = expression.overruns < OVERRUNS_MAX ? REGEX_TIMEOUT_MS : HURRIED_TIMEOUT_MS;
      sandbox.body = body;
      try {
        const found: unknown = expression.script.runInContext(context, { timeout });
        return { kind: found === true ? "found" : "absent" };
      } catch {
        // The deadline, or the engine's own limit on the stack: no verdict of the expression either way.
        expression.overruns++;
        return { kind: "undecided", withinMs: timeout };
      } finally {
        sandbox.body = "";
      }
    },
  };
}

function scriptOf(source: string): Script {
  return new Script(`new RegExp(${JSON.stringify(source)}).test(body)`);
}
