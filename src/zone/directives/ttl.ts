/** `$TTL time` (RFC 2308 §4): the TTL of the records from here on that have none of their own. */

import { parseTtl } from "../../dns/ttl.ts";
import { withoutParentheses } from "../lexer.ts";
import { type Directive, reportTooFew, reportTooMany } from "./directive.ts";

export const TTL: Directive = {
  name: "$TTL",
  usage: "$TTL time",
  read(state, entry, keyword) {
    const [, ttlToken, extra] = withoutParentheses(entry);
    state.ttlStatements++;
    // Whatever is wrong with it, the records behind it are not to blame.
    state.defaultTtlSeconds ??= 0;
    if (ttlToken === undefined) {
      reportTooFew(state, TTL, keyword);
      return;
    }
    reportTooMany(state, TTL, extra);
    const parsed = parseTtl(ttlToken.text);
    if (parsed.ok) state.defaultTtlSeconds = parsed.seconds;
    else state.fault(ttlToken, "bad-ttl", `Cannot parse $TTL: ${parsed.message}`);
  },
};
