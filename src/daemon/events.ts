/**
 * What happens on this node, as it happens: `record` numbers an event, keeps it in memory and on disk
 * (`daemon/event-segments`), and tells whoever listens, the log first (`daemon/event-log`).
 *
 * What is kept in memory is what is kept on disk, to a segment, so that nobody who asks waits for the disk. An event's
 * number is the time in milliseconds, or one more than the number before it: so numbers rise over restarts as well, also
 * where the last events did not get to the disk or the clock was set back.
 *
 * Telling costs a line in the log and one on disk for each event, and where a dependency dies there are thousands at one
 * moment. So a few are told at once and the rest a few a turn of the event loop, in their order.
 */

import { type EventsSource, type Happening, isMeant, type NodeEvent } from "../admin/events/event.ts";
import { logEvent } from "./event-log.ts";
import {
  type EventSegments,
  openEventSegments,
  SEGMENT_LIMIT_EVENTS,
  SEGMENTS_LIMIT,
} from "./event-segments.ts";
import type { Log, LogLimiter } from "./log.ts";

export const EVENTS_LIMIT = SEGMENT_LIMIT_EVENTS * SEGMENTS_LIMIT;
/** Reasons come from probed servers as well. */
export const REASON_LIMIT_CHARACTERS = 1_000;
/** So many events are told in one turn of the event loop: some three milliseconds, most of them the log's. */
export const TOLD_PER_TURN = 100;

/** What records something. */
export type Recorder = (happening: Happening) => void;

export interface Events extends EventsSource {
  readonly record: Recorder;
  /** From now on the state folder may be written to: the node is who it stays. */
  begin(): void;
  /** What waits is on disk then, or cannot be written. */
  stop(): Promise<void>;
}

export interface EventsParts {
  readonly folder: string;
  readonly now: () => number;
  readonly log: Log;
  readonly limiter: LogLimiter;
}

/** Never rejects. */
export async function openEvents({ folder, now, log, limiter }: EventsParts): Promise<Events> {
  const segments = await openEventSegments(folder, (error) => {
    const reason = error instanceof Error ? error.message : String(error);
    if (limiter.admit(`events ${reason}`) === undefined) return;
    log.warn({ event: "state", reason }, "cannot keep events in the state folder");
  });
  const { damagedLines } = segments;
  if (damagedLines > 0)
    log.warn({ event: "state", damagedLines }, "some events that were kept cannot be read");
  const events = createEvents(segments, now);
  events.subscribe((event) => logEvent(log, event));
  return events;
}

function createEvents(segments: EventSegments, now: () => number): Events {
  const kept = [...segments.events];
  const listeners = new Set<(event: NodeEvent) => void>();
  /** The latest one that is not kept any more. */
  let forgottenId = 0;
  /** In memory already, and not yet told. */
  let untold: NodeEvent[] = [];
  let toldThisTurn = 0;
  let nextTurn: NodeJS.Immediate | undefined;

  const tell = (event: NodeEvent): void => {
    segments.append(event);
    for (const listener of listeners) listener(event);
  };
  const tellSome = (): void => {
    nextTurn = undefined;
    toldThisTurn = 0;
    if (untold.length === 0) return;
    const some = untold.slice(0, TOLD_PER_TURN);
    untold = untold.slice(TOLD_PER_TURN);
    for (const event of some) tellInTurn(event);
  };
  const tellInTurn = (event: NodeEvent): void => {
    toldThisTurn += 1;
    nextTurn ??= setImmediate(tellSome);
    tell(event);
  };
  const tellAll = (): void => {
    const all = untold;
    untold = [];
    for (const event of all) tell(event);
  };

  return {
    record(happening) {
      const atMs = now();
      const id = Math.max((kept.at(-1)?.id ?? 0) + 1, Math.floor(atMs));
      const reason = happening.reason.slice(0, REASON_LIMIT_CHARACTERS);
      const event: NodeEvent = { id, atMs, ...happening, reason };
      kept.push(event);
      if (kept.length > EVENTS_LIMIT) {
        forgottenId = kept[SEGMENT_LIMIT_EVENTS - 1]?.id ?? forgottenId;
        kept.splice(0, SEGMENT_LIMIT_EVENTS);
      }
      if (untold.length > 0 || toldThisTurn >= TOLD_PER_TURN) untold.push(event);
      else tellInTurn(event);
    },
    latest(filter, limit) {
      const found: NodeEvent[] = [];
      for (let at = kept.length - 1; at >= 0 && found.length < limit; at -= 1) {
        const event = kept[at];
        if (event !== undefined && isMeant(filter, event)) found.push(event);
      }
      return found.reverse();
    },
    after(id, filter, limit) {
      if (id < forgottenId) return undefined;
      const first = kept.findIndex((event) => event.id > id);
      if (first === -1) return [];
      // One that was never given out, and older than all: what lies between is not known.
      if (first === 0 && id > 0) return undefined;
      const found = kept.slice(first).filter((event) => isMeant(filter, event));
      return found.length > limit ? undefined : found;
    },
    subscribe(listener) {
      // What was before belongs to those who listened then; a newcomer finds it in memory.
      tellAll();
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    begin: () => segments.begin(),
    stop() {
      clearImmediate(nextTurn);
      nextTurn = undefined;
      toldThisTurn = 0;
      tellAll();
      return segments.stop();
    },
  };
}
