/**
 * What happened on a node, one event each. The daemon writes them down (`daemon/events`); the log, the API, the stream, the
 * page and `fairlead events` read them, and none of them has a source of its own.
 *
 * | kind          | ref              | from, to                                                           |
 * | ------------- | ---------------- | ------------------------------------------------------------------ |
 * | `node`        | the node's name  | `null`, `serving`, `stopping`                                      |
 * | `reload`      | the node's name  | `null`; `accepted`, `refused`                                      |
 * | `endpoint`    | `pool/endpoint`  | as observed: `up`, `down`, `unknown`                               |
 * | `forced`      | `pool/endpoint`  | `up`, `down`, `drain`; `null`: left to its probes                  |
 * | `pool`        | the pool         | as policies see it on rung 1: `up`, `down`, `unknown`              |
 * | `policy`      | its owner name   | `rung 1` to `rung 4`, `failing open`, `nothing`; by family where they differ |
 * | `override`, `window` | a REF     | `up`, `down`, `drain`; `null`: not in force                        |
 * | `override-file` | its path       | `null`; `accepted`, `refused`                                      |
 * | `host-name`   | the host name    | its addresses; `unresolved`, and those that stay; `null`: not asked for |
 * | `drill`       | its REFs         | `null`, `running`; `passed`, `aborted`, `refused`                  |
 * | `worker`      | what died        | `died`; `replaced`, `given up`                                     |
 * | `certificate` | who shows it     | `null`, `expires soon`                                             |
 */

export const EVENT_KINDS = [
  "node",
  "reload",
  "endpoint",
  "forced",
  "pool",
  "policy",
  "override",
  "window",
  "override-file",
  "host-name",
  "drill",
  "worker",
  "certificate",
] as const;

export type EventKind = (typeof EVENT_KINDS)[number];

/** An event that nobody has written down yet. */
export interface Happening {
  readonly kind: EventKind;
  readonly ref: string;
  readonly from: string | null;
  readonly to: string | null;
  /** In words. */
  readonly reason: string;
  /** Who wanted it, where somebody did. */
  readonly owner?: string;
  /** What spoke against it, where it was not done. */
  readonly refused?: string;
}

export interface NodeEvent extends Happening {
  /** Rises from event to event, over restarts too. */
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** As the API and the command line write it (CONTRACT.md §4). */
export interface EventView extends Happening {
  readonly id: number;
  readonly at: string;
}

export function viewEvent({ id, atMs, kind, ...rest }: NodeEvent): EventView {
  return { id, at: new Date(atMs).toISOString(), kind, ...rest };
}

/** Which events are meant; what is `undefined` does not choose. */
export interface EventFilter {
  readonly sinceMs: number | undefined;
  /** A ref, or a pool: then its endpoints are meant as well. */
  readonly ref: string | undefined;
  readonly kinds: ReadonlySet<EventKind> | undefined;
}

export const EVERY_EVENT: EventFilter = { sinceMs: undefined, ref: undefined, kinds: undefined };

export function isMeant({ sinceMs, ref, kinds }: EventFilter, event: NodeEvent): boolean {
  return (
    (sinceMs === undefined || event.atMs >= sinceMs) &&
    (kinds === undefined || kinds.has(event.kind)) &&
    (ref === undefined || event.ref === ref || event.ref.startsWith(`${ref}/`))
  );
}

/** The events of a node, those that are kept. */
export interface EventsSource {
  /** The latest `limit` of those that are meant, the oldest first. */
  latest(filter: EventFilter, limit: number): readonly NodeEvent[];
  /**
   * Those after an id, the oldest first, or `undefined` where they are more than `limit` or some are no longer kept.
   */
  after(id: number, filter: EventFilter, limit: number): readonly NodeEvent[] | undefined;
  /** Told of every event from now on, at once, until what is returned is called. */
  subscribe(listener: (event: NodeEvent) => void): () => void;
}
