/**
 * `$INCLUDE path [origin]` (RFC 1035 §5.1): another file of the zone folder in this place. Origin and last owner are
 * afterwards what they were before; a `$TTL` in the included file stays.
 */

import { parseName } from "../../dns/name.ts";
import { MAX_INCLUDE_DEPTH, MAX_INCLUDED_FILES, resolveInclude } from "../include.ts";
import { decodeText } from "../key-values.ts";
import { type Token, withoutParentheses } from "../lexer.ts";
import { type ParserState, startOfFile } from "../parser-state.ts";
import { readShared } from "../shared-definitions.ts";
import { type Directive, reportTooFew, reportTooMany } from "./directive.ts";

/** Reads a whole file into the state; the parser hands itself in. */
export type ReadOctets = (state: ParserState, octets: Uint8Array) => void;

export function makeInclude(readOctets: ReadOctets): Directive {
  const include: Directive = {
    name: "$INCLUDE",
    usage: "$INCLUDE path [origin]",
    read(state, entry, keyword) {
      const [, pathToken, originToken, extra] = withoutParentheses(entry);
      if (pathToken === undefined) {
        reportTooFew(state, include, keyword);
        return;
      }
      reportTooMany(state, include, extra);
      const parsed =
        originToken === undefined ? undefined : parseName(originToken.text, state.current.origin);
      if (originToken !== undefined && parsed !== undefined && !parsed.ok) {
        state.fault(originToken, "bad-name", `Cannot parse origin of $INCLUDE: ${parsed.message}`);
      }
      const found = findFile(state, pathToken);
      if (found === undefined) return;
      const before = state.current;
      const origin = parsed?.ok === true ? parsed.name : before.origin;
      readShared(state, found.octets, () => {
        state.continueIn(startOfFile(found.path, origin));
        state.includeStack.push(found.path);
        readOctets(state, found.octets);
        state.includeStack.pop();
        state.continueIn(before);
      });
    },
  };
  return include;
}

function findFile(state: ParserState, token: Token): { path: string; octets: Uint8Array } | undefined {
  const fail = (code: string, message: string): undefined => {
    state.fault(token, code, `Cannot include ${message}`);
    return undefined;
  };
  const resolved = resolveInclude(state.zoneFolder, decodeText(token.text));
  if (!resolved.ok) return fail("bad-include-path", `file: ${resolved.message}`);
  const { path } = resolved;
  if (state.includeStack.includes(path)) {
    const loop = [...state.includeStack.slice(state.includeStack.indexOf(path)), path];
    return fail("include-loop", `'${path}': it includes itself (${loop.join(" → ")})`);
  }
  if (state.includeStack.length > MAX_INCLUDE_DEPTH) {
    return fail("include-too-deep", `'${path}': files include each other deeper than ${MAX_INCLUDE_DEPTH}`);
  }
  if (state.includedFiles >= MAX_INCLUDED_FILES) {
    return fail("too-many-includes", `'${path}': more than ${MAX_INCLUDED_FILES} files are included`);
  }
  state.includedFiles++;
  const known = state.sources.find((source) => source.path === path);
  const octets = known?.octets ?? state.readFile(path);
  if (octets === undefined) return fail("include-not-found", `'${path}': there is no such file`);
  if (known === undefined) state.sources.push({ path, octets });
  return { path, octets };
}
