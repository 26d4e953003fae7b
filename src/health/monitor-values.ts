/**
 * The values of `$MONITOR` keys, one reader a shape. Each gives the value or a sentence that says what was expected;
 * `health/monitor-keys` knows which key has which shape. Every bound has its name here.
 */

import { formatDuration, parseDurationMs } from "./duration.ts";
import { parseHost } from "./host-port.ts";
import type { FallRule, StatusRange } from "./monitor.ts";

export type ValueResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

export const COUNT_MAX = 1_000;
export const TEXT_MAX_LENGTH = 4_096;
export const REGEX_MAX_LENGTH = 512;
export const METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT"] as const;
/** RFC 1035 §4.1.1 and RFC 2136 §2.2; any other by its number. */
const RCODES = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN"] as const;
const QTYPES = ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"] as const;
/** These say where the request goes and how it is framed: not for a zone file to overwrite. */
const RESERVED_HEADERS = new Set([
  "connection",
  "content-length",
  "host",
  "te",
  "transfer-encoding",
  "upgrade",
]);

function fault(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}

function value<T>(read: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value: read };
}

export function readDuration(text: string, minMs: number, maxMs: number): ValueResult<number> {
  const parsed = parseDurationMs(text);
  if (!parsed.ok) {
    return fault(parsed.message.replace("Cannot parse duration: ", ""));
  }
  return parsed.ms >= minMs && parsed.ms <= maxMs
    ? value(parsed.ms)
    : fault(`${text} is not from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`);
}

export function readCount(text: string): ValueResult<number> {
  const count = /^[0-9]{1,6}$/.test(text) ? Number(text) : 0;
  return count >= 1 && count <= COUNT_MAX
    ? value(count)
    : fault(`"${text}" is not a number from 1 to ${COUNT_MAX}`);
}

/** `3`, or `30%/20`: the share of failures among the last so many probes. */
export function readFall(text: string): ValueResult<FallRule> {
  const ratio = /^([0-9]{1,3})%\/([0-9]{1,6})$/.exec(text);
  if (ratio === null) {
    const count = readCount(text);
    return count.ok
      ? value({ kind: "consecutive", failures: count.value })
      : fault(`"${text}" is neither a number from 1 to ${COUNT_MAX} nor a share such as 30%/20`);
  }
  const percent = Number(ratio[1]);
  const window = Number(ratio[2]);
  if (percent < 1 || percent > 100) {
    return fault(`${percent}% is not from 1% to 100%`);
  }
  return window >= 2 && window <= COUNT_MAX
    ? value({ kind: "ratio", percent, window })
    : fault(`a share of the last ${window} probes: expected from 2 to ${COUNT_MAX}`);
}

/** `200-299,301`: status codes of RFC 9110 §15. */
export function readStatusRanges(text: string): ValueResult<readonly StatusRange[]> {
  const ranges: StatusRange[] = [];
  for (const part of text.split(",")) {
    const bounds = /^([0-9]{3})(?:-([0-9]{3}))?$/.exec(part);
    const first = Number(bounds?.[1]);
    const last = Number(bounds?.[2] ?? bounds?.[1]);
    if (bounds === null || first < 100 || last > 599) {
      return fault(`"${part}" is not a status from 100 to 599 or a range of them such as 200-299`);
    }
    if (last < first) {
      return fault(`range ${part} ends before it begins`);
    }
    ranges.push({ first, last });
  }
  return value(ranges);
}

/** `NOERROR,NXDOMAIN`, or their numbers. */
export function readRcodes(text: string): ValueResult<readonly StatusRange[]> {
  const ranges: StatusRange[] = [];
  for (const part of text.split(",")) {
    const mnemonic = RCODES.findIndex((name) => name === part.toUpperCase());
    const rcode = mnemonic === -1 && /^[0-9]{1,4}$/.test(part) ? Number(part) : mnemonic;
    if (rcode < 0 || rcode > 4095) {
      return fault(`"${part}" is not a response code: expected ${RCODES.join(", ")} or a number`);
    }
    ranges.push({ first: rcode, last: rcode });
  }
  return value(ranges);
}

