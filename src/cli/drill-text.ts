/** A drill, its preflight and its verdict, as a person reads them. */

import type { DrillReply, DrillSummaryReply, PreflightReply, ScheduledDrillReply } from "./drill-reply.ts";
import { formatColumns } from "./outcome.ts";
import { formatPercent } from "./percent.ts";

type Shares = PreflightReply["before"];

export function formatPreflight(preflight: PreflightReply): string[] {
  const { objections, before, during } = preflight;
  return [
    ...aboutPreflight(preflight),
    ...formatShares(before, [
      ["  before", before],
      ["  during", during],
    ]),
    ...(objections.length === 0
      ? ["nothing speaks against it"]
      : objections.map(({ message }) => `objection: ${message}`)),
  ];
}

export function formatVerdict(drill: DrillReply): string[] {
  const { preflight, during, after, answers, drained, remarks, eventsLeftOut } = drill;
  const { before, ttlSeconds, objections } = preflight;
  const left = eventsLeftOut > 0 ? [`  and ${eventsLeftOut} more`] : [];
  return [
    `drill ${drill.id} ${drill.outcome}${drill.why === "" ? "" : `: ${drill.why}`}`,
    `took away: ${describeParts(drill)}; ${drill.owner}: ${drill.reason}`,
    `from ${drill.from} to ${drill.ended ?? "now"}, planned until ${drill.until}`,
    ...drill.abortWhen.map((condition) => `to be aborted when ${condition}`),
    ...aboutPreflight(preflight),
    ...objections.map(({ message }) => `forced in spite of: ${message}`),
    ...formatShares(before, [
      ["  before", before],
      ["  during", during],
      ["   after", after],
    ]),
    ...(answers === null ? ["what was answered meanwhile is not known"] : [formatAnswers(answers)]),
    ...(drained ?? []).map((finding) => formatFinding(finding, ttlSeconds)),
    ...remarks.map((remark) => `note: ${remark}`),
    ...(drill.events.length === 0 ? [] : ["what happened:"]),
    ...formatColumns(drill.events.map(eventCells)),
    ...left,
  ];
}

export function eventCells({ at, kind, ref, from, to, reason }: DrillReply["events"][number]): string[] {
  const change = from === null ? (to ?? "") : `${from} → ${to ?? "none"}`;
  return [`  ${at}`, kind, ref, change, reason];
}

export function summaryCells(drill: DrillSummaryReply): string[] {
  const name = drill.name === null ? "" : `${drill.name}: `;
  return [drill.id, drill.outcome, drill.from, describeParts(drill), drill.owner, `${name}${drill.why}`];
}

export function scheduledCells(drill: ScheduledDrillReply): string[] {
  const { name, cron, tz, next } = drill;
  return [
    name,
    "scheduled",
    next ?? "never",
    describeParts(drill),
    `cron="${cron}" tz=${tz}`,
    `for=${drill.for}`,
  ];
}

export function describeParts({ drain, down }: Pick<DrillSummaryReply, "drain" | "down">): string {
  return [...drain.map((ref) => `${ref} (drain)`), ...down.map((ref) => `${ref} (down)`)].join(", ");
}

function aboutPreflight({ policiesTouched, ttlSeconds, loads, remarks }: PreflightReply): string[] {
  return [
    `answered by ${policiesTouched} policies, kept by resolvers for up to ${ttlSeconds} s`,
    ...loads.map(
      ({ pool, before, during, capacity }) =>
        `load of ${pool}: ${rounded(before)} → ${rounded(during)} of ${capacity}`,
    ),
    ...remarks.map((remark) => `note: ${remark}`),
  ];
}

/** A line for each pool of each policy; what is not known is left blank. */
function formatShares(
  lines: Shares,
  columns: readonly (readonly [head: string, shares: Shares | null])[],
): string[] {
  const rows = lines.flatMap(({ owner, client }) => {
    const cells = columns.map(([, shares]) => ofLine(shares, owner, client));
    const pools = new Set(cells.flatMap((cell) => Object.keys(cell ?? {})));
    const whose = client === "" ? owner : `${owner} from ${client}`;
    const partOf = (cell: Record<string, number> | undefined, pool: string): string =>
      cell === undefined ? "" : formatPercent(cell[pool] ?? 0);
    return [...pools].map((pool) => cells.map((cell) => partOf(cell, pool)).concat(pool, whose));
  });
  return rows.length === 0
    ? []
    : formatColumns([[...columns.map(([head]) => head), "pool", "policy"], ...rows]);
}

function ofLine(shares: Shares | null, owner: string, client: string): Record<string, number> | undefined {
  return shares?.find((line) => line.owner === owner && line.client === client)?.shares;
}

function formatAnswers(answers: NonNullable<DrillReply["answers"]>): string {
  if (answers.length === 0) return "answered meanwhile: nothing";
  const parts = answers.map(
    ({ pool, answers: count, perSecond }) => `${pool} ${count} (${rounded(perSecond)} a second)`,
  );
  return `answered meanwhile: ${parts.join(", ")}`;
}

function formatFinding(
  {
    pool,
    answers,
    drained,
    lastAfterSeconds,
    forgottenAfterSeconds,
  }: NonNullable<DrillReply["drained"]>[number],
  ttlSeconds: number,
): string {
  if (!drained) return `${pool} did not drain: ${answers} answers, the last at its end`;
  if (lastAfterSeconds === null) return `${pool} drained: it was not answered at all`;
  const last = `the last of ${answers} answers was seen after ${rounded(lastAfterSeconds)} s`;
  const gone = forgottenAfterSeconds === null ? "" : `, forgotten after ${rounded(forgottenAfterSeconds)} s`;
  return `${pool} drained: ${last}${gone} (TTL ${ttlSeconds} s)`;
}

function rounded(value: number): string {
  return String(Number(value.toFixed(2)));
}
