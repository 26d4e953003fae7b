/**
 * What `explain` and `whatif` share: what they are asked, where explanations come from, their shape, and what of them is
 * a no.
 */

import { type Command, Option } from "commander";
import { z } from "zod";
import type { ExplainedState } from "../daemon/explain.ts";
import { createMaintenance } from "../daemon/maintenance.ts";
import { supposeAllUp } from "../daemon/supposed-health.ts";
import type { TraceNode } from "../policy/evaluation.ts";
import { supposeResolved } from "../policy/resolved.ts";
import { indexZones } from "../zone/lookup.ts";
import { geoipOption, placesBy, refuseGeoip } from "./geo-option.ts";
import { askNode, errorOf, readReply, serverOption } from "./node-client.ts";
import { CommandFailure, EXIT } from "./outcome.ts";
import { overrideSchema } from "./override-reply.ts";
import { loadUntried, zonesOption } from "./zone-option.ts";

export interface ExplainingOptions {
  readonly zones: string;
  readonly geoip?: string;
  readonly server?: string;
  readonly client?: string;
  readonly down?: readonly string[];
  readonly dryRun?: true;
  readonly json?: true;
}

/** The options with the arguments. */
export interface Asked extends ExplainingOptions {
  readonly name: string;
  readonly type: string;
}

/** A command that takes what both take; each has its own words for `--down`. */
export function explainingCommand(program: Command, name: string, down: Option): Command {
  return program
    .command(name)
    .argument("<name>", "the name that is asked for")
    .argument("[type]", "the record type", "A")
    .addOption(zonesOption())
    .addOption(geoipOption())
    .addOption(serverOption())
    .option("--client <client>", "who asks: an address, a network, country:XX or continent:XX")
    .addOption(down)
    .option("--dry-run", "explain the dry run at the name, as if it were served")
    .option("--json", "print JSON");
}

const traceSchema: z.ZodType<TraceNode> = z.lazy(() =>
  z.object({
    node: z.string(),
    decision: z.string(),
    reason: z.string(),
    children: z.array(traceSchema).exactOptional(),
  }),
);

const endpointSchema = z.looseObject({
  pool: z.string(),
  endpoint: z.string(),
  observed: z.string(),
  forced: z.string().nullable(),
  since: z.string().nullable(),
  reason: z.string(),
  override: overrideSchema.nullable(),
});

export const explanationSchema = z.looseObject({
  name: z.string(),
  type: z.string(),
  client: z.string().nullable(),
  location: z.string().nullable(),
  ttlSeconds: z.number().nullable(),
  rung: z.number().nullable(),
  failingOpen: z.boolean(),
  outcome: z.enum(["answer", "nodata", "servfail", "nxdomain", "referral"]),
  shares: z.array(
    z.object({
      pool: z.string(),
      endpoint: z.string(),
      addresses: z.array(z.string()),
      cname: z.string().exactOptional(),
      share: z.number(),
    }),
  ),
  overCapacity: z.array(z.string()),
  trace: z.array(traceSchema),
  endpoints: z.array(endpointSchema),
  next: z.array(z.object({ at: z.string().exactOptional(), what: z.string() })),
  dryRun: z.literal(true).exactOptional(),
});

export type Explained = z.output<typeof explanationSchema>;

/**
 * The zones of a folder or a file with every endpoint supposed up; nothing is under way but windows that are to open. Ends
 * the command where they are faulty.
 */
export function stateFromFiles({ zones, geoip }: ExplainingOptions): ExplainedState {
  const placeOf = placesBy(geoip);
  const { definitions: written, zones: loaded, windows } = loadUntried([zones], "explain", placeOf);
  const definitions = supposeResolved(written);
  const maintenance = createMaintenance();
  maintenance.use(windows);
  maintenance.step(Date.now(), () => undefined);
  const pending = { overrides: [], windows: maintenance.views(), watched: () => [] };
  return { zones: indexZones(loaded), definitions, snapshot: supposeAllUp(definitions), placeOf, pending };
}

/** Asks a running node. Ends the command where it refuses. */
export async function askToExplain<T>(
  server: string,
  resource: "explain" | "whatif",
  asked: Asked,
  schema: z.ZodType<T>,
): Promise<T> {
  refuseGeoip(asked.geoip);
  const reply = await askNode(server, `/api/v1/${resource}?${parametersOf(asked).toString()}`);
  if (reply.status === 200) return readReply(server, schema, reply);
  const { message, parameter } = errorOf(reply);
  throw refusalFailure(parameter, message);
}

function parametersOf({ name, type, client, down, dryRun }: Asked): URLSearchParams {
  const parameters = new URLSearchParams({ name, type });
  if (client !== undefined) parameters.set("client", client);
  if (dryRun) parameters.set("mode", "dry-run");
  for (const ref of down ?? []) parameters.append("down", ref);
  return parameters;
}

/** A wrong parameter is wrong usage; a name that is not served is a no. */
export function refusalFailure(parameter: string | undefined, message: string): CommandFailure {
  return new CommandFailure(parameter === undefined ? EXIT.no : EXIT.usage, message);
}

/** The answer is no where there is none, and where nothing is up and last resorts end. */
export function isNo({ outcome, rung }: Pick<Explained, "outcome" | "rung">): boolean {
  return outcome === "nxdomain" || outcome === "servfail" || rung === 4;
}

export function formatQuestion({ name, type, client, location, dryRun }: Explained): string {
  const from = client === null ? "a client of whom nothing is known" : client;
  const place = location === null ? "" : ` in ${location}`;
  return `${dryRun ? "dry run of " : ""}${name} ${type} asked by ${from}${place}`;
}
