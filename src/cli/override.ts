/** `fairlead override set|clear|list`: what operators say of endpoints on a running node, against their probes. */

import type { Command } from "commander";
import { z } from "zod";
import { askNode, DEFAULT_SERVER_URL, readReply, serverOption } from "./node-client.ts";
import { failureOf, type NodeOptions, person, tokenOf, withNode } from "./operator.ts";
import { CommandFailure, EXIT, endWith, formatColumns, printJson, printLine, printLines } from "./outcome.ts";
import { overrideCells, overrideSchema } from "./override-reply.ts";

interface SetOptions extends NodeOptions {
  readonly for: string;
  readonly reason: string;
  readonly owner?: string;
  readonly force?: true;
}

const PATH = "/api/v1/overrides";
const STATES = ["up", "down", "drain"];
/** Of an id that is none, a REF may be meant. */
const STATUS_NOT_FOUND = 404;
const EXIT_STATUSES = "0 done, 1 refused or out of reach, 2 wrong usage.";

export function addOverride(program: Command): void {
  const override = program
    .command("override")
    .description("force endpoints up, down or out of answers on a running node");
  withNode(override.command("set"))
    .description("force what REF matches; it has an end and a reason")
    .argument("<ref>", "pool, pool/endpoint, or a glob such as '*/fra-*'")
    .argument("<state>", "up, down, or drain: out of answers, and no failure")
    .requiredOption("--for <duration>", "how long, as in 2h")
    .requiredOption("--reason <text>", "why, for whoever finds it")
    .option("--owner <text>", "whose it is (default: user@host)")
    .option("--force", "also where it leaves a policy nothing that is up; never against a $RULE")
    .addHelpText("after", `\nExit status: ${EXIT_STATUSES}`)
    .action((ref: string, state: string, options: SetOptions) => setOverride(ref, state, options));
  withNode(override.command("clear"))
    .description("end an override before its time")
    .argument("<ref|id>", "as 'override list' names it")
    .addHelpText("after", `\nExit status: ${EXIT_STATUSES}`)
    .action((which: string, options: NodeOptions) => clearOverride(which, options));
  override
    .command("list")
    .description("show what is forced, windows of the zones included")
    .addOption(serverOption().default(DEFAULT_SERVER_URL))
    .option("--json", "print JSON")
    .addHelpText("after", "\nOf several that match an endpoint the last one counts.")
    .action((options: NodeOptions) => listOverrides(options));
}

async function setOverride(ref: string, state: string, options: SetOptions): Promise<void> {
  if (!STATES.includes(state)) {
    throw new CommandFailure(EXIT.usage, `'${state}' is none of ${STATES.join(", ")}`);
  }
  const { server, reason, owner = person(), force = false } = options;
  const json = { ref, state, for: options.for, reason, owner, force };
  const reply = await askNode(server, PATH, { method: "POST", token: tokenOf(options), json });
  if (reply.status !== 201) throw failureOf(reply);
  const read = readReply(server, overrideSchema, reply);
  if (options.json) printJson(read);
  else printLine(`${read.ref} is forced ${read.state} until ${read.until} (${read.id})`);
  endWith(EXIT.ok);
}

async function clearOverride(which: string, options: NodeOptions): Promise<void> {
  const { server } = options;
  const init = { method: "DELETE", token: tokenOf(options) } as const;
  let reply = await askNode(server, `${PATH}?ref=${encodeURIComponent(which)}`, init);
  if (reply.status === STATUS_NOT_FOUND) {
    reply = await askNode(server, `${PATH}/${encodeURIComponent(which)}`, init);
  }
  if (reply.status !== 200) throw failureOf(reply);
  const read = readReply(server, z.array(overrideSchema), reply);
  if (options.json) printJson(read);
  else for (const { ref, state } of read) printLine(`${ref} is not forced ${state} any more`);
  endWith(EXIT.ok);
}

async function listOverrides({ server, json }: NodeOptions): Promise<void> {
  const reply = await askNode(server, PATH);
  if (reply.status !== 200) throw failureOf(reply);
  const read = readReply(server, z.array(overrideSchema), reply);
  if (json) printJson(read);
  else printLines(formatColumns(read.map(overrideCells)));
  endWith(EXIT.ok);
}
