/** `$ORIGIN name` (RFC 1035 §5.1): what relative names are completed with from here on. */

import { parseName } from "../../dns/name.ts";
import { withoutParentheses } from "../lexer.ts";
import { type Directive, reportTooFew, reportTooMany } from "./directive.ts";

export const ORIGIN: Directive = {
  name: "$ORIGIN",
  usage: "$ORIGIN name",
  read(state, entry, keyword) {
    const [, nameToken, extra] = withoutParentheses(entry);
    if (nameToken === undefined) {
      reportTooFew(state, ORIGIN, keyword);
      return;
    }
    reportTooMany(state, ORIGIN, extra);
    const parsed = parseName(nameToken.text, state.current.origin);
    if (!parsed.ok) {
      state.fault(nameToken, "bad-name", `Cannot parse $ORIGIN: ${parsed.message}`);
      return;
    }
    state.current.origin = parsed.name;
    // The text of the last owner may mean another name now.
    state.current.lastOwnerText = undefined;
  },
};
