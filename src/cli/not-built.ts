/** Commands of CONTRACT.md that this version does not have yet: each says so, and none pretends. */

import type { Command } from "commander";
import { CommandFailure, EXIT } from "./outcome.ts";

const NOT_BUILT: readonly (readonly [command: string, purpose: string])[] = [
  ["drill", "rehearse the loss of a region"],
];

export function addNotBuilt(program: Command): void {
  for (const [name, purpose] of NOT_BUILT) {
    program
      .command(name)
      .description(`${purpose} (not built in this version)`)
      .argument("[arguments...]")
      .allowUnknownOption()
      .action(() => {
        throw new CommandFailure(EXIT.usage, `'${name}' is not built in this version`);
      });
  }
}
