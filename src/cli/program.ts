/** The command line: every command in a file of its own, and one place where commands end. */

import { Command, CommanderError } from "commander";
import { VERSION } from "../daemon/version.ts";
import { addCheck } from "./check.ts";
import { addDrill } from "./drill.ts";
import { addEvents } from "./events.ts";
import { addExplain } from "./explain.ts";
import { addExport } from "./export.ts";
import { CommandFailure, EXIT, endWith, printError } from "./outcome.ts";
import { addOverride } from "./override.ts";
import { addPlan } from "./plan.ts";
import { addQuery } from "./query.ts";
import { addReload } from "./reload.ts";
import { addServe } from "./serve.ts";
import { addStatus } from "./status.ts";
import { addTest } from "./test.ts";
import { addWhatIf } from "./whatif.ts";

function createProgram(): Command {
  const program = new Command("fairlead")
    .description("A global DNS traffic manager: answers from the regions that are healthy.")
    .version(VERSION)
    // What stands behind a command is that command's: `drill list --server …` asks for the list there.
    .enablePositionalOptions()
    .showHelpAfterError("(--help lists what there is)")
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "fairlead: ")) })
    .exitOverride();
  addServe(program);
  addCheck(program);
  addTest(program);
  addExplain(program);
  addWhatIf(program);
  addPlan(program);
  addStatus(program);
  addEvents(program);
  addQuery(program);
  addReload(program);
  addOverride(program);
  addDrill(program);
  addExport(program);
  return program;
}

/** Runs the command of `argv` (without node and script) to its end and leaves its status in `process.exitCode`. */
export async function runCommand(argv: readonly string[]): Promise<void> {
  // A reader that has seen enough (`| head`) is no fault.
  process.stdout.on("error", () => process.exit(EXIT.ok));
  try {
    await createProgram().parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommandFailure) {
      printError(error.message);
      endWith(error.status);
    } else if (error instanceof CommanderError) {
      // Commander has printed it; help and version that were asked for are no error.
      endWith(error.exitCode === 0 ? EXIT.ok : EXIT.usage);
    } else {
      throw error;
    }
  }
}
