/** Asks a running node over its admin address, for the commands with `--server URL`. */

import { Option } from "commander";
import { z } from "zod";
import { DEFAULT_ADMIN } from "../config/options.ts";
import { formatSocketAddress } from "../config/socket-address.ts";
import { CommandFailure, EXIT } from "./outcome.ts";

const DEADLINE_MS = 10_000;
/** For what may be long: a zone of a million names. */
const LONG_DEADLINE_MS = 300_000;
export const DEFAULT_SERVER_URL = `http://${formatSocketAddress(DEFAULT_ADMIN)}`;

export function serverOption(): Option {
  return new Option("--server <url>", "admin address of a running node");
}

export interface NodeRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** That of `--admin-token-file`. */
  readonly token?: string | undefined;
  /** The body. */
  readonly json?: object;
  /** It takes its time. */
  readonly isLong?: true;
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
  init: NodeRequest = { method: "GET" },
): Promise<NodeReply> {
  const { token, method, json } = init;
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(json === undefined ? {} : { "content-type": "application/json" }),
  };
  const body = json === undefined ? {} : { body: JSON.stringify(json) };
  const deadlineMs = init.isLong === true ? LONG_DEADLINE_MS : DEADLINE_MS;
  return readJson(server, await send(server, path, { method, headers, ...body }, deadlineMs));
}

/** A text as it comes, piece by piece; what is said in its place where there is none is the command's to judge. */
export async function askForText(
  server: string,
  path: string,
): Promise<
  | { readonly ok: true; readonly pieces: AsyncIterable<string> }
  | { readonly ok: false; readonly reply: NodeReply }
> {
  const response = await send(server, path, { method: "GET" }, LONG_DEADLINE_MS);
  if (!response.ok || response.body === null) return { ok: false, reply: await readJson(server, response) };
  return { ok: true, pieces: piecesOf(server, response.body.pipeThrough(new TextDecoderStream())) };
}

/** A stream goes quiet for so long only where it is broken: a node says at least every 10 s that it is there. */
const QUIET_LIMIT_MS = 30_000;

/** A stream of a node as it comes, from after the event `lastId` on; throws where it cannot be had, or breaks off. */
export async function* followNode(
  server: string,
  path: string,
  lastId: number,
): AsyncGenerator<string, void> {
  const quiet = new AbortController();
  const arm = (): NodeJS.Timeout => setTimeout(() => quiet.abort(new Error("it went quiet")), QUIET_LIMIT_MS);
  let timer = arm();
  try {
    const headers = { "last-event-id": String(lastId) };
    const response = await fetch(resolveUrl(server, path), {
      headers,
      redirect: "error",
      signal: quiet.signal,
    });
    if (!response.ok || response.body === null)
      throw new Error(errorOf(await readJson(server, response)).message);
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
      clearTimeout(timer);
      timer = arm();
      yield piece;
    }
    throw new Error("the node ended the stream");
  } catch (error) {
    throw new CommandFailure(EXIT.no, `Cannot follow ${server}: ${reasonOf(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

async function* piecesOf(server: string, body: AsyncIterable<string>): AsyncGenerator<string, void> {
  try {
    yield* body;
  } catch (error) {
    throw new CommandFailure(EXIT.no, `Cannot read the answer of ${server} to its end: ${reasonOf(error)}`);
  }
}

async function send(server: string, path: string, init: RequestInit, deadlineMs: number): Promise<Response> {
  const url = resolveUrl(server, path);
  try {
    return await fetch(url, { ...init, redirect: "error", signal: AbortSignal.timeout(deadlineMs) });
  } catch (error) {
    throw new CommandFailure(EXIT.no, `Cannot reach ${server}: ${reasonOf(error)}`);
  }
}

async function readJson(server: string, response: Response): Promise<NodeReply> {
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
  if (error.name === "TimeoutError") return "it did not answer in time";
  // `fetch` says «fetch failed» and keeps the reason in its cause; several addresses have one reason each.
  const { cause } = error;
  if (cause instanceof AggregateError) return cause.errors.map(messageOf).join(", ");
  return cause === undefined ? error.message : messageOf(cause);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
