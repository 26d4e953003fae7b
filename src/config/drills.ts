/**
 * Drills on a schedule: the setting `drills` of the configuration file. What a drill may hold is judged where it is run, at the
 * start (`daemon/drill-schedule`); here is what the setting looks like.
 */

import { z } from "zod";
import { listOf } from "./values.ts";

const MAX_DRILLS = 100;
const text = z.string().min(1, "is empty");

const drillSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9._-]{1,63}$/i, "is no name of up to 63 letters, digits, dots and hyphens"),
    drain: listOf(text).optional(),
    down: listOf(text).optional(),
    for: text,
    cron: text,
    tz: text.optional(),
    reason: text,
    "abort-when": listOf(text).optional(),
  })
  .transform((given): DrillOptions => {
    const { name, drain = [], down = [], cron, tz, reason, "abort-when": abortWhen = [] } = given;
    return { name, drain, down, for: given.for, cron, tz, reason, abortWhen };
  });

export const drillsSchema = z
  .array(drillSchema)
  .max(MAX_DRILLS, `holds more than ${MAX_DRILLS} drills`)
  .refine((drills) => new Set(drills.map(({ name }) => name)).size === drills.length, "holds a name twice");

/** As it is written. */
export interface DrillOptions {
  readonly name: string;
  /** REFs; at least one of both lists. */
  readonly drain: readonly string[];
  readonly down: readonly string[];
  readonly for: string;
  readonly cron: string;
  /** `undefined`: UTC. */
  readonly tz: string | undefined;
  readonly reason: string;
  readonly abortWhen: readonly string[];
}
