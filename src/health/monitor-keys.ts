/**
 * `$MONITOR name kind key=value…`: which keys each kind takes, what they default to, and what contradicts what. All
 * kinds and keys are judged here, and every fault is found at once. The zone parser calls `parseMonitor` and puts the
 * faults in their places in the file.
 *
 *   kind   default port  keys beside every timeout fall rise port target
 *   http   80            path method host header.NAME expect body body-regex
 *   https  443           as http, and verify ca cert-expiry
 *   tcp    none: needed  send receive
 *   tls    443           host verify ca cert-expiry send receive
 *   dns    53            query (needed) qtype expect receive
 *   grpc   443           host verify ca cert-expiry query
 *   exec   has no port   command (needed)
 *
 * Where a key means another thing than with http: for dns, `expect` lists response codes (default NOERROR) and `receive`
 * is the data that one record of the answer must have; for grpc, which is always over TLS, `query` is the service that
 * is asked for (default: the server as a whole). A certificate is checked against `host`; where `target` names a host,
 * that is the default for it.
 */

import { formatDuration } from "./duration.ts";
import { isIpv4Text, isIpv6Text, parseHostPort, parsePort } from "./host-port.ts";
import type { FallRule, HostPort, Monitor, MonitorKind, StatusRange } from "./monitor.ts";
import * as values from "./monitor-values.ts";

const COMMON_KEYS = ["every", "timeout", "fall", "rise", "target"] as const;
const HTTP_KEYS = ["path", "method", "host", "header.NAME", "expect", "body", "body-regex"] as const;
const TLS_KEYS = ["verify", "ca", "cert-expiry"] as const;

const KEYS_OF_KIND = {
  http: [...COMMON_KEYS, "port", ...HTTP_KEYS],
  https: [...COMMON_KEYS, "port", ...HTTP_KEYS, ...TLS_KEYS],
  tcp: [...COMMON_KEYS, "port", "send", "receive"],
  tls: [...COMMON_KEYS, "port", "host", ...TLS_KEYS, "send", "receive"],
  dns: [...COMMON_KEYS, "port", "query", "qtype", "expect", "receive"],
  grpc: [...COMMON_KEYS, "port", "host", ...TLS_KEYS, "query"],
  exec: [...COMMON_KEYS, "command"],
} as const satisfies Record<MonitorKind, readonly string[]>;

type MonitorKey = (typeof KEYS_OF_KIND)[MonitorKind][number];

const DEFAULT_PORT: Record<MonitorKind, number | undefined> = {
  http: 80,
  https: 443,
  tcp: undefined,
  tls: 443,
  dns: 53,
  grpc: 443,
  exec: undefined,
};

const DEFAULT_EVERY_MS = 5_000;
const DEFAULT_TIMEOUT_MS = 2_000;
const DEFAULT_FALL: FallRule = { kind: "consecutive", failures: 3 };
const DEFAULT_RISE = 6;
const DEFAULT_STATUS: readonly StatusRange[] = [{ first: 200, last: 299 }];
const DEFAULT_RCODES: readonly StatusRange[] = [{ first: 0, last: 0 }];
const EVERY_MIN_MS = 100;
const EVERY_MAX_MS = 86_400_000;
const TIMEOUT_MIN_MS = 10;
const CERT_EXPIRY_MIN_MS = 60_000;
const CERT_EXPIRY_MAX_MS = 3650 * 86_400_000;
const HEADER_PREFIX = "header.";
const HEADERS_MAX = 32;

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

export interface MonitorFault {
  /** Which pair is at fault; `undefined` where one is missing. */
  readonly pairIndex: number | undefined;
  /** For `unknown-key` the caller adds the nearest of `monitorKeys(kind)`. */
  readonly code: "unknown-key" | "misplaced-key" | "duplicate-key" | "missing-key" | "bad-value" | "conflict";
  readonly message: string;
}

