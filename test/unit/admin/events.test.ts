import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import {
  type EventFilter,
  type EventsSource,
  isMeant,
  type NodeEvent,
  viewEvent,
} from "../../../src/admin/events/event.ts";
import { BACKLOG_LIMIT_OCTETS, createEventStreams, STREAM_LIMIT } from "../../../src/admin/events/stream.ts";
import { type AdminHandle, startAdmin } from "../../../src/admin/server.ts";
import { readServerSentEvents, type ServerSentEvent } from "../../../src/cli/event-stream.ts";
import { createNode } from "./node.ts";

function eventOf(id: number, changes: Partial<NodeEvent> = {}): NodeEvent {
  const what = { kind: "endpoint", ref: "frankfurt/fra-1", from: "up", to: "down" } as const;
  return { id, atMs: Date.UTC(2026, 10, 22), ...what, reason: "connect refused", ...changes };
}

/** Events 1 to 3, and what a test adds. */
function createSource(): EventsSource & { add(event: NodeEvent): void; readonly listeners: number } {
  const kept = [eventOf(1), eventOf(2, { kind: "pool", ref: "frankfurt" }), eventOf(3)];
  const listeners = new Set<(event: NodeEvent) => void>();
  return {
    latest: (filter, limit) => kept.filter((event) => isMeant(filter, event)).slice(-limit),
    after: (id, filter) =>
      id === 0 ? undefined : kept.filter((event) => event.id > id && isMeant(filter, event)),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    add(event) {
      kept.push(event);
      for (const listener of listeners) listener(event);
    },
    get listeners() {
      return listeners.size;
    },
  };
}

const EVERY: EventFilter = { sinceMs: undefined, ref: undefined, kinds: undefined };

describe("the resources of events", () => {
  let source: ReturnType<typeof createSource>;
  let admin: AdminHandle;
  let url: string;

  beforeEach(async () => {
    source = createSource();
    const node = { ...createNode(), events: source };
    const log = { error: () => undefined, warn: () => undefined };
    admin = await startAdmin({ address: "127.0.0.1", port: 0, source: node, log });
    url = `http://127.0.0.1:${admin.port}/api/v1`;
  });
  afterEach(() => admin.stop(1_000));

  /** A reader that hands out one event after the other. */
  async function follow(
    path: string,
    lastId?: number,
  ): Promise<{ next(): Promise<ServerSentEvent | undefined> }> {
    const headers = lastId === undefined ? undefined : { "last-event-id": String(lastId) };
    const response = await fetch(url + path, headers && { headers });
    expect(response.headers.get("content-type")).to.equal("text/event-stream");
    if (response.body === null) throw new Error("there is no body");
    const reading = readServerSentEvents(response.body.pipeThrough(new TextDecoderStream()));
    return { next: async () => (await reading.next()).value ?? undefined };
  }

  it("/api/v1/events has the shape of the contract, and filters", async () => {
    const ask = async (query: string): Promise<unknown> => (await fetch(`${url}/events${query}`)).json();
    expect(await ask("?limit=1")).to.deep.equal([
      {
        id: 3,
        at: "2026-11-22T00:00:00.000Z",
        kind: "endpoint",
        ref: "frankfurt/fra-1",
        from: "up",
        to: "down",
        reason: "connect refused",
      },
    ]);
    expect(await ask("?kind=pool,node")).to.have.length(1);
    expect(await ask("?since=2026-11-22T00:00:01Z")).to.have.length(0);
    expect(await ask("?since=3650d&ref=frankfurt")).to.have.length(3);
  });

  it("/api/v1/stream gives a reader who comes back what it missed, then what happens", async () => {
    const reader = await follow("/stream?kind=endpoint", 1);
    expect(await reader.next()).to.deep.equal({
      name: "message",
      data: JSON.stringify(viewEvent(eventOf(3))),
    });
    source.add(eventOf(4, { kind: "pool" }));
    source.add(eventOf(5, { reason: "two\nlines" }));
    expect(JSON.parse((await reader.next())?.data ?? "")).to.include({ id: 5, reason: "two\nlines" });
  });

  it("/api/v1/stream says so where it cannot give what was missed", async () => {
    const reader = await follow("/stream", 0);
    expect(await reader.next()).to.deep.equal({ name: "gap", data: '{"after":0}' });
    source.add(eventOf(4));
    expect(JSON.parse((await reader.next())?.data ?? "")).to.include({ id: 4 });
  });

  it("/api/v1/stream ends with the node", async () => {
    const reader = await follow("/stream");
    // Its deadline is not what ends it.
    await Promise.all([admin.stop(600_000), reader.next()]);
    expect(source.listeners).to.equal(0);
  });

  it("/api/v1/stream refuses one reader more than there may be", async () => {
    const control = new AbortController();
    for (let each = 0; each < STREAM_LIMIT; each += 1)
      await fetch(`${url}/stream`, { signal: control.signal });
    const refused = await fetch(`${url}/stream`);
    expect([refused.status, refused.headers.get("retry-after")]).to.deep.equal([503, "10"]);
    control.abort();
  });
});

describe("createEventStreams()", () => {
  it("createEventStreams() cuts a reader that takes nothing, and keeps no more for it than its backlog", () => {
    const source = createSource();
    const stream = createEventStreams(source).open(EVERY, undefined);
    if (stream === undefined) throw new Error("there is no stream");
    const event = eventOf(9, { reason: "x".repeat(1_000) });
    for (let octets = 0; octets < 2 * BACKLOG_LIMIT_OCTETS; octets += 1_000) {
      source.add(event);
      expect(stream.readableLength).to.be.lessThan(BACKLOG_LIMIT_OCTETS + 2_000);
    }
    expect(stream.destroyed).to.equal(true);
  });

  it("createEventStreams() writes nothing behind the end to a reader that has yet to come to it", () => {
    const source = createSource();
    const streams = createEventStreams(source);
    const stream = streams.open(EVERY, undefined);
    streams.close();
    source.add(eventOf(9));
    expect([stream?.destroyed, source.listeners]).to.deep.equal([false, 0]);
  });
});

describe("readServerSentEvents()", () => {
  const read = async (pieces: readonly string[]): Promise<ServerSentEvent[]> => {
    const events: ServerSentEvent[] = [];
    async function* all() {
      yield* pieces;
    }
    for await (const event of readServerSentEvents(all())) events.push(event);
    return events;
  };
  const STREAM = 'retry: 2000\n\n:\n\nid: 7\ndata: {"a":1}\n\nevent: gap\ndata: one\ndata:two\n\ndata: cut o';
  for (const size of [1, 2, 7, STREAM.length]) {
    it(`readServerSentEvents() reads the same in pieces of ${size}`, async () => {
      const pieces = STREAM.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
      expect(await read(pieces)).to.deep.equal([
        { name: "message", data: '{"a":1}' },
        { name: "gap", data: "one\ntwo" },
      ]);
    });
  }
});
