/** `fairlead status`: what a running node serves, and the health it goes by. */

import type { Command } from "commander";
import { z } from "zod";
import { AVAILABILITY_WINDOWS, formatAvailability } from "../health/availability.ts";
import { askNode, DEFAULT_SERVER_URL, errorOf, readReply, serverOption } from "./node-client.ts";
import { CommandFailure, EXIT, endWith, formatColumns, printJson, printLines } from "./outcome.ts";
import { overrideCells, overrideSchema } from "./override-reply.ts";

interface StatusOptions {
  readonly server: string;
  readonly json?: true;
}

const holdSchema = z.discriminatedUnion("kind", [
  z.looseObject({ kind: z.literal("held"), until: z.string().nullable() }),
  z.looseObject({ kind: z.literal("ramping"), part: z.number() }),
]);

const ofWindowSchema = z.looseObject({ ratio: z.number().nullable(), knownSeconds: z.number() });
const availabilitySchema = z.partialRecord(
  z.enum(AVAILABILITY_WINDOWS.map(({ window }) => window)),
  ofWindowSchema,
);

const statusSchema = z.looseObject({
  node: z.string(),
  ready: z.boolean(),
  reasons: z.array(z.string()).optional(),
  generation: z.number(),
  load: z
    .looseObject({
      success: z.boolean(),
      refused: z.string().nullable().optional(),
      despite: z
        .looseObject({ checks: z.array(z.string()), reason: z.string(), owner: z.string(), at: z.string() })
        .nullable()
        .optional(),
    })
    .optional(),
  zones: z.array(
    z.looseObject({
      name: z.string(),
      serial: z.number(),
      policies: z.array(
        z.looseObject({
          owner: z.string(),
          expression: z.string(),
          dryRun: z.boolean().optional(),
          rung: z.number(),
          failingOpen: z.boolean(),
          overCapacity: z.array(z.string()).optional(),
          ttlSeconds: z.number(),
          availability: availabilitySchema.optional(),
          shares: z.array(z.looseObject({ pool: z.string(), endpoint: z.string(), share: z.number() })),
        }),
      ),
    }),
  ),
  overrides: z.array(overrideSchema).optional(),
  windows: z
    .array(
      z.looseObject({
        ref: z.string(),
        state: z.string(),
        place: z.string(),
        refused: z.string().nullable(),
      }),
    )
    .optional(),
  overrideFile: z.looseObject({ error: z.string().nullable() }).nullable().optional(),
  pools: z.array(
    z.looseObject({
      name: z.string(),
      up: z.boolean(),
      availability: availabilitySchema.optional(),
      holds: z.partialRecord(z.enum(["ipv4", "ipv6"]), holdSchema).optional(),
      endpoints: z.array(
        z.looseObject({
          name: z.string(),
          up: z.boolean(),
          observed: z.string(),
          forced: z.string().nullable(),
          since: z.string().nullable(),
          reason: z.string(),
          host: z
            .looseObject({
              name: z.string(),
              resolvedAt: z.string().nullable(),
              failure: z.string().nullable(),
            })
            .nullable()
            .optional(),
        }),
      ),
    }),
  ),
});

type Availability = z.output<typeof availabilitySchema>;
type Status = z.output<typeof statusSchema>;
type Host = NonNullable<Status["pools"][number]["endpoints"][number]["host"]>;

export function addStatus(program: Command): void {
  program
    .command("status")
    .description("show what a running node serves and the health it goes by")
    .addOption(serverOption().default(DEFAULT_SERVER_URL))
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExit status: 0 the node is ready, 1 it is not or cannot be reached, 2 wrong usage.",
    )
    .action((options: StatusOptions) => status(options));
}

async function status({ server, json }: StatusOptions): Promise<void> {
  const reply = await askNode(server, "/api/v1/status");
  if (reply.status !== 200) throw new CommandFailure(EXIT.no, errorOf(reply).message);
  const read = readReply(server, statusSchema, reply);
  if (json) printJson(read);
  else printLines(formatStatus(read));
  endWith(read.ready ? EXIT.ok : EXIT.no);
}

