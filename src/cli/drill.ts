/**
 * `fairlead drill`: has a running node rehearse the loss of a place, follows it and prints the verdict. The node runs the
 * drill: it goes on and ends although the command does not, save where it is interrupted: then it asks for the end.
 */

import { setTimeout as wait } from "node:timers/promises";
import type { Command } from "commander";
import { z } from "zod";
import {
  type DrillReply,
  drillSchema,
  drillSummarySchema,
  preflightSchema,
  scheduledDrillsSchema,
} from "./drill-reply.ts";
import {
  describeParts,
  eventCells,
  formatPreflight,
  formatVerdict,
  scheduledCells,
  summaryCells,
} from "./drill-text.ts";
import { askNode, type NodeReply, readReply } from "./node-client.ts";
import { failureOf, type NodeOptions, person, tokenOf, withNode } from "./operator.ts";
import {
  CommandFailure,
  EXIT,
  endWith,
  formatColumns,
  printError,
  printJson,
  printLine,
  printLines,
} from "./outcome.ts";

interface DrillOptions extends NodeOptions {
  readonly drain?: readonly string[];
  readonly down?: readonly string[];
  readonly for?: string;
  readonly reason?: string;
  readonly abortWhen?: readonly string[];
  readonly owner?: string;
  readonly force?: true;
  readonly dryRun?: true;
}

const PATH = "/api/v1/drills";
const STATUS_REFUSED = 409;
const POLL_EVERY_MS = 500;
/** A node that cannot be reached is asked again for so long behind the end of the drill. */
const PATIENCE_MS = 60_000;

export function addDrill(program: Command): void {
  const drill = withNode(program.command("drill"))
    .enablePositionalOptions()
    .description("rehearse the loss of a place on a running node, and print the verdict")
    .option("--drain <ref...>", "take these out of answers: pools, pool/endpoint, or globs")
    .option("--down <ref...>", "force these down")
    .option("--for <duration>", "how long, as in 10m")
    .option("--reason <text>", "why, for whoever finds it")
    .option("--abort-when <condition...>", "end it when this holds, beside what always ends it")
    .option("--owner <text>", "whose it is (default: user@host)")
    .option("--force", "also where it may be waited for a better day; never against a $RULE")
    .option("--dry-run", "only look: what would be, and what speaks against it")
    .addHelpText(
      "after",
      "\nA condition is endpoint:REF, pool:NAME or policy:NAME, or a metric of the node:" +
        "\n  'fairlead_dns_dropped_total{reason=\"malformed\"} rate > 10' or 'fairlead_pool_up{pool=\"virginia\"} < 1'." +
        "\nAn endpoint that is left and goes down, a policy that leaves its first rung, or a pool over its capacity" +
        "\nalways end it. The node runs it: a terminal that closes does not end it, an interrupt (Ctrl-C) does." +
        "\nExit status: 0 passed, 1 refused, aborted or out of reach, 2 wrong usage.",
    )
    .action((options: DrillOptions) => run(options));
  withNode(drill.command("list"))
    .description("show the drills that are kept, and those of the schedule")
    .action((options: NodeOptions) => list(options));
  withNode(drill.command("show"))
    .description("show what came of one")
    .argument("<id>", "as 'drill list' names it")
    .action((id: string, options: NodeOptions) => show(id, options));
  withNode(drill.command("abort"))
    .description("end the one that runs, and print its verdict")
    .argument("<id>", "as 'drill list' names it")
    .action((id: string, options: NodeOptions) => abort(id, options));
}

async function run(options: DrillOptions): Promise<void> {
  const { server, drain = [], down = [], reason, abortWhen = [], force = false, dryRun = false } = options;
  if (drain.length + down.length === 0) throw usage("say what to take away: --drain REF or --down REF");
  if (options.for === undefined) throw usage("say for how long, as in --for 10m");
  if (reason === undefined) throw usage("say why, for whoever finds it: --reason TEXT");
  const { owner = person() } = options;
  const json = { drain, down, for: options.for, reason, owner, abortWhen, force, dryRun };
  const reply = await askNode(server, PATH, { method: "POST", token: tokenOf(options), json });
  if (reply.status === STATUS_REFUSED && !options.json) printRefused(reply);
  if (reply.status !== (dryRun ? 200 : 201)) throw failureOf(reply);
  if (dryRun) {
    const read = readReply(server, preflightSchema.extend({ ready: z.boolean() }), reply);
    if (options.json) printJson(read);
    else printLines(formatPreflight(read));
    endWith(read.ready ? EXIT.ok : EXIT.no);
    return;
  }
  const begun = readReply(server, drillSchema, reply);
  if (!options.json) {
    printLines(formatPreflight(begun.preflight));
    printLine(`drill ${begun.id} runs until ${begun.until}: ${describeParts(begun)}`);
  }
  printVerdict(await follow(begun, options), options);
}

