/** What the commands share by which a person changes a running node: where it is, the token that it asks for, and who asks. */

import { readFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import type { Command } from "commander";
import { systemReason } from "../daemon/system-error.ts";
import { DEFAULT_SERVER_URL, errorOf, type NodeReply, serverOption } from "./node-client.ts";
import { CommandFailure, EXIT } from "./outcome.ts";

export interface NodeOptions {
  readonly server: string;
  readonly adminTokenFile?: string;
  readonly json?: true;
}

const STATUS_FAULTY = 400;

export function withNode(command: Command): Command {
  return command
    .addOption(serverOption().default(DEFAULT_SERVER_URL))
    .option("--admin-token-file <file>", "holds the token that the node asks for")
    .option("--json", "print JSON");
}

/** Whoever runs the command. */
export function person(): string {
  return `${userInfo().username}@${hostname()}`;
}

/** What a node refuses as faulty was wrong usage; all else is a no. */
export function failureOf(reply: NodeReply): CommandFailure {
  return new CommandFailure(reply.status === STATUS_FAULTY ? EXIT.usage : EXIT.no, errorOf(reply).message);
}

export function tokenOf({ adminTokenFile }: Pick<NodeOptions, "adminTokenFile">): string | undefined {
  return adminTokenFile === undefined ? undefined : readToken(adminTokenFile);
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
