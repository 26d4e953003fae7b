/** `fairlead explain NAME [TYPE]`: why a name is answered as it is, from files alone or by a running node. */

import { type Command, Option } from "commander";
import { explainName } from "../daemon/explain.ts";
import { supposeDown } from "../daemon/supposed-health.ts";
import type { TraceNode } from "../policy/evaluation.ts";
import {
  type Asked,
  askToExplain,
  type Explained,
  type ExplainingOptions,
  explainingCommand,
  explanationSchema,
  formatQuestion,
  isNo,
  refusalFailure,
  stateFromFiles,
} from "./explaining.ts";
import { CommandFailure, EXIT, endWith, formatColumns, printJson, printLines } from "./outcome.ts";
import { formatPercent } from "./percent.ts";

type ExplainedEndpoint = Explained["endpoints"][number];

export function addExplain(program: Command): void {
  const down = new Option(
    "--down <ref...>",
    "pools or endpoints (pool/endpoint) supposed down; with files only",
  );
  explainingCommand(program, "explain", down)
    .description("explain an answer: every policy node entered, every endpoint considered, and why")
    .addHelpText(
      "after",
      "\nWith files every endpoint is supposed up, save for those of --down; --server asks a running node instead." +
        "\nExit status: 0 there is an answer, 1 there is none or nothing is up, 2 wrong usage.",
    )
    .action((name: string, type: string, options: ExplainingOptions) => run({ ...options, name, type }));
}

async function run(asked: Asked): Promise<void> {
  const { server, json } = asked;
  const explained = server === undefined ? fromFiles(asked) : await fromNode(server, asked);
  if (json) printJson(explained);
  else printLines(formatExplanation(explained));
  endWith(isNo(explained) ? EXIT.no : EXIT.ok);
}

function fromFiles(asked: Asked): Explained {
  const state = stateFromFiles(asked);
  const supposed = supposeDown(state.definitions, asked.down ?? [], state.snapshot);
  if (!supposed.ok) throw new CommandFailure(EXIT.usage, supposed.message);
  const outcome = explainName({ ...state, snapshot: supposed.snapshot }, { client: undefined, ...asked });
  if (!outcome.ok) throw refusalFailure(outcome.parameter, outcome.message);
  return explanationSchema.parse(outcome.explanation);
}

async function fromNode(server: string, asked: Asked): Promise<Explained> {
  if (asked.down !== undefined) {
    throw new CommandFailure(
      EXIT.usage,
      "--down supposes a health, and a running node has its own; 'whatif' puts the two side by side",
    );
  }
  return askToExplain(server, "explain", asked, explanationSchema);
}

function formatExplanation(explained: Explained): string[] {
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