/** Asks until there is a verdict; an interrupt asks for the end, and a second one does not wait for it. */
async function follow(begun: DrillReply, options: NodeOptions): Promise<DrillReply> {
  const interrupt = new AbortController();
  const onInterrupt = (): void => {
    if (interrupt.signal.aborted) process.exit(EXIT.no);
    printError("interrupted: asking the node to end the drill");
    interrupt.abort();
  };
  process.on("SIGINT", onInterrupt);
  try {
    return await ask(begun, options, interrupt.signal);
  } finally {
    process.off("SIGINT", onInterrupt);
  }
}

async function ask(begun: DrillReply, options: NodeOptions, interrupt: AbortSignal): Promise<DrillReply> {
  let seen = 0;
  let isLost = false;
  for (;;) {
    try {
      const reply = await askFor(begun.id, options, interrupt.aborted);
      const drill = readReply(options.server, drillSchema, reply);
      isLost = false;
      if (!options.json)
        for (const event of drill.events.slice(seen)) printLine(eventCells(event).join("  "));
      seen = drill.events.length;
      if (drill.outcome !== "running") return drill;
    } catch (error) {
      if (!(error instanceof Unreachable) || Date.now() > Date.parse(begun.until) + PATIENCE_MS) throw error;
      if (!isLost) printError(`${error.message}; the drill ends there by itself, trying again`);
      isLost = true;
    }
    // An interrupt is obeyed at once, and afterwards the node is asked as before.
    const signal = interrupt.aborted ? {} : { signal: interrupt };
    await wait(POLL_EVERY_MS, undefined, signal).catch(() => undefined);
  }
}

/** The node cannot be reached now. */
class Unreachable extends CommandFailure {}

async function askFor(id: string, options: NodeOptions, toEnd: boolean): Promise<NodeReply> {
  const path = `${PATH}/${encodeURIComponent(id)}`;
  let reply: NodeReply;
  try {
    const ended = toEnd
      ? await askNode(options.server, endingPath(id), { method: "DELETE", token: tokenOf(options) })
      : undefined;
    // One that has ended meanwhile cannot be ended, and has its verdict.
    reply = ended?.status === 200 ? ended : await askNode(options.server, path);
  } catch (error) {
    throw error instanceof CommandFailure ? new Unreachable(error.status, error.message) : error;
  }
  if (reply.status !== 200) throw failureOf(reply);
  return reply;
}

async function list({ server, json }: NodeOptions): Promise<void> {
  const [kept, status] = await Promise.all([askNode(server, PATH), askNode(server, "/api/v1/status")]);
  for (const reply of [kept, status]) if (reply.status !== 200) throw failureOf(reply);
  const drills = readReply(server, z.array(drillSummarySchema), kept);
  const { scheduled } = readReply(server, scheduledDrillsSchema, status).drills;
  if (json) printJson({ drills, scheduled });
  else {
    const rows = [...drills.map(summaryCells), ...scheduled.map(scheduledCells)];
    printLines(formatColumns(rows));
  }
  endWith(EXIT.ok);
}

async function show(id: string, options: NodeOptions): Promise<void> {
  const reply = await askNode(options.server, `${PATH}/${encodeURIComponent(id)}`);
  if (reply.status !== 200) throw failureOf(reply);
  printVerdict(readReply(options.server, drillSchema, reply), options);
  endWith(EXIT.ok);
}

async function abort(id: string, options: NodeOptions): Promise<void> {
  const init = { method: "DELETE", token: tokenOf(options) } as const;
  const reply = await askNode(options.server, endingPath(id), init);
  if (reply.status !== 200) throw failureOf(reply);
  printVerdict(readReply(options.server, drillSchema, reply), options);
  endWith(EXIT.ok);
}

function printVerdict(drill: DrillReply, { json }: NodeOptions): void {
  if (json) printJson(drill);
  else printLines(formatVerdict(drill));
  endWith(drill.outcome === "passed" ? EXIT.ok : EXIT.no);
}

/** What the preflight found, before the one line that says that it does not begin. */
function printRefused({ body }: NodeReply): void {
  const parsed = z.object({ preflight: preflightSchema }).safeParse(body);
  if (parsed.success) printLines(formatPreflight(parsed.data.preflight));
}

/** `why` of the verdict names who asked. */
function endingPath(id: string): string {
  return `${PATH}/${encodeURIComponent(id)}?owner=${encodeURIComponent(person())}`;
}

function usage(message: string): CommandFailure {
  return new CommandFailure(EXIT.usage, message);
}
