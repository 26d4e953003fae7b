/** `fairlead reload`: has a running node read its zone files again. */

import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { z } from "zod";
import { systemReason } from "../daemon/system-error.ts";
import { formatDiagnostic } from "../zone/diagnostic.ts";
import { askNode, DEFAULT_SERVER_URL, errorOf, readReply, serverOption } from "./node-client.ts";
import { CommandFailure, EXIT, endWith, printError, printJson, printLine } from "./outcome.ts";

interface ReloadOptions {
  readonly server: string;
  readonly adminTokenFile?: string;
  readonly json?: true;
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
  error: z.string().optional(),
});

/** Unprocessable Content (RFC 9110 §15.5.21): the files are faulty, and the body says how. */
const STATUS_FAULTY = 422;

export function addReload(program: Command): void {
  program
    .command("reload")
    .description("have a running node read its zone files again")
    .addOption(serverOption().default(DEFAULT_SERVER_URL))
    .option("--admin-token-file <file>", "holds the token that the node asks for")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExit status: 0 reloaded, 1 refused: the running zones stay, 2 wrong usage.")
    .action((options: ReloadOptions) => reload(options));
}

async function reload({ server, adminTokenFile, json }: ReloadOptions): Promise<void> {
  const token = adminTokenFile === undefined ? undefined : readToken(adminTokenFile);
  const reply = await askNode(server, "/api/v1/reload", { method: "POST", token });
  if (reply.status !== 200 && reply.status !== STATUS_FAULTY) {
    throw new CommandFailure(EXIT.no, errorOf(reply).message);
  }
  const read = readReply(server, reloadSchema, reply);
  if (json) {
    printJson(read);
  } else {
    for (const diagnostic of read.diagnostics) printLine(formatDiagnostic(diagnostic));
    if (read.error === undefined) printLine(`reloaded, generation ${read.generation}`);
    else printError(read.error);
  }
  endWith(reply.status === 200 ? EXIT.ok : EXIT.no);
}

/** The token of a token file: its first line, without blanks around it. Ends the command where there is none. */
export function readToken(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new CommandFailure(EXIT.usage, `Cannot read the admin token: ${systemReason(error, path)}`);
  }
  const token = text.split("\n", 1)[0]?.trim() ?? "";
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new CommandFailure(EXIT.usage, `Cannot read the admin token: ${path} holds none in its first line`);
}
