/**
 * Whether a body holds what the monitor asks for. Bodies and what is looked for are octets, one a character, so UTF-8
 * matches itself and no decoder can fail.
 */

import type { Monitor } from "../health/monitor.ts";
import { createRegexSearch } from "./regex.ts";

const TEXT_SHOWN_MAX = 60;

const regexes = createRegexSearch();

/** Why the body is not the expected one, or `undefined` where it is. `capped` says that there was more of it. */
export function reasonOfBody(monitor: Monitor, body: Buffer, capped: boolean): string | undefined {
  const where = capped ? "the first 64 KiB of the body" : "the body";
  if (monitor.body !== undefined && !body.includes(Buffer.from(monitor.body, "latin1"))) {
    return `'${shorten(monitor.body)}' is not in ${where}`;
  }
  if (monitor.bodyRegex === undefined) {
    return undefined;
  }
  const shown = `/${shorten(monitor.bodyRegex)}/`;
  const result = regexes.search(monitor.bodyRegex, body.toString("latin1"), performance.now());
  switch (result.kind) {
    case "found":
      return undefined;
    case "absent":
      return `${where} does not match ${shown}`;
    case "undecided":
      return `body-regex ${shown} could not be decided within ${result.withinMs} ms`;
  }
}

/** As much of a text as a reason has room for, in one line: what cannot be shown as zone files write it, `\013\010`. */
export function shorten(text: string): string {
  const shown = text.length > TEXT_SHOWN_MAX ? `${text.slice(0, TEXT_SHOWN_MAX)}…` : text;
  return shown.replaceAll(/\p{Cc}/gu, (control) => `\\${control.charCodeAt(0).toString().padStart(3, "0")}`);
}
