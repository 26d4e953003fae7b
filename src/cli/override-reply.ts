/** Overrides as a node tells of them, and as commands print them. */

import { z } from "zod";

export const overrideSchema = z.looseObject({
  id: z.string(),
  ref: z.string(),
  state: z.string(),
  reason: z.string(),
  owner: z.string(),
  from: z.string(),
  until: z.string(),
  matches: z.number().optional(),
});

export type OverrideReply = z.output<typeof overrideSchema>;

export function overrideCells({ id, ref, state, until, owner, reason, matches }: OverrideReply): string[] {
  const nothing = matches === 0 ? " (matches nothing)" : "";
  return [id, `${ref}${nothing}`, state, `until ${until}`, owner, reason];
}
