/**
 * Events as they happen, as server-sent events (WHATWG HTML §9.2), one stream a reader.
 *
 *     : a heartbeat, so that both ends know that the other one is there
 *
 *     id: 1795348800000
 *     data: {"id":1795348800000,"at":"2026-11-22T12:00:00.000Z","kind":"endpoint",…}
 *
 * A reader that comes back says which event it had last (`Last-Event-ID`) and gets those that it missed first. Where they
 * are no longer kept, or too many, it is told so with an event named `gap` and goes on from now: `/api/v1/events` has what
 * there is.
 *
 * Nobody is waited for. What a reader does not take is kept for it up to `BACKLOG_LIMIT_OCTETS`; then its stream is cut, and
 * it comes back as said above.
 */

import { Readable } from "node:stream";
import { type EventFilter, type EventsSource, isMeant, type NodeEvent, viewEvent } from "./event.ts";

/** Streams at one time; each of them costs every event a comparison and a line. */
export const STREAM_LIMIT = 32;
/** Of one reader, beside what the system keeps for its connection. */
export const BACKLOG_LIMIT_OCTETS = 262_144;
/** Events that a reader who comes back is given at once. */
const RESUME_LIMIT = 500;
/** Less than what middle boxes and the admin plane's own limit on inactivity wait for. */
const HEARTBEAT_EVERY_MS = 10_000;
/** After so long a reader that was cut is to come back. */
const RETRY_AFTER_MS = 2_000;

export interface EventStreams {
  /** `undefined` where there are as many as there may be. */
  open(filter: EventFilter, lastId: number | undefined): Readable | undefined;
  /** Ends them all. */
  close(): void;
}

export function createEventStreams(events: EventsSource): EventStreams {
  const streams = new Set<OpenStream>();
  return {
    open(filter, lastId) {
      if (streams.size >= STREAM_LIMIT) return undefined;
      const opened = openStream(events, filter, lastId);
      streams.add(opened);
      opened.stream.once("close", () => streams.delete(opened));
      return opened.stream;
    },
    close() {
      for (const { end } of streams) end();
    },
  };
}

interface OpenStream {
  readonly stream: Readable;
  /** What was sent is the last of it; to be read yet. */
  readonly end: () => void;
}

function openStream(events: EventsSource, filter: EventFilter, lastId: number | undefined): OpenStream {
  const stream = new Readable({ read: () => undefined });
  const send = (text: string): void => {
    if (stream.destroyed) return;
    stream.push(text);
    if (stream.readableLength > BACKLOG_LIMIT_OCTETS) stream.destroy();
  };
  send(`retry: ${RETRY_AFTER_MS}\n\n`);
  if (lastId !== undefined) {
    const missed = events.after(lastId, filter, RESUME_LIMIT);
    if (missed === undefined) send(`event: gap\ndata: {"after":${lastId}}\n\n`);
    else for (const event of missed) send(formatEvent(event));
  }
  const unsubscribe = events.subscribe((event) => {
    if (isMeant(filter, event)) send(formatEvent(event));
  });
  const heartbeat = setInterval(() => send(":\n\n"), HEARTBEAT_EVERY_MS);
  heartbeat.unref();
  const fallSilent = (): void => {
    clearInterval(heartbeat);
    unsubscribe();
  };
  stream.once("close", fallSilent);
  return {
    stream,
    end() {
      fallSilent();
      stream.push(null);
    },
  };
}

/** JSON has no line feed within, so one line of data is enough. */
function formatEvent(event: NodeEvent): string {
  return `id: ${event.id}\ndata: ${JSON.stringify(viewEvent(event))}\n\n`;
}
