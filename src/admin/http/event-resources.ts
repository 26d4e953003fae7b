/** `GET /api/v1/events` and `GET /api/v1/stream`: what happened, and what happens. */

import type { FastifyInstance } from "fastify";
import { parseDurationMs } from "../../health/duration.ts";
import {
  EVENT_KINDS,
  type EventFilter,
  type EventKind,
  type EventsSource,
  viewEvent,
} from "../events/event.ts";
import { createEventStreams, STREAM_LIMIT } from "../events/stream.ts";
import { sendError } from "./app.ts";
import { readParameter } from "./parameter.ts";

const DEFAULT_LIMIT = 100;
/** Of one reply. */
const LARGEST_LIMIT = 5_000;
/** After so long it is worth asking for a stream again. */
const RETRY_AFTER_SECONDS = 10;

export function addEvents(app: FastifyInstance, events: EventsSource): void {
  app.get("/api/v1/events", async (request, reply) => {
    const read = readFilter(request.query, Date.now());
    if (!read.ok) return sendError(reply, 400, read.message, { parameter: read.parameter });
    return events.latest(read.filter, read.limit).map(viewEvent);
  });

  const streams = createEventStreams(events);
  // A stream has no end of its own, and a stop waits for the responses under way.
  app.addHook("preClose", async () => streams.close());
  app.get("/api/v1/stream", async (request, reply) => {
    const read = readFilter(request.query, Date.now());
    if (!read.ok) return sendError(reply, 400, read.message, { parameter: read.parameter });
    const stream = streams.open(read.filter, readLastId(request.headers["last-event-id"]));
    if (stream === undefined) {
      const busy = `there are ${STREAM_LIMIT} streams already`;
      return sendError(reply.header("retry-after", String(RETRY_AFTER_SECONDS)), 503, busy);
    }
    return reply.header("content-type", "text/event-stream").send(stream);
  });
}

/** What is no id was never given out: its reader has had nothing. */
function readLastId(header: string | readonly string[] | undefined): number | undefined {
  return typeof header === "string" && /^[0-9]{1,15}$/.test(header) ? Number(header) : undefined;
}

type FilterResult =
  | { readonly ok: true; readonly filter: EventFilter; readonly limit: number }
  | { readonly ok: false; readonly parameter: string; readonly message: string };

function readFilter(query: unknown, nowMs: number): FilterResult {
  const parameters = ["since", "ref", "kind", "limit"].map((key) => readParameter(query, key));
  const faulty = parameters.find(({ fault }) => fault !== undefined);
  if (faulty?.fault !== undefined) return { ok: false, parameter: faulty.key, message: faulty.fault };
  const [since, ref, kind, limit] = parameters.map(({ value }) => value);
  const sinceMs = since === undefined ? undefined : readSince(since, nowMs);
  if (Number.isNaN(sinceMs)) {
    const expected = "expected how long ago, such as 1h, or a time such as 2026-11-22T12:00:00Z";
    return {
      ok: false,
      parameter: "since",
      message: `Cannot read 'since': '${since}' is neither: ${expected}`,
    };
  }
  const kinds = kind?.split(",");
  const unknown = kinds?.find((name) => !isKind(name));
  if (unknown !== undefined) {
    const message = `Cannot read 'kind': '${unknown}' is none of ${EVENT_KINDS.join(", ")}`;
    return { ok: false, parameter: "kind", message };
  }
  const count = limit === undefined ? DEFAULT_LIMIT : Number(limit);
  if (!Number.isInteger(count) || count < 1 || count > LARGEST_LIMIT) {
    const message = `Cannot read 'limit': '${limit}' is no number from 1 to ${LARGEST_LIMIT}`;
    return { ok: false, parameter: "limit", message };
  }
  return { ok: true, filter: { sinceMs, ref, kinds: kinds && new Set(kinds.filter(isKind)) }, limit: count };
}

/** Milliseconds since the epoch, or NaN. */
function readSince(text: string, nowMs: number): number {
  const ago = parseDurationMs(text);
  if (ago.ok) return nowMs - ago.ms;
  return /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
}

function isKind(name: string): name is EventKind {
  return EVENT_KINDS.some((kind) => kind === name);
}
