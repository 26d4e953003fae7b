/** `fairlead explain NAME [TYPE]`: why a name is answered as it is, from files alone or by a running node. */

import type { Command } from "commander";
import { explainName } from "../daemon/explain.ts";
import { supposeDown } from "../daemon/supposed-health.ts";
import type { TraceNode } from "../policy/evaluation.ts";
import {
  askToExplain,
  dryRunOption,
  type Explained,
  explainParameters,
  explanationSchema,
  formatQuestion,
  isNo,
  refusalFailure,
  stateFromFiles,
} from "./explaining.ts";
import { geoipOption, placesBy, refuseGeoip } from "./geo-option.ts";
import { serverOption } from "./node-client.ts";
import { CommandFailure, EXIT, endWith, formatColumns, printJson, printLine } from "./outcome.ts";
import { formatPercent } from "./percent.ts";
import { zonesOption } from "./zone-option.ts";

type ExplainedEndpoint = Explained["endpoints"][number];

interface ExplainOptions {
  readonly zones: string;
  readonly geoip?: string;
  readonly server?: string;
  readonly client?: string;
  readonly down?: readonly string[];
  readonly dryRun?: true;
  readonly json?: true;
}

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
    .addOption(dryRunOption())
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
  endWith(isNo(explained) ? EXIT.no : EXIT.ok);
}

function fromFiles(name: string, type: string, options: ExplainOptions): Explained {
  const { zones, geoip, client, down, dryRun } = options;
  const state = stateFromFiles(zones, placesBy(geoip));
  const supposed = supposeDown(state.definitions, down ?? [], state.snapshot);
  if (!supposed.ok) throw new CommandFailure(EXIT.usage, supposed.message);
  const outcome = explainName(
    { ...state, snapshot: supposed.snapshot },
    {
      name,
      type,
      client,
      ...(dryRun ? { dryRun } : {}),
    },
  );
  if (!outcome.ok) throw refusalFailure(outcome.parameter, outcome.message);
  return explanationSchema.parse(outcome.explanation);
}

async function fromNode(
  name: string,
  type: string,
  server: string,
  options: ExplainOptions,
): Promise<Explained> {
  if (options.down !== undefined) {
    throw new CommandFailure(
      EXIT.usage,
      "--down supposes a health, and a running node has its own; 'whatif' puts the two side by side",
    );
  }
  refuseGeoip(options.geoip);
  const query = explainParameters(name, type, options);
  return askToExplain(server, `/api/v1/explain?${query.toString()}`, explanationSchema);
}

export function formatExplanation(explained: Explained): string[] {
  const { outcome, rung, ttlSeconds, failingOpen } = explained;
  const facts = [
    rung === null ? undefined : `rung ${rung}`,
    ttlSeconds === null ? undefined : `TTL ${ttlSeconds} s`,
    failingOpen ? "failing open" : undefined,
  ].filter((fact) => fact !== undefined);
  return [
    formatQuestion(explained),
    ...formatTree(explained.trace, ""),
    `outcome: ${[outcome, ...facts].join(", ")}`,
    ...formatColumns(
      explained.shares.map(({ pool, endpoint, addresses, cname, share }) => [
        `  ${formatPercent(share)}`,
        `${pool}/${endpoint}`,
        cname === undefined ? addresses.join(" ") : `CNAME ${cname}`,
      ]),
    ),
    ...formatEndpoints(explained),
  ];
}

/** How the endpoints are, why, and what would change that; nothing where no policy was asked. */
function formatEndpoints({ endpoints, next }: Explained): string[] {
  if (endpoints.length === 0) return [];
  const changes = next.map(({ at, what }) => (at === undefined ? `  ${what}` : `  ${at} ${what}`));
  return [
    "endpoints:",
    ...formatColumns(endpoints.map(endpointCells)),
    ...(changes.length === 0 ? ["next: nothing is under way"] : ["next:", ...changes]),
  ];
}

function endpointCells({ pool, endpoint, observed, since, reason, ...by }: ExplainedEndpoint): string[] {
  const { forced, override } = by;
  const why = override === null ? "" : ` by ${override.owner} until ${override.until}: ${override.reason}`;
  return [
    `  ${pool}/${endpoint}`,
    `observed ${observed}`,
    since === null ? "" : `since ${since}`,
    forced === null ? reason : `${reason}; forced ${forced}${why}`,
  ];
}

function formatTree(nodes: readonly TraceNode[], indent: string): string[] {
  return nodes.flatMap(({ node, decision, reason, children }, index) => {
    const isLast = index === nodes.length - 1;
    const line = `${indent}${isLast ? "└─" : "├─"} ${node}: ${decision} (${reason})`;
    return [line, ...formatTree(children ?? [], `${indent}${isLast ? "   " : "│  "}`)];
  });
}
