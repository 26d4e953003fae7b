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
  const findIn = (shares: Move["before"], id: string): Move["before"][number] | undefined =>
    shares.find(({ endpoint }) => endpoint === id);
  const ids = new Set([...before, ...after].map(({ endpoint }) => endpoint));
  const rows = Array.from(ids, (id) => {
    const [was, willBe] = [findIn(before, id), findIn(after, id)];
    const shares = [was?.share ?? 0, willBe?.share ?? 0] as const;
    const row = [
      `  ${formatPercent(shares[0])}`,
      formatPercent(shares[1]),
      formatShift(shares[1] - shares[0]),
    ];
    return [...row, id + formatReadressing(was?.addresses, willBe?.addresses)];
  });
  return [`${name} ${type} for ${from}: ${formatPercent(shift).trim()} moves`, ...formatColumns(rows)];
}

/** An endpoint that keeps its share and moves its clients all the same. */
function formatReadressing(was: readonly string[] = [], willBe: readonly string[] = []): string {
  const isSame = [...was].sort().join() === [...willBe].sort().join();
  return isSame || was.length === 0 || willBe.length === 0 ? "" : `  ${was.join(" ")} → ${willBe.join(" ")}`;
}
