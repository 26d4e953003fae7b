/**
 * The names that zone files give to monitors, pools, endpoints and policies, and the REFs that point to them: `pool`,
 * `pool/endpoint`, or a policy's name. Names are ASCII letters, digits, `-`, `_` and `.`, case counts, and the words of
 * the expression language are taken.
 */

export const POLICY_KINDS = ["failover", "weighted", "sticky", "nearest", "geo", "spill", "all"] as const;
export type PolicyKind = (typeof POLICY_KINDS)[number];

export const WHEN_DOWN_WORDS = ["open", "nodata", "servfail"] as const;
const RESERVED: ReadonlySet<string> = new Set([...POLICY_KINDS, ...WHEN_DOWN_WORDS]);

/** Of `monitor=`: `none`, `any(…)`, `2of(…)`. */
const RESERVED_MONITOR = /^(?:none|any|[0-9]+of)$/;

const MAX_NAME_LENGTH = 63;
const NAME = /^[A-Za-z0-9._-]+$/;
const GLOB = /^[A-Za-z0-9._*?-]+$/;

export function isPolicyKind(text: string): text is PolicyKind {
  return POLICY_KINDS.some((kind) => kind === text);
}

/** What is wrong with a name; `what` is the word for the thing: `pool`. */
export function faultOfName(text: string, what: string): string | undefined {
  const problem = problemOfName(text) ?? (what === "monitor" ? problemOfMonitorName(text) : undefined);
  return problem === undefined ? undefined : `Cannot parse ${what} name: ${problem}`;
}

/** What is wrong with a REF. */
export function faultOfRef(text: string): string | undefined {
  return faultOfSegments(text, problemOfName);
}

/** What is wrong with a REF in which `*` and `?` may stand for names or parts of them. */
export function faultOfGlob(text: string): string | undefined {
  return faultOfSegments(text, (segment) => (GLOB.test(segment) ? undefined : problemOfName(segment)));
}

function faultOfSegments(
  text: string,
  problemOf: (segment: string) => string | undefined,
): string | undefined {
  const segments = text.split("/");
  if (segments.length > 2) return `Cannot parse REF: '${text}' is neither pool nor pool/endpoint`;
  const problem = segments.map((segment) => problemOf(segment)).find((found) => found !== undefined);
  return problem === undefined ? undefined : `Cannot parse REF: ${problem}`;
}

function problemOfName(text: string): string | undefined {
  if (text === "") return "name is empty";
  if (text.includes(",")) return `'${text}' holds a comma; names are separated by blanks`;
  if (!NAME.test(text)) return `'${text}' holds something else than letters, digits, '-', '_' and '.'`;
  if (text.length > MAX_NAME_LENGTH) return `'${text}' is longer than ${MAX_NAME_LENGTH} characters`;
  return RESERVED.has(text) ? `'${text}' is a word of the policy language` : undefined;
}

function problemOfMonitorName(text: string): string | undefined {
  return RESERVED_MONITOR.test(text) ? `'${text}' is a word of monitor=` : undefined;
}
