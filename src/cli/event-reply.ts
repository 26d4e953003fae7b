/** Events as a node tells of them. */

import { z } from "zod";

/** In the order in which `--json` prints them. */
export const eventSchema = z.looseObject({
  id: z.number(),
  at: z.string(),
  kind: z.string(),
  ref: z.string(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  reason: z.string(),
  owner: z.string().optional(),
  refused: z.string().optional(),
});

/** What a drill keeps of an event. */
export const happeningSchema = eventSchema.omit({ id: true, owner: true, refused: true });

export type EventReply = z.output<typeof eventSchema>;
