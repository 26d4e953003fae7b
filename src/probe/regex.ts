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
 * The engine's deadline is one of the clock on the wall. Where the thread was kept from its core meanwhile, the deadline
 * says nothing of the expression, and the search is made again: a busy node must not withdraw who is well.
 *
 * An engine that is linear by construction (RE2, as re2js ports it to JavaScript) was tried in its place: on 64 KiB it
 * took up to half a second where its automaton grows too large, so it needs the deadline as well, and it knows fewer
 * expressions.
 */

import { type Context, createContext, Script } from "node:vm";
import { LRUCache } from "lru-cache";
import { codeOf } from "./reasons.ts";
import { threadTimeMs } from "./thread-time.ts";

export const REGEX_TIMEOUT_MS = 20;
export const HURRIED_TIMEOUT_MS = 2;
/** From so many overruns within a second on an expression is hurried. */
const OVERRUNS_MAX = 5;
/** An expression whose searches had less than this of its time on a core is not to blame. */
const CORE_SHARE = 0.75;
const SEARCHES_MAX = 20;
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
      sandbox.body = body;
      const result = decide(expression, context);
      sandbox.body = "";
      return result;
    },
  };
}

function decide(expression: Expression, context: Context): SearchResult {
  const timeout = expression.overruns < OVERRUNS_MAX ? REGEX_TIMEOUT_MS : HURRIED_TIMEOUT_MS;
  const beganMs = threadTimeMs();
  for (let searches = 1; ; searches++) {
    try {
      const found: unknown = expression.script.runInContext(context, { timeout });
      return { kind: found === true ? "found" : "absent" };
    } catch (error) {
      // The deadline, or the engine's own limit on the stack: no verdict of the expression either way.
      const isToBlame = codeOf(error) !== "ERR_SCRIPT_EXECUTION_TIMEOUT" || hadItsTime(beganMs, timeout);
      if (!isToBlame && searches < SEARCHES_MAX) continue;
      expression.overruns++;
      return { kind: "undecided", withinMs: timeout };
    }
  }
}

/** Whether all searches together were on a core for as long as one may take. */
function hadItsTime(beganMs: number | undefined, timeoutMs: number): boolean {
  const nowMs = threadTimeMs();
  // Nobody can say of a time that is short beside a tick of the scheduler's.
  if (beganMs === undefined || nowMs === undefined || timeoutMs < REGEX_TIMEOUT_MS) return true;
  return nowMs - beganMs >= timeoutMs * CORE_SHARE;
}

function scriptOf(source: string): Script {
  return new Script(`new RegExp(${JSON.stringify(source)}).test(body)`);
}
