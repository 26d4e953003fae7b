/** `fairlead events`: what happened on a running node, and with `--follow` what happens. */

import { setTimeout } from "node:timers/promises";
import type { Command } from "commander";
import { z } from "zod";
import { type EventReply, eventSchema } from "./event-reply.ts";
import { readServerSentEvents } from "./event-stream.ts";
import { askNode, DEFAULT_SERVER_URL, errorOf, followNode, readReply, serverOption } from "./node-client.ts";
import {
  CommandFailure,
  EXIT,
  formatColumns,
  printError,
  printJson,
  printLine,
  printLines,
} from "./outcome.ts";

interface EventsOptions {
  readonly server: string;
  readonly follow?: true;
  readonly json?: true;
  readonly since?: string;
  readonly ref?: string;
  readonly kind?: string;
  readonly limit?: string;
}

/** Between two tries to reach a node that is followed. */
const TRY_AGAIN_MS = 2_000;

export function addEvents(program: Command): void {
  program
    .command("events")
    .description("show what happened on a running node")
    .addOption(serverOption().default(DEFAULT_SERVER_URL))
    .option("--follow", "go on with what happens, until it is interrupted")
    .option("--since <when>", "how long ago, such as 1h, or a time such as 2026-11-22T12:00:00Z")
    .option("--ref <ref>", "only of this endpoint, or of this pool and its endpoints, or of this owner name")
    .option("--kind <kinds>", "only of these kinds, such as endpoint,policy")
    .option("--limit <number>", "how many at most, the latest (default: 100)")
    .option("--json", "print JSON; with --follow an event a line")
    .addHelpText("after", "\nExit status: 0 printed, 1 the node cannot be reached, 2 wrong usage.")
    .action((options: EventsOptions) => events(options));
}

async function events(options: EventsOptions): Promise<void> {
  const { server, json, follow } = options;
  // What is not asked for is not followed on from, but it has happened: nothing before it is to come again.
  const latest = follow ? await askEvents(server, new URLSearchParams({ limit: "1" })) : [];
  const past = await askEvents(server, queryOf(options, ["since", "ref", "kind", "limit"]));
  if (follow) {
    for (const event of past) printFollowed(event, json);
    await followFrom(Math.max(0, ...[...latest, ...past.slice(-1)].map(({ id }) => id)), options);
  } else if (json) printJson(past);
  else printLines(formatColumns(past.map(cellsOf)));
}

async function askEvents(server: string, query: URLSearchParams): Promise<EventReply[]> {
  const reply = await askNode(server, `/api/v1/events?${query.toString()}`);
  if (reply.status === 400) throw new CommandFailure(EXIT.usage, errorOf(reply).message);
  if (reply.status !== 200) throw new CommandFailure(EXIT.no, errorOf(reply).message);
  return readReply(server, z.array(eventSchema), reply);
}

function queryOf(
  options: EventsOptions,
  keys: readonly ("since" | "ref" | "kind" | "limit")[],
): URLSearchParams {
  const query = new URLSearchParams();
  for (const key of keys) {
    const value = options[key];
    if (value !== undefined) query.set(key, value);
  }
  return query;
}

/** A node that is restarted is followed on: it knows which events were not seen. */
async function followFrom(firstId: number, options: EventsOptions): Promise<never> {
  const { server, json } = options;
  const path = `/api/v1/stream?${queryOf(options, ["ref", "kind"]).toString()}`;
  let lastId = firstId;
  let isLost = false;
  for (;;) {
    try {
      for await (const { name, data } of readServerSentEvents(followNode(server, path, lastId))) {
        if (name === "gap") {
          printError("some events in between are not shown: they are too many, or no longer kept");
          continue;
        }
        const event = eventSchema.parse(JSON.parse(data));
        lastId = event.id;
        isLost = false;
        printFollowed(event, json);
      }
    } catch (error) {
      if (!isLost) printError(`${error instanceof Error ? error.message : String(error)}; trying again`);
      isLost = true;
    }
    await setTimeout(TRY_AGAIN_MS);
  }
}

function printFollowed(event: EventReply, json: true | undefined): void {
  printLine(json ? JSON.stringify(event) : cellsOf(event).join("  "));
}

function cellsOf({ at, kind, ref, from, to, reason, owner, refused }: EventReply): string[] {
  const change = from === null ? (to ?? "") : `${from} → ${to ?? "none"}`;
  const by = owner === undefined ? "" : ` (${owner})`;
  return [at, kind, ref, change, `${refused === undefined ? "" : `refused: ${refused}; `}${reason}${by}`];
}
