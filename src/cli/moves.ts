/** Clients who would be sent elsewhere, as a node tells of them and as commands print them. */

import { z } from "zod";
import type { Move } from "../zone/moves.ts";
import { formatColumns } from "./outcome.ts";
import { formatPercent, formatShift } from "./percent.ts";

const shareSchema = z.object({ endpoint: z.string(), addresses: z.array(z.string()), share: z.number() });

export const moveSchema = z.looseObject({
  name: z.string(),
  type: z.enum(["A", "AAAA"]),
  client: z.string().nullable(),
  shift: z.number(),
  before: z.array(shareSchema),
  after: z.array(shareSchema),
});

/** One line, and a line below it for each endpoint of either side. */
export function formatMove({ name, type, client, shift, before, after }: Move): string[] {
  const from = client === null ? "a client of whom nothing is known" : client;
  const shareOf = (shares: Move["before"], id: string): number =>
    shares.find(({ endpoint }) => endpoint === id)?.share ?? 0;
  const ids = new Set([...before, ...after].map(({ endpoint }) => endpoint));
  const rows = Array.from(ids, (id) => {
    const [was, willBe] = [shareOf(before, id), shareOf(after, id)];
    return [`  ${formatPercent(was)}`, formatPercent(willBe), formatShift(willBe - was), id];
  });
  return [`${name} ${type} for ${from}: ${formatPercent(shift).trim()} moves`, ...formatColumns(rows)];
}
