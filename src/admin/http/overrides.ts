/** `/api/v1/overrides` (CONTRACT.md §4): what is forced, and how that is changed. Who may is decided before (`http/guard`). */

import type { FastifyInstance, FastifyReply } from "fastify";
import { OWNER_LIMIT_CHARACTERS, overrideRequestSchema } from "../override-request.ts";
import type { OverrideRefusal } from "../override-source.ts";
import type { AdminSource } from "../source.ts";
import { statusOfOverride } from "../status/forcing.ts";
import { REFUSAL_STATUS, sendError } from "./app.ts";
import { readJsonBody } from "./json-body.ts";
import { readParameter } from "./parameter.ts";

export function addOverrides(app: FastifyInstance, { overrides }: AdminSource): void {
  app.get("/api/v1/overrides", async () => overrides.list().map(statusOfOverride));

  app.post("/api/v1/overrides", async (request, reply) => {
    const body = readJsonBody(overrideRequestSchema, request.body);
    if (!body.ok) {
      const { message, parameter } = body;
      return sendError(reply, 400, `Cannot read the override: ${message}`, { parameter });
    }
    const { for: forMs, owner = request.ip.slice(0, OWNER_LIMIT_CHARACTERS), ...wish } = body.value;
    const outcome = await overrides.set({ ...wish, forMs, owner });
    if (!outcome.ok) return sendRefusal(reply, outcome);
    const { id } = outcome.override;
    return reply
      .code(201)
      .header("location", `/api/v1/overrides/${id}`)
      .send(statusOfOverride(outcome.override));
  });

  const clear = async (which: { readonly id: string } | { readonly ref: string }, reply: FastifyReply) => {
    const outcome = await overrides.clear(which);
    return outcome.ok ? outcome.cleared.map(statusOfOverride) : sendRefusal(reply, outcome);
  };
  app.delete("/api/v1/overrides", async (request, reply) => {
    const { value, fault = "Cannot clear: 'ref' is missing" } = readParameter(request.query, "ref");
    if (value === undefined) return sendError(reply, 400, fault, { parameter: "ref" });
    return clear({ ref: value }, reply);
  });
  app.delete<{ Params: { id: string } }>("/api/v1/overrides/:id", async (request, reply) =>
    clear({ id: request.params.id }, reply),
  );
}

function sendRefusal(reply: FastifyReply, { kind, message }: OverrideRefusal): FastifyReply {
  return sendError(reply, REFUSAL_STATUS[kind], message);
}
