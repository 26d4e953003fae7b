/** Drills as a node tells of them. */

import { z } from "zod";
import { happeningSchema } from "./event-reply.ts";

const sharesSchema = z.array(
  z.object({ owner: z.string(), client: z.string(), shares: z.record(z.string(), z.number()) }),
);

export const preflightSchema = z.looseObject({
  objections: z.array(z.looseObject({ kind: z.string(), message: z.string() })),
  remarks: z.array(z.string()),
  policiesTouched: z.number(),
  before: sharesSchema,
  during: sharesSchema,
  loads: z.array(
    z.object({ pool: z.string(), before: z.number(), during: z.number(), capacity: z.number() }),
  ),
  ttlSeconds: z.number(),
});

export const drillSummarySchema = z.looseObject({
  id: z.string(),
  name: z.string().nullable(),
  outcome: z.string(),
  why: z.string(),
  drain: z.array(z.string()),
  down: z.array(z.string()),
  reason: z.string(),
  owner: z.string(),
  from: z.string(),
  until: z.string(),
  ended: z.string().nullable(),
});

export const drillSchema = drillSummarySchema.extend({
  abortWhen: z.array(z.string()),
  preflight: preflightSchema,
  during: sharesSchema.nullable(),
  after: sharesSchema.nullable(),
  answers: z.array(z.object({ pool: z.string(), answers: z.number(), perSecond: z.number() })).nullable(),
  drained: z
    .array(
      z.looseObject({
        pool: z.string(),
        answers: z.number(),
        drained: z.boolean(),
        lastAfterSeconds: z.number().nullable(),
        forgottenAfterSeconds: z.number().nullable(),
      }),
    )
    .nullable(),
  events: z.array(happeningSchema),
  eventsLeftOut: z.number(),
  remarks: z.array(z.string()),
});

export const scheduledDrillsSchema = z.looseObject({
  drills: z.looseObject({
    scheduled: z.array(
      z.looseObject({
        name: z.string(),
        drain: z.array(z.string()),
        down: z.array(z.string()),
        for: z.string(),
        cron: z.string(),
        tz: z.string(),
        next: z.string().nullable(),
      }),
    ),
  }),
});

export type PreflightReply = z.output<typeof preflightSchema>;
export type DrillSummaryReply = z.output<typeof drillSummarySchema>;
export type DrillReply = z.output<typeof drillSchema>;
export type ScheduledDrillReply = z.output<typeof scheduledDrillsSchema>["drills"]["scheduled"][number];
