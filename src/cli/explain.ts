/** `fairlead explain NAME [TYPE]`: why a name is answered as it is, from files alone or by a running node. */

import type { Command } from "commander";
import { z } from "zod";
import { explainName } from "../daemon/explain.ts";
import { supposeDown } from "../daemon/supposed-health.ts";
import { diagnosticsOf } from "../daemon/zone-loading.ts";
import type { TraceNode } from "../policy/evaluation.ts";
import { supposeResolved } from "../policy/resolved.ts";
import { formatDiagnostic } from "../zone/diagnostic.ts";
import { indexZones } from "../zone/lookup.ts";
import { geoipOption, placesBy } from "./geo-option.ts";
import { askNode, errorOf, readReply, serverOption } from "./node-client.ts";
import {
  CommandFailure,
  EXIT,
  type ExitStatus,
  endWith,
  formatColumns,
  printJson,
  printLine,
} from "./outcome.ts";
import { loadZonePaths, zonesOption } from "./zone-option.ts";

interface ExplainOptions {
  readonly zones: string;
  readonly geoip?: string;
  readonly server?: string;
  readonly client?: string;
  readonly down?: readonly string[];
  readonly json?: true;
}

const traceSchema: z.ZodType<TraceNode> = z.lazy(() =>
  z.object({
    node: z.string(),
    decision: z.string(),
    reason: z.string(),
    children: z.array(traceSchema).exactOptional(),
  }),
);

const explanationSchema = z.looseObject({
  name: z.string(),
  type: z.string(),
  client: z.string().nullable(),
  location: z.string().nullable(),
  ttlSeconds: z.number().nullable(),
  rung: z.number().nullable(),
  failingOpen: z.boolean(),
  outcome: z.enum(["answer", "nodata", "servfail", "nxdomain", "referral"]),
  shares: z.array(
    z.object({ pool: z.string(), endpoint: z.string(), addresses: z.array(z.string()), share: z.number() }),
  ),
  trace: z.array(traceSchema),
});

type Explained = z.output<typeof explanationSchema>;

export function addExplain(program: Command): void {
  program
    .command("explain")
    .description("explain an answer: every policy node entered, every endpoint considered, and why")
    .argument("<name>", "the name that is asked for")
    .argument("[type]", "the record type", "A")
    .addOption(zonesOption())
    .addOption(geoipOption())
    .addOption(serverOption())
    .option("--client <client>", "who asks: an address, a network, country:XX or continent:XX")
    .option("--down <ref...>", "pools or endpoints (pool/endpoint) supposed down; with files only")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nWith files every endpoint is supposed up, save for those of --down; --server asks a running node instead." +
        "\nExit status: 0 there is an answer, 1 there is none or nothing is up, 2 wrong usage.",
    )
    .action((name: string, type: string, options: ExplainOptions) => run(name, type, options));
}

async function run(name: string, type: string, options: ExplainOptions): Promise<void> {
  const explained =
    options.server === undefined
      ? fromFiles(name, type, options)
      : await fromNode(name, type, options.server, options);
  if (options.json) printJson(explained);
  else for (const line of formatExplanation(explained)) printLine(line);
  endWith(statusOf(explained));
}

function fromFiles(name: string, type: string, { zones, geoip, client, down }: ExplainOptions): Explained {
  const placeOf = placesBy(geoip);
  const result = loadZonePaths([zones], placeOf);
  // A failed expectation is a reason to ask, not a reason to be silent.
  const fault = diagnosticsOf(result, "error").find(
    ({ severity, code }) => severity === "error" && code !== "expectation-failed",
  );
  const set = result.untried;
  if (set === undefined || fault !== undefined) {
    const first = fault === undefined ? "" : `: ${formatDiagnostic(fault)}`;
    throw new CommandFailure(EXIT.no, `Cannot explain, the zones are faulty${first}`);
  }
  const definitions = supposeResolved(set.definitions);
  const supposed = supposeDown(definitions, down ?? []);
  if (!supposed.ok) throw new CommandFailure(EXIT.usage, supposed.message);
  const state = { zones: indexZones(set.zones), definitions, snapshot: supposed.snapshot, placeOf };
  const outcome = explainName(state, { name, type, client });
  if (!outcome.ok) {
    throw new CommandFailure(outcome.parameter === undefined ? EXIT.no : EXIT.usage, outcome.message);
  }
  return explanationSchema.parse(outcome.explanation);
}

async function fromNode(
  name: string,
  type: string,
  server: string,
  { geoip, client, down }: ExplainOptions,
): Promise<Explained> {
  if (down !== undefined) {
    throw new CommandFailure(EXIT.usage, "--down supposes a health, and a running node has its own");
  }
  if (geoip !== undefined) {
    throw new CommandFailure(EXIT.usage, "--geoip is for files, and a running node has its own database");
  }
  const query = new URLSearchParams({ name, type, ...(client === undefined ? {} : { client }) });
  const reply = await askNode(server, `/api/v1/explain?${query.toString()}`);
  if (reply.status !== 200) {
    const { message, parameter } = errorOf(reply);
    throw new CommandFailure(parameter === undefined ? EXIT.no : EXIT.usage, message);
  }
  return readReply(server, explanationSchema, reply);
}

/** The answer is no where there is none, and where nothing is up and last resorts end. */
function statusOf({ outcome, rung }: Explained): ExitStatus {
  const isNo = outcome === "nxdomain" || outcome === "servfail" || rung === 4;
  return isNo ? EXIT.no : EXIT.ok;
}

export function formatExplanation(explained: Explained): string[] {
  const { name, type, client, location, outcome, rung, ttlSeconds, failingOpen } = explained;
  const from = client === null ? "a client of whom nothing is known" : client;
  const place = location === null ? "" : ` in ${location}`;
  const facts = [
    rung === null ? undefined : `rung ${rung}`,
    ttlSeconds === null ? undefined : `TTL ${ttlSeconds} s`,
    failingOpen ? "failing open" : undefined,
  ].filter((fact) => fact !== undefined);
  return [
    `${name} ${type} asked by ${from}${place}`,
    ...formatTree(explained.trace, ""),
    `outcome: ${[outcome, ...facts].join(", ")}`,
    ...formatColumns(
      explained.shares.map(({ pool, endpoint, addresses, share }) => [
        `  ${(share * 100).toFixed(2).padStart(6)} %`,
        `${pool}/${endpoint}`,
        addresses.join(" "),
      ]),
    ),
  ];
}

function formatTree(nodes: readonly TraceNode[], indent: string): string[] {
  return nodes.flatMap(({ node, decision, reason, children }, index) => {
    const isLast = index === nodes.length - 1;
    const line = `${indent}${isLast ? "└─" : "├─"} ${node}: ${decision} (${reason})`;
    return [line, ...formatTree(children ?? [], `${indent}${isLast ? "   " : "│  "}`)];
  });
}
