/**
 * What ends a drill before its time, as operators write it:
 *
 *     endpoint:REF                     an endpoint that REF matches goes down: `endpoint:virginia/*`
 *     pool:NAME                        such a pool has too few endpoints up: `pool:virginia`
 *     policy:NAME                      such a policy leaves its first rung; by its name or its owner
 *     METRIC{label="value"} > NUMBER   one of its series is above (`<`: below) that
 *     METRIC{label="value"} rate > N   all its series together rise by more than that a second
 *
 * Names may be globs. Labels are matched by `=` and `!=`; one that is not named may be anything.
 */

export interface LabelMatcher {
  readonly label: string;
  readonly value: string;
  readonly negated: boolean;
}

export type Condition =
  | { readonly kind: "endpoint" | "pool" | "policy"; readonly text: string; readonly name: string }
  | MetricCondition;

export interface MetricCondition {
  readonly kind: "metric";
  /** As it was written. */
  readonly text: string;
  readonly metric: string;
  readonly matchers: readonly LabelMatcher[];
  /** How fast it rises, and not what it is. */
  readonly isRate: boolean;
  readonly comparison: ">" | "<";
  readonly threshold: number;
}

export type ConditionResult =
  | { readonly ok: true; readonly condition: Condition }
  /** What was found and what was expected. */
  | { readonly ok: false; readonly message: string };

const NAMED = /^(endpoint|pool|policy):(\S+)$/;
const METRIC = /^([a-z_][a-z0-9_]*)\s*(?:\{(.*)\})?\s*(?:\s(rate)\s*)?([<>])\s*(\S+)$/;
const MATCHER = /\s*([a-z_][a-z0-9_]*)\s*(!?=)\s*"((?:[^"\\]|\\.)*)"\s*(,|$)/y;
const EXPECTED =
  'expected endpoint:REF, pool:NAME, policy:NAME, or a metric, as in fairlead_dns_dropped_total{reason="malformed"} rate > 10';

export function parseCondition(given: string): ConditionResult {
  const text = given.trim();
  const [, kind, name = ""] = NAMED.exec(text) ?? [];
  if (kind === "endpoint" || kind === "pool" || kind === "policy") {
    return { ok: true, condition: { kind, text, name } };
  }
  const parts = METRIC.exec(text);
  if (parts === null) return fault(text, EXPECTED);
  const [, metric = "", labels = "", rate, comparison, number = ""] = parts;
  const matchers = parseMatchers(labels);
  if (matchers === undefined) return fault(text, 'expected labels as in {pool="virginia",state!="up"}');
  const threshold = Number(number);
  if (!Number.isFinite(threshold)) return fault(text, `'${number}' is not a number`);
  return {
    ok: true,
    condition: {
      kind: "metric",
      text,
      metric,
      matchers,
      isRate: rate !== undefined,
      comparison: comparison === "<" ? "<" : ">",
      threshold,
    },
  };
}

function parseMatchers(text: string): LabelMatcher[] | undefined {
  const matchers: LabelMatcher[] = [];
  MATCHER.lastIndex = 0;
  while (MATCHER.lastIndex < text.length) {
    const match = MATCHER.exec(text);
    if (match === null) return undefined;
    const [, label = "", operator, value = ""] = match;
    matchers.push({ label, value: value.replaceAll(/\\(.)/g, "$1"), negated: operator === "!=" });
  }
  return matchers;
}

function fault(text: string, message: string): ConditionResult {
  return { ok: false, message: `'${text}' is no condition: ${message}` };
}
