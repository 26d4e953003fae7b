/**
 * Whether a body holds what the monitor asks for. Bodies and what is looked for are octets, one a character, so UTF-8
 * matches itself and no decoder can fail.
 *
 * A regular expression can take exponential time on 40 octets, and the size cap on bodies does not bound that. So it
 * runs in a context of its own under a deadline, 0.1 ms in the usual case, and one that needs longer fails the probe
 * instead of stopping the process.
 */

import { createContext, Script } from "node:vm";
import { LRUCache } from "lru-cache";
import type { Monitor } from "../health/monitor.ts";

const SCRIPTS_MAX = 512;
const REGEX_TIMEOUT_MS = 20;
const TEXT_SHOWN_MAX = 60;

const scripts = new LRUCache<string, Script>({ max: SCRIPTS_MAX });
const sandbox: { body: string } = { body: "" };
const context = createContext(sandbox, { codeGeneration: { strings: false, wasm: false } });

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
  const match = search(monitor.bodyRegex, body.toString("latin1"));
  if (match === "found") {
    return undefined;
  }
  return match === "absent"
    ? `${where} does not match ${shown}`
    : `body-regex ${shown} could not be decided within ${REGEX_TIMEOUT_MS} ms`;
}

export function shorten(text: string): string {
  return text.length > TEXT_SHOWN_MAX ? `${text.slice(0, TEXT_SHOWN_MAX)}…` : text;
}

function search(source: string, body: string): "found" | "absent" | "undecided" {
  const script = scripts.get(source) ?? new Script(`new RegExp(${JSON.stringify(source)}).test(body)`);
  scripts.set(source, script);
  sandbox.body = body;
  try {
    const found: unknown = script.runInContext(context, { timeout: REGEX_TIMEOUT_MS });
    return found === true ? "found" : "absent";
  } catch {
    // The deadline, or the engine's own limit on the stack: no verdict of the expression either way.
    return "undecided";
  } finally {
    sandbox.body = "";
  }
}