/** Origin-form (RFC 9112 §3.2.1): a path from the root, with a query if need be, percent-encoded. */
export function readPath(text: string): ValueResult<string> {
  if (text.length > TEXT_MAX_LENGTH) {
    return fault(`is longer than ${TEXT_MAX_LENGTH} characters`);
  }
  return /^\/[\x21-\x22\x24-\x7e]*$/.test(text)
    ? value(text)
    : fault(`"${text}" is not a path: expected one that begins with / and is percent-encoded`);
}

export function readMethod(text: string): ValueResult<string> {
  const method = METHODS.find((known) => known === text.toUpperCase());
  return method === undefined ? fault(`"${text}" is not one of ${METHODS.join(", ")}`) : value(method);
}

export function readHost(text: string): ValueResult<string> {
  const host = parseHost(text);
  return host === undefined ? fault(`"${text}" is not a host name (the port goes into port=)`) : value(host);
}

/** The NAME of `header.NAME`, a token of RFC 9110 §5.6.2, in lower case. */
export function readHeaderName(text: string): ValueResult<string> {
  const name = text.toLowerCase();
  if (!/^[a-z0-9!#$%&'*+.^_`|~-]{1,256}$/.test(name)) {
    return fault(`"${text}" is not the name of a header`);
  }
  return RESERVED_HEADERS.has(name) ? fault(`header ${text} is set by the probe itself`) : value(name);
}

/** A field value of RFC 9110 §5.5 in ASCII: no line break can smuggle in a second header. */
export function readHeaderValue(text: string): ValueResult<string> {
  return /^[\x20-\x7e\t]*$/.test(text) && text.length <= TEXT_MAX_LENGTH
    ? value(text)
    : fault(`is not printable ASCII of at most ${TEXT_MAX_LENGTH} characters`);
}

export function readText(text: string): ValueResult<string> {
  if (text === "") {
    return fault("value is empty");
  }
  return text.length <= TEXT_MAX_LENGTH ? value(text) : fault(`is longer than ${TEXT_MAX_LENGTH} characters`);
}

/** ECMAScript syntax, bounded in length: what it may cost to run is bounded where it is run (`probe/body`). */
export function readRegex(text: string): ValueResult<string> {
  if (text === "") {
    return fault("value is empty");
  }
  if (text.length > REGEX_MAX_LENGTH) {
    return fault(`is longer than ${REGEX_MAX_LENGTH} characters`);
  }
  try {
    RegExp(text);
    return value(text);
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message.replace(/^.*: /, "") : "not accepted";
    return fault(`"${text}" is not a regular expression: ${why}`);
  }
}

/** On unless switched off; `on` may be written out. */
export function readSwitch(text: string): ValueResult<boolean> {
  return text === "on" || text === "off" ? value(text === "on") : fault(`"${text}" is neither on nor off`);
}

export function readQtype(text: string): ValueResult<string> {
  const type = text.toUpperCase();
  return QTYPES.some((known) => known === type)
    ? value(type)
    : fault(`"${text}" is not one of ${QTYPES.join(", ")}`);
}

/** A program and its arguments, parted by blanks; single or double quotes keep blanks, and nothing else is special. */
export function readCommand(text: string): ValueResult<readonly string[]> {
  if (text.length > TEXT_MAX_LENGTH) {
    return fault(`is longer than ${TEXT_MAX_LENGTH} characters`);
  }
  if (text.includes("\0")) {
    return fault("holds a NUL character");
  }
  const words: string[] = [];
  const word = /\s*((?:"[^"]*"|'[^']*'|[^\s"'])+)\s*/y;
  while (word.lastIndex < text.length) {
    const match = word.exec(text);
    if (match?.[1] === undefined) {
      return fault(text.trim() === "" ? "value is empty" : "a quote is not closed");
    }
    words.push(match[1].replaceAll(/"([^"]*)"|'([^']*)'/g, "$1$2"));
  }
  return words[0] === undefined || words[0] === "" ? fault("value is empty") : value(words);
}