export type MonitorResult =
  | { readonly ok: true; readonly monitor: Monitor }
  | { readonly ok: false; readonly faults: readonly MonitorFault[] };

/** The keys that a monitor of this kind takes; `header.NAME` stands for any header. */
export function monitorKeys(kind: MonitorKind): readonly string[] {
  return KEYS_OF_KIND[kind];
}

/** What the pairs say so far; `undefined` is not said. */
interface Draft {
  port: number | undefined;
  everyMs: number | undefined;
  timeoutMs: number | undefined;
  fall: FallRule | undefined;
  rise: number | undefined;
  path: string | undefined;
  method: string | undefined;
  host: string | undefined;
  readonly headers: Map<string, string>;
  expect: readonly StatusRange[] | undefined;
  body: string | undefined;
  bodyRegex: string | undefined;
  verify: boolean | undefined;
  caFile: string | undefined;
  certExpiryMs: number | undefined;
  send: string | undefined;
  receive: string | undefined;
  query: string | undefined;
  qtype: string | undefined;
  command: readonly string[] | undefined;
  target: HostPort | undefined;
}

type Reader = (draft: Draft, text: string, kind: MonitorKind) => string | undefined;

/** A reader that keeps what it read, or says why not. */
function keep<T>(
  read: (text: string, kind: MonitorKind) => values.ValueResult<T>,
  set: (draft: Draft, value: T) => void,
) {
  return (draft: Draft, text: string, kind: MonitorKind): string | undefined => {
    const result = read(text, kind);
    if (!result.ok) {
      return result.message;
    }
    set(draft, result.value);
    return undefined;
  };
}

const READERS: Record<Exclude<MonitorKey, "header.NAME">, Reader> = {
  port: keep(readPort, (draft, port) => (draft.port = port)),
  target: keep(readTarget, (draft, target) => (draft.target = target)),
  every: keep(
    (text) => values.readDuration(text, EVERY_MIN_MS, EVERY_MAX_MS),
    (draft, everyMs) => (draft.everyMs = everyMs),
  ),
  timeout: keep(
    (text) => values.readDuration(text, TIMEOUT_MIN_MS, EVERY_MAX_MS),
    (draft, timeoutMs) => (draft.timeoutMs = timeoutMs),
  ),
  "cert-expiry": keep(
    (text) => values.readDuration(text, CERT_EXPIRY_MIN_MS, CERT_EXPIRY_MAX_MS),
    (draft, certExpiryMs) => (draft.certExpiryMs = certExpiryMs),
  ),
  fall: keep(values.readFall, (draft, fall) => (draft.fall = fall)),
  rise: keep(values.readCount, (draft, rise) => (draft.rise = rise)),
  path: keep(values.readPath, (draft, path) => (draft.path = path)),
  method: keep(values.readMethod, (draft, method) => (draft.method = method)),
  host: keep(values.readHost, (draft, host) => (draft.host = host)),
  expect: keep(
    (text, kind) => (kind === "dns" ? values.readRcodes(text) : values.readStatusRanges(text)),
    (draft, expect) => (draft.expect = expect),
  ),
  body: keep(values.readText, (draft, body) => (draft.body = body)),
  "body-regex": keep(values.readRegex, (draft, bodyRegex) => (draft.bodyRegex = bodyRegex)),
  verify: keep(values.readSwitch, (draft, verify) => (draft.verify = verify)),
  ca: keep(values.readText, (draft, caFile) => (draft.caFile = caFile)),
  send: keep(values.readText, (draft, send) => (draft.send = send)),
  receive: keep(values.readText, (draft, receive) => (draft.receive = receive)),
  query: keep(
    (text, kind) => (kind === "dns" ? values.readHost(text) : values.readText(text)),
    (draft, query) => (draft.query = query),
  ),
  qtype: keep(values.readQtype, (draft, qtype) => (draft.qtype = qtype)),
  command: keep(values.readCommand, (draft, command) => (draft.command = command)),
};

