/** Asks a running node over its admin address, for the commands with `--server URL`. */

import { Option } from "commander";
import { z } from "zod";
import { DEFAULT_ADMIN } from "../config/options.ts";
import { formatSocketAddress } from "../config/socket-address.ts";
import { CommandFailure, EXIT } from "./outcome.ts";

const DEADLINE_MS = 10_000;
export const DEFAULT_SERVER_URL = `http://${formatSocketAddress(DEFAULT_ADMIN)}`;

export function serverOption(): Option {
  return new Option("--server <url>", "admin address of a running node");
}

export interface NodeReply {
  readonly status: number;
  readonly body: unknown;
}

const errorSchema = z.object({ error: z.string(), parameter: z.string().optional() });

/** Sends one request; a node that is out of reach, or answers no JSON, ends the command. */
export async function askNode(
  server: string,
  path: string,
  init: { readonly method: "GET" | "POST"; readonly token?: string | undefined } = { method: "GET" },
): Promise<NodeReply> {
  const url = resolveUrl(server, path);
  let response: Response;
  try {
    response = await fetch(url, {
      method: init.method,
      headers: init.token === undefined ? {} : { authorization: `Bearer ${init.token}` },
      redirect: "error",
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
  } catch (error) {
    throw new CommandFailure(EXIT.no, `Cannot reach ${server}: ${reasonOf(error)}`);
  }
  try {
    return { status: response.status, body: await response.json() };
  } catch {
    throw new CommandFailure(EXIT.no, `Cannot read the answer of ${server}: it is not JSON`);
  }
}

/** The message of an error reply, for a command to end with. */
export function errorOf({ status, body }: NodeReply): { message: string; parameter: string | undefined } {
  const parsed = errorSchema.safeParse(body);
  return parsed.success
    ? { message: parsed.data.error, parameter: parsed.data.parameter }
    : { message: `the node answered with status ${status}`, parameter: undefined };
}

/** What `schema` makes of a reply; another program's JSON ends the command. */
export function readReply<T>(server: string, schema: z.ZodType<T>, { body }: NodeReply): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new CommandFailure(EXIT.no, `Cannot read the answer of ${server}: it is not that of a Fairlead node`);
}

function resolveUrl(server: string, path: string): URL {
  const base = URL.canParse(server) ? new URL(server) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol)) {
    throw new CommandFailure(EXIT.usage, `--server: '${server}' is not a URL such as ${DEFAULT_SERVER_URL}`);
  }
  return new URL(path, base);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${DEADLINE_MS / 1000} s`;
  // `fetch` says «fetch failed» and keeps the reason in its cause; several addresses have one reason each.
  const { cause } = error;
  if (cause instanceof AggregateError) return cause.errors.map(messageOf).join(", ");
  return cause === undefined ? error.message : messageOf(cause);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
