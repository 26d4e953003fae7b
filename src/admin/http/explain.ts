/** `/api/v1/explain` and `/api/v1/whatif` (CONTRACT.md §4): why an answer is what it is, and what it would be. */

import type { FastifyInstance, FastifyReply } from "fastify";
import type { ExplainQuery, ExplainRefusal } from "../explanation.ts";
import type { AdminSource } from "../source.ts";
import { sendError } from "./app.ts";
import { findUnknown, type Parameter, readParameter, readParameters } from "./parameter.ts";

const DEFAULT_TYPE = "A";
const EXPLAIN_PARAMETERS = ["name", "type", "client", "mode"];
const WHATIF_PARAMETERS = [...EXPLAIN_PARAMETERS, "down"];

export function addExplain(app: FastifyInstance, source: AdminSource): void {
  app.get("/api/v1/explain", async (request, reply) => {
    const read = readQuery(request.query, EXPLAIN_PARAMETERS);
    if (!read.ok) return sendFault(reply, read.faulty);
    const outcome = source.explain(read.query);
    return outcome.ok ? outcome.explanation : sendRefusal(reply, outcome);
  });

  app.get("/api/v1/whatif", async (request, reply) => {
    const read = readQuery(request.query, WHATIF_PARAMETERS);
    if (!read.ok) return sendFault(reply, read.faulty);
    const downs = readParameters(request.query, "down");
    const faulty = downs.find(({ fault }) => fault !== undefined);
    if (faulty !== undefined) return sendFault(reply, faulty);
    // Commas as well: no name of a pool or an endpoint has one.
    const down = downs.flatMap(({ value = "" }) => value.split(","));
    if (down.length === 0)
      return sendFault(reply, { key: "down", fault: "Cannot suppose: 'down' is missing" });
    const outcome = source.whatIf(read.query, down);
    return outcome.ok ? outcome.whatIf : sendRefusal(reply, outcome);
  });
}

/** `/api/v1/test`: whether the expectations of what is served hold. */
export function addTest(app: FastifyInstance, source: AdminSource): void {
  app.get("/api/v1/test", async (_request, reply) => {
    return source.test() ?? sendError(reply, 503, "Cannot test: nothing is served yet");
  });
}

type ReadQuery =
  | { readonly ok: true; readonly query: ExplainQuery }
  | { readonly ok: false; readonly faulty: Parameter };

function readQuery(query: unknown, known: readonly string[]): ReadQuery {
  const name = readParameter(query, "name");
  const type = readParameter(query, "type");
  const client = readParameter(query, "client");
  const mode = readMode(query);
  const faulty =
    [name, type, client, mode].find(({ fault }) => fault !== undefined) ?? findUnknown(query, known);
  if (faulty !== undefined) return { ok: false, faulty };
  if (name.value === undefined) {
    return { ok: false, faulty: { key: "name", fault: "Cannot explain: 'name' is missing" } };
  }
  return {
    ok: true,
    query: {
      name: name.value,
      type: type.value ?? DEFAULT_TYPE,
      client: client.value,
      ...(mode.value === "dry-run" ? { dryRun: true } : {}),
    },
  };
}

/** As metrics have it: what is served, or the dry run at the name. */
function readMode(query: unknown): Parameter {
  const mode = readParameter(query, "mode");
  if (mode.value === undefined || mode.value === "serving" || mode.value === "dry-run") return mode;
  return { key: "mode", fault: `Cannot explain: mode '${mode.value}' is neither serving nor dry-run` };
}

function sendFault(reply: FastifyReply, { key, fault = "" }: Parameter): FastifyReply {
  return sendError(reply, 400, fault, { parameter: key });
}

function sendRefusal(reply: FastifyReply, { parameter, message }: ExplainRefusal): FastifyReply {
  return sendError(reply, parameter === undefined ? 404 : 400, message, parameter && { parameter });
}
