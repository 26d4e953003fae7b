/**
 * Header fields of every response of the admin plane. Nothing of it is to be cached, framed, sniffed or run: the page
 * has no script and loads nothing, and its one style sheet is admitted by its hash.
 */

import { createHash } from "node:crypto";
import { PAGE_STYLE } from "../page/style.ts";

const styleHash = createHash("sha256").update(PAGE_STYLE).digest("base64");

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};