function formatStatus(status: Status): string[] {
  const reasons = (status.reasons ?? []).join(", ");
  const ready = status.ready ? "ready" : `not ready${reasons === "" ? "" : ` (${reasons})`}`;
  return [
    `${status.node}: ${ready}, generation ${status.generation}`,
    ...loadLines(status),
    "",
    ...forcingLines(status),
    ...status.zones.flatMap((zone) => [`zone ${zone.name} serial ${zone.serial}`, ...policyLines(zone)]),
    "",
    ...formatColumns(status.pools.flatMap(poolRows)),
  ];
}

/** Nothing where the files are served, and passed every check. */
function loadLines({ load }: Status): string[] {
  const { success = true, refused = "faulty", despite } = load ?? {};
  const stale = success
    ? []
    : [`the zone files are refused (${refused ?? "faulty"}): an earlier set is served`];
  if (!despite) return stale;
  const { checks, owner, at, reason } = despite;
  return [...stale, `loaded despite ${checks.join(", ")} by ${owner}, ${at}: ${reason}`];
}

/** Nothing where nothing is forced. */
function forcingLines({ overrides = [], windows = [], overrideFile }: Status): string[] {
  const refused = windows.flatMap(({ ref, state, place, refused }) =>
    refused === null ? [] : [`window ${ref} ${state} (${place}) is not in force: ${refused}`],
  );
  const fault = overrideFile?.error ?? null;
  const file = fault === null ? [] : [`the file of overrides is refused: ${fault}`];
  const rows = formatColumns(overrides.map((override) => ["override", ...overrideCells(override)]));
  const lines = [...rows, ...refused, ...file];
  return lines.length === 0 ? [] : [...lines, ""];
}

function policyLines({ policies }: Status["zones"][number]): string[] {
  return formatColumns(
    policies.map(
      ({
        owner,
        expression,
        dryRun,
        rung,
        failingOpen,
        overCapacity = [],
        ttlSeconds,
        availability,
        shares,
      }) => [
        `  ${owner}`,
        `${dryRun ? "dry run, " : ""}rung ${rung}${failingOpen ? ", failing open" : ""}${overCapacity.length > 0 ? `, over capacity: ${overCapacity.join(" ")}` : ""}`,
        `TTL ${ttlSeconds} s`,
        shares.map(({ pool, endpoint, share }) => `${pool}/${endpoint}=${percent(share)}%`).join(" "),
        expression,
        describeAvailability(availability),
      ],
    ),
  );
}

function poolRows({ name, up, availability, holds = {}, endpoints }: Status["pools"][number]): string[][] {
  const held = Object.entries(holds).map(([family, hold]) => `${family} ${describeHold(hold)}`);
  return [
    [`pool ${name}`, up ? "up" : "down", describeAvailability(availability), held.join(", ")],
    ...endpoints.map((endpoint) => [
      `  ${endpoint.name}`,
      endpoint.up ? "up" : "down",
      `observed ${endpoint.observed}`,
      endpoint.forced === null ? "" : `forced ${endpoint.forced}`,
      endpoint.since === null ? "" : `since ${endpoint.since}`,
      endpoint.host ? `${endpoint.reason}; ${describeHost(endpoint.host)}` : endpoint.reason,
    ]),
  ];
}

function describeAvailability(availability: Availability = {}): string {
  const text = formatAvailability(availability);
  return text === "" ? "" : `available ${text}`;
}

function describeHost({ name, resolvedAt, failure }: Host): string {
  const resolved = resolvedAt === null ? "was never resolved" : `as resolved ${resolvedAt}`;
  return `${name} ${resolved}${failure === null ? "" : `, and not since: ${failure}`}`;
}

function describeHold(hold: z.output<typeof holdSchema>): string {
  if (hold.kind === "ramping") return `in its slow start, back for ${percent(hold.part)}% of the clients`;
  return hold.until === null ? "held back until it is forced up" : `held back until ${hold.until}`;
}

function percent(share: number): string {
  return String(Math.round(share * 10_000) / 100);
}
