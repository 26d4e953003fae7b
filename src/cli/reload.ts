/** `fairlead reload`: has a running node read its zone files again. */

import { type Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import { LOAD_CHECKS, type LoadCheck, type ReloadWish, unknownCheck } from "../daemon/reloading.ts";
import { formatDiagnostic } from "../zone/diagnostic.ts";
import { formatMove, moveSchema } from "./moves.ts";
import { askNode, DEFAULT_SERVER_URL, errorOf, readReply, serverOption } from "./node-client.ts";
import { type NodeOptions, person, tokenOf } from "./operator.ts";
import { CommandFailure, EXIT, endWith, printError, printJson, printLine, printLines } from "./outcome.ts";

interface ReloadOptions extends NodeOptions {
  readonly despite?: readonly LoadCheck[];
  readonly reason?: string;
  readonly owner?: string;
}

const reloadSchema = z.looseObject({
  generation: z.number(),
  diagnostics: z.array(
    z.object({
      file: z.string(),
      line: z.number(),
      column: z.number(),
      severity: z.enum(["error", "warning"]),
      code: z.string(),
      message: z.string(),
    }),
  ),
  moves: z.array(moveSchema).optional(),
  despite: z
    .looseObject({ checks: z.array(z.string()) })
    .nullable()
    .optional(),
  error: z.string().optional(),
});

/** Unprocessable Content (RFC 9110 §15.5.21): the files are faulty, and the body says how. */
const STATUS_FAULTY = 422;
const STATUS_MALFORMED = 400;

export function addReload(program: Command): void {
  program
    .command("reload")
    .description("have a running node read its zone files again")
    .addOption(serverOption().default(DEFAULT_SERVER_URL))
    .option(
      "--despite <checks>",
      "what must not refuse the zones: expect,max-shift; needs --reason",
      readChecks,
    )
    .option("--reason <text>", "why, for whoever finds it")
    .option("--owner <text>", "whose wish it is (default: user@host)")
    .option("--admin-token-file <file>", "holds the token that the node asks for")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\n--despite holds for these very files, over restarts too; what is read next is judged anew." +
        "\nExit status: 0 reloaded, 1 refused: the running zones stay, 2 wrong usage.",
    )
    .action((options: ReloadOptions) => reload(options));
}

function readChecks(text: string): readonly LoadCheck[] {
  return text.split(",").map((word) => {
    const check = LOAD_CHECKS.find((known) => known === word);
    if (check === undefined) throw new InvalidArgumentError(`${unknownCheck(word)}.`);
    return check;
  });
}

async function reload(options: ReloadOptions): Promise<void> {
  const { server, json } = options;
  const token = tokenOf(options);
  const wish = wishOf(options);
  const body = wish === undefined ? {} : { json: wish };
  const reply = await askNode(server, "/api/v1/reload", { method: "POST", token, ...body });
  if (reply.status === STATUS_MALFORMED) throw new CommandFailure(EXIT.usage, errorOf(reply).message);
  if (reply.status !== 200 && reply.status !== STATUS_FAULTY) {
    throw new CommandFailure(EXIT.no, errorOf(reply).message);
  }
  const read = readReply(server, reloadSchema, reply);
  if (json) {
    printJson(read);
  } else {
    for (const diagnostic of read.diagnostics) printLine(formatDiagnostic(diagnostic));
    printLines((read.moves ?? []).flatMap(formatMove));
    const despite = read.despite ? ` despite ${read.despite.checks.join(", ")}` : "";
    if (read.error === undefined) printLine(`reloaded${despite}, generation ${read.generation}`);
    else printError(read.error);
  }
  endWith(reply.status === 200 ? EXIT.ok : EXIT.no);
}

/** What a person wishes to overrule; ends the command where it is half said. */
function wishOf({ despite, reason, owner }: ReloadOptions): ReloadWish | undefined {
  if (despite === undefined && reason === undefined && owner === undefined) return undefined;
  if (despite === undefined) throw new CommandFailure(EXIT.usage, "--reason and --owner are for --despite");
  if (reason === undefined) throw new CommandFailure(EXIT.usage, "--despite needs --reason");
  return { despite, reason, owner: owner ?? person() };
}