function readPort(text: string): values.ValueResult<number> {
  const port = parsePort(text);
  return port === undefined
    ? { ok: false, message: `"${text}" is not a number from 1 to 65535` }
    : { ok: true, value: port };
}

function readTarget(text: string): values.ValueResult<HostPort> {
  const parsed = parseHostPort(text);
  return parsed.ok
    ? { ok: true, value: parsed.hostPort }
    : { ok: false, message: parsed.message.replace("Cannot parse host:port: ", "") };
}

/** A validated monitor with its defaults filled in, or all that is wrong with the pairs, in their order. */
export function parseMonitor(name: string, kind: MonitorKind, pairs: readonly KeyValue[]): MonitorResult {
  const faults: MonitorFault[] = [];
  const draft = emptyDraft();
  const indexOfKey = new Map<string, number>();
  for (const [pairIndex, pair] of pairs.entries()) {
    const fault = readPair(draft, kind, pair, indexOfKey);
    // Also a key whose value is bad has been given: no second complaint that it is missing.
    const key = canonicalKey(pair.key);
    indexOfKey.set(key, indexOfKey.get(key) ?? pairIndex);
    if (fault !== undefined) {
      faults.push({ pairIndex, ...fault });
    }
  }
  faults.push(...conflicts(name, kind, draft, indexOfKey));
  return faults.length > 0 ? { ok: false, faults } : { ok: true, monitor: complete(name, kind, draft) };
}

/** Names of headers know no case (RFC 9110 §5.1); keys do. */
function canonicalKey(key: string): string {
  return key.startsWith(HEADER_PREFIX) ? key.toLowerCase() : key;
}

function isMonitorKey(key: string): key is keyof typeof READERS {
  return Object.hasOwn(READERS, key);
}

function readPair(
  draft: Draft,
  kind: MonitorKind,
  { key, value }: KeyValue,
  seen: ReadonlyMap<string, number>,
): Omit<MonitorFault, "pairIndex"> | undefined {
  const isHeader = key.startsWith(HEADER_PREFIX);
  if (!isHeader && !isMonitorKey(key)) {
    return { code: "unknown-key", message: `Unknown key "${key}" of ${kind} monitors` };
  }
  const listedAs = isHeader ? "header.NAME" : key;
  if (!monitorKeys(kind).includes(listedAs)) {
    const kinds = kindsWithKey(listedAs).join(", ");
    return {
      code: "misplaced-key",
      message: `Key "${key}" has no meaning for ${kind} monitors, only for ${kinds}`,
    };
  }
  if (seen.has(canonicalKey(key))) {
    return { code: "duplicate-key", message: `Key "${key}" is given twice` };
  }
  const fault = isMonitorKey(key) ? READERS[key](draft, value, kind) : readHeader(draft, key, value);
  return fault === undefined ? undefined : { code: "bad-value", message: `Cannot parse ${key}: ${fault}` };
}

function kindsWithKey(key: string): readonly string[] {
  return Object.entries(KEYS_OF_KIND)
    .filter(([, keys]) => keys.some((known) => known === key))
    .map(([kind]) => kind);
}

function readHeader(draft: Draft, key: string, text: string): string | undefined {
  const name = values.readHeaderName(key.slice(HEADER_PREFIX.length));
  if (!name.ok) {
    return name.message;
  }
  const headerValue = values.readHeaderValue(text);
  if (!headerValue.ok) {
    return headerValue.message;
  }
  draft.headers.set(name.value, headerValue.value);
  return draft.headers.size > HEADERS_MAX ? `more than ${HEADERS_MAX} headers` : undefined;
}

