/** `$POLICY name expression`: a name for an expression, to be used wherever a pool may stand. */

import { parseExpression } from "../expression.ts";
import { isClose, isOpen } from "../lexer.ts";
import { faultOfName } from "../names.ts";
import { withoutOuterParentheses } from "../policy-record.ts";
import { type Directive, reportTooFew, reportTooMany } from "./directive.ts";

export const POLICY: Directive = {
  name: "$POLICY",
  usage: "$POLICY name expression",
  read(state, entry, keyword) {
    const words = entry.tokens.slice(1);
    const nameAt = words.findIndex((token) => !isOpen(token) && !isClose(token));
    const nameToken = words[nameAt];
    if (nameToken === undefined) {
      reportTooFew(state, POLICY, keyword);
      return;
    }
    const faultsBefore = state.faultCount;
    const nameFault = faultOfName(nameToken.text, "policy");
    if (nameFault !== undefined) state.fault(nameToken, "bad-name", nameFault);
    const tail = withoutOuterParentheses(words.slice(nameAt + 1));
    const { expression, end } = parseExpression(state, tail, 0, nameToken);
    reportTooMany(state, POLICY, tail[end]);
    if (expression === undefined || state.faultCount > faultsBefore) state.damagedNames.add(nameToken.text);
    else state.namedPolicies.push({ position: state.position(nameToken), name: nameToken.text, expression });
  },
};
