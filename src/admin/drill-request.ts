/** What a drill may hold, whether it is asked for over HTTP or stands in the configuration; faults in a person's words. */

import { z } from "zod";
import type { DrillPlan } from "../policy/drill.ts";
import { type Condition, type MetricCondition, parseCondition } from "../policy/drill-condition-text.ts";
import { METRICS } from "./metrics/list.ts";
import { metricNamed } from "./metrics/metric-named.ts";
import { lengthSchema, ownerSchema, reasonSchema, refSchema } from "./override-request.ts";

/** What shall last longer is no rehearsal. */
const LONGEST_DRILL_MS = 86_400_000;
const REFS_LIMIT = 20;
const CONDITIONS_LIMIT = 20;
const CONDITION_LIMIT_CHARACTERS = 512;

const refsSchema = z
  .array(refSchema, "expected a list of REFs")
  .max(REFS_LIMIT, `more than ${REFS_LIMIT} REFs`)
  .default([]);

const conditionSchema = z
  .string("a condition is no text")
  .max(CONDITION_LIMIT_CHARACTERS, `a condition is longer than ${CONDITION_LIMIT_CHARACTERS} characters`)
  .transform((text, context): Condition => {
    const parsed = parseCondition(text);
    const fault = parsed.ok ? faultOfMetric(parsed.condition) : parsed.message;
    if (parsed.ok && fault === undefined) return parsed.condition;
    context.addIssue({ code: "custom", message: fault ?? "" });
    return z.NEVER;
  });

/** The body of `POST /api/v1/drills`. */
export const drillRequestSchema = z
  .strictObject(
    {
      drain: refsSchema,
      down: refsSchema,
      for: lengthSchema.refine((ms) => ms <= LONGEST_DRILL_MS, "'for': longer than a day"),
      reason: reasonSchema,
      owner: ownerSchema.optional(),
      abortWhen: z
        .array(conditionSchema, "'abortWhen' is no list of conditions")
        .max(CONDITIONS_LIMIT, `'abortWhen' holds more than ${CONDITIONS_LIMIT} conditions`)
        .default([]),
      force: z.boolean("'force' is neither true nor false").default(false),
      dryRun: z.boolean("'dryRun' is neither true nor false").default(false),
    },
    "expected a JSON object",
  )
  .refine(({ drain, down }) => drain.length + down.length > 0, {
    message: "what is to be taken away is missing: 'drain' or 'down'",
    path: ["drain"],
  })
  .refine(({ drain, down }) => new Set([...drain, ...down]).size === drain.length + down.length, {
    message: "a REF stands twice",
    path: ["drain"],
  });

export type DrillRequest = z.output<typeof drillRequestSchema>;

export function planOf(
  { drain, down, for: forMs, reason, abortWhen, force }: DrillRequest,
  owner: string,
  name?: string,
): DrillPlan {
  return { name, drain, down, forMs, reason, owner, abortWhen, force };
}

function faultOfMetric(condition: Condition): string | undefined {
  if (condition.kind !== "metric") return undefined;
  const metric = metricNamed(condition.metric);
  if (metric === undefined) return `there is no metric '${condition.metric}'${hintAt(condition)}`;
  const labels: readonly string[] = metric.type === "histogram" ? [...metric.labels, "le"] : metric.labels;
  const unknown = condition.matchers.find(({ label }) => !labels.includes(label));
  if (unknown !== undefined) {
    const known = labels.length === 0 ? "none" : labels.join(", ");
    return `${condition.metric} has no label '${unknown.label}'; it has ${known}`;
  }
  if (condition.isRate && metric.type === "gauge") return `${condition.metric} is a gauge, and has no rate`;
  return undefined;
}

function hintAt({ metric }: MetricCondition): string {
  const isHistogram = METRICS.some(({ name, type }) => name === metric && type === "histogram");
  return isHistogram ? `; of a histogram, name a part: ${metric}_count, _sum or _bucket` : "";
}
