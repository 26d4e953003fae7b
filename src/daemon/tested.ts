/** Expectations with what came of them, as commands and the API write it. */

import type { ExpectationView } from "../admin/explanation.ts";
import type { TestedExpectation } from "../zone/expect.ts";

export function viewTested({ expectation, result }: TestedExpectation): ExpectationView {
  const { file, line, column } = expectation.position;
  const at = { file, line, column, text: expectation.text };
  if (result.kind === "met") return { ...at, result: "ok", message: null, byGeoDatabase: false };
  const { message, byGeoDatabase } = result;
  return { ...at, result: "failed", message, byGeoDatabase };
}