/** What is missing, and which pairs cannot stand beside each other. */
function conflicts(
  name: string,
  kind: MonitorKind,
  draft: Draft,
  indexOfKey: ReadonlyMap<string, number>,
): readonly MonitorFault[] {
  const found: MonitorFault[] = [];
  const conflict = (key: string, message: string): void => {
    found.push({ pairIndex: indexOfKey.get(key), code: "conflict", message });
  };
  const missing = (message: string): void => {
    found.push({ pairIndex: undefined, code: "missing-key", message: `Monitor "${name}": ${message}` });
  };
  const everyMs = draft.everyMs ?? DEFAULT_EVERY_MS;
  const timeoutMs = draft.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  if (timeoutMs >= everyMs) {
    const written = `timeout=${formatDuration(timeoutMs)} is not less than every=${formatDuration(everyMs)}`;
    conflict(draft.timeoutMs === undefined ? "every" : "timeout", written);
  }
  if (draft.target !== undefined && draft.port !== undefined) {
    conflict("port", "port has no meaning beside target, which has its own");
  }
  if (kind === "tcp" && !indexOfKey.has("port") && !indexOfKey.has("target")) {
    missing("tcp needs port=NUMBER");
  }
  if (draft.method === "HEAD") {
    for (const key of ["body", "body-regex"].filter((key) => indexOfKey.has(key))) {
      conflict(key, `${key} cannot be looked for: the answer to HEAD has no body`);
    }
  }
  if (draft.verify === false && draft.caFile !== undefined) {
    conflict("ca", "ca has no meaning beside verify=off");
  }
  const checksCertificate = monitorKeys(kind).includes("verify") && draft.verify !== false;
  if (checksCertificate && effectiveHost(draft) === undefined && !indexOfKey.has("host")) {
    missing(`${kind} needs host=NAME to check the certificate against, or verify=off`);
  }
  if (kind === "dns" && !indexOfKey.has("query")) {
    missing("dns needs query=NAME");
  }
  if (kind === "exec" && !indexOfKey.has("command")) {
    missing("exec needs command=PROGRAM");
  }
  return found;
}

/** `host`, else the name in `target`: an address there is no name that a certificate would be checked against. */
function effectiveHost(draft: Draft): string | undefined {
  if (draft.host !== undefined || draft.target === undefined) {
    return draft.host;
  }
  const { host } = draft.target;
  return isIpv4Text(host) || isIpv6Text(host) ? undefined : host;
}

function emptyDraft(): Draft {
  return {
    port: undefined,
    everyMs: undefined,
    timeoutMs: undefined,
    fall: undefined,
    rise: undefined,
    path: undefined,
    method: undefined,
    host: undefined,
    headers: new Map(),
    expect: undefined,
    body: undefined,
    bodyRegex: undefined,
    verify: undefined,
    caFile: undefined,
    certExpiryMs: undefined,
    send: undefined,
    receive: undefined,
    query: undefined,
    qtype: undefined,
    command: undefined,
    target: undefined,
  };
}

function complete(name: string, kind: MonitorKind, draft: Draft): Monitor {
  const takesHost = monitorKeys(kind).includes("host");
  return {
    name,
    kind,
    port: draft.target?.port ?? draft.port ?? DEFAULT_PORT[kind],
    everyMs: draft.everyMs ?? DEFAULT_EVERY_MS,
    timeoutMs: draft.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    thresholds: { fall: draft.fall ?? DEFAULT_FALL, rise: draft.rise ?? DEFAULT_RISE },
    path: draft.path ?? "/",
    method: draft.method ?? "GET",
    host: takesHost ? effectiveHost(draft) : undefined,
    headers: draft.headers,
    expect: draft.expect ?? (kind === "dns" ? DEFAULT_RCODES : DEFAULT_STATUS),
    body: draft.body,
    bodyRegex: draft.bodyRegex,
    verify: draft.verify ?? true,
    caFile: draft.caFile,
    certExpiryMs: draft.certExpiryMs,
    send: draft.send,
    receive: draft.receive,
    query: draft.query,
    qtype: draft.qtype ?? (kind === "dns" ? "A" : undefined),
    command: draft.command,
    target: draft.target,
  };
}
