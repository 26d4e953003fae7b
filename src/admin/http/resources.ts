/** The resources of the admin plane (CONTRACT.md §4), each a reader of `AdminSource`. */

import { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { FastifyInstance, FastifyReply } from "fastify";
import { EVERY_EVENT } from "../events/event.ts";
import { writeExposition } from "../metrics/exposition.ts";
import { CONTENT_TYPES, negotiateFormat } from "../metrics/negotiate.ts";
import { createRegistry } from "../metrics/registry.ts";
import { OWNER_LIMIT_CHARACTERS } from "../override-request.ts";
import { PAGE_EVENT_LIMIT, renderPage } from "../page/page.ts";
import type { AdminSource } from "../source.ts";
import { createDerive, type Derive, type DerivedState } from "../status/derive.ts";
import { statusOfDrills } from "../status/drills.ts";
import { statusOfForcing } from "../status/forcing.ts";
import { buildStatus, buildZones, type StatusInput, statusOfConsent } from "../status/status.ts";
import { writeStatus } from "../status/status-text.ts";
import { sendError } from "./app.ts";
import { addDrills } from "./drills.ts";
import { addEvents } from "./event-resources.ts";
import { addExplain, addTest } from "./explain.ts";
import { addOverrides } from "./overrides.ts";
import { readParameter } from "./parameter.ts";
import { addPlan } from "./plan.ts";
import { readReloadBody } from "./reload-body.ts";

/** Pieces of a text that are made ahead of a slow reader. */
const PIECES = { highWaterMark: 2 };

export function addResources(app: FastifyInstance, source: AdminSource): void {
  const derive = createDerive();
  const serving = (): StatusInput["serving"] => {
    const state = source.serving();
    return state === undefined ? undefined : { state, derived: derive.now(state) };
  };
  const status = () => buildStatus({ ...nodeInputs(source), serving: serving() });

  app.get("/healthz", async () => ({ status: "ok" }));
  app.get("/readyz", async (_request, reply) => {
    const { ready, reasons } = source.readiness();
    return reply.code(ready ? 200 : 503).send({ ready, reasons });
  });
  app.get("/", async (_request, reply) => {
    const page = renderPage(status(), source.events.latest(EVERY_EVENT, PAGE_EVENT_LIMIT));
    return reply.type("text/html; charset=utf-8").send(page);
  });
  app.get("/api/v1/status", async (_request, reply) => {
    const state = source.serving();
    const derived = state && (await derive.inTurns(state));
    const shown = state && derived && { state, derived };
    const text = Readable.from(inTurns(writeStatus({ ...nodeInputs(source), serving: shown })), PIECES);
    return reply.type("application/json; charset=utf-8").send(text);
  });
  app.get("/api/v1/zones", async () => buildZones(serving()?.derived, source.availability));
  addMetrics(app, source, derive);
  addExplain(app, source);
  addTest(app, source);
  addExport(app, source);
  addEvents(app, source.events);
  addOverrides(app, source);
  addDrills(app, source);
  addReload(app, source);
  addPlan(app, source);
  addNotBuilt(app);
}

function nodeInputs(source: AdminSource): Omit<StatusInput, "serving"> {
  const { node, version, availability } = source;
  const forcing = statusOfForcing(source.overrides);
  const hosts = source.hosts.readings();
  const drills = statusOfDrills(source.drills);
  const kept = { readiness: source.readiness(), load: source.load(), forcing, drills, hosts, availability };
  return { node, version, ...kept };
}

function addMetrics(app: FastifyInstance, source: AdminSource, derive: Derive): void {
  // What was served when the latest scrape began: all of a page is of one state, or of a later scrape's beside it.
  let derived: DerivedState | undefined;
  const registry = createRegistry(source, () => derived);
  app.get("/metrics", async (request, reply) => {
    const state = source.serving();
    derived = state && (await derive.inTurns(state));
    const format = negotiateFormat(request.headers.accept);
    const text = Readable.from(writeExposition(registry, format), PIECES);
    return reply.header("content-type", CONTENT_TYPES[format]).header("vary", "accept").send(text);
  });
}

/** RFC 4027. */
const MASTER_FILE_TYPE = "text/dns; charset=us-ascii";
/** Lines of a zone that go together: a piece for each would be mostly overhead. */
const LINES_TOGETHER = 500;

function addExport(app: FastifyInstance, source: AdminSource): void {
  app.get("/api/v1/export", async (request, reply) => {
    const { value, fault = "Cannot export: 'zone' is missing" } = readParameter(request.query, "zone");
    if (value === undefined) return sendError(reply, 400, fault, { parameter: "zone" });
    const lines = source.exportZone(value);
    if (lines === undefined) return sendError(reply, 404, `Cannot export: there is no zone '${value}'`);
    const text = Readable.from(inTurns(together(lines)), PIECES);
    return reply.header("content-type", MASTER_FILE_TYPE).send(text);
  });
}

/** A reader as fast as ours takes piece after piece, without a turn of the event loop in between. */
async function* inTurns(pieces: Iterable<string>): AsyncGenerator<string, void> {
  for (const piece of pieces) {
    yield piece;
    await nextTurn();
  }
}

function* together(lines: Iterable<string>): Generator<string, void> {
  let piece: string[] = [];
  for (const line of lines) {
    piece.push(line);
    if (piece.length < LINES_TOGETHER) continue;
    yield piece.join("");
    piece = [];
  }
  yield piece.join("");
}

function addReload(app: FastifyInstance, source: AdminSource): void {
  app.post("/api/v1/reload", async (request, reply) => {
    const body = readReloadBody(request.body, request.ip.slice(0, OWNER_LIMIT_CHARACTERS));
    if (!body.ok) {
      const { message, parameter } = body;
      return sendError(reply, 400, message, { parameter });
    }
    const { ok, generation, diagnostics, refusal, despite } = await source.reload(body.wish);
    if (ok) return { generation, diagnostics, despite: statusOfConsent(despite) };
    const { check = "zones", message = "", moves = [] } = refusal ?? {};
    const error = check === "zones" ? "zone files are faulty" : message;
    return sendError(reply, 422, `${error}; the running set keeps serving`, {
      generation,
      diagnostics,
      check,
      moves,
    });
  });
}

/** What the contract names and this version does not have. A refusal says so, rather than that nothing is there. */
const NOT_BUILT = [["GET", "/api/v1/openapi.json"]] as const;

function addNotBuilt(app: FastifyInstance): void {
  for (const [method, url] of NOT_BUILT) {
    app.route({
      method,
      url,
      handler: async (_request, reply: FastifyReply) =>
        sendError(reply, 501, `${method} ${url} is not built in this version`),
    });
  }
}
