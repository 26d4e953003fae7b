/** `/api/v1/drills`: the loss of a place, rehearsed. Who may is decided before (`http/guard`). */

import type { FastifyInstance, FastifyReply } from "fastify";
import { weighing } from "../../policy/drill-preflight.ts";
import { drillRequestSchema, planOf } from "../drill-request.ts";
import type { DrillRefusal } from "../drill-source.ts";
import { OWNER_LIMIT_CHARACTERS } from "../override-request.ts";
import type { AdminSource } from "../source.ts";
import { statusOfDrill, summaryOfDrill } from "../status/drills.ts";
import { REFUSAL_STATUS, sendError } from "./app.ts";
import { readJsonBody } from "./json-body.ts";
import { readParameter } from "./parameter.ts";

export function addDrills(app: FastifyInstance, { drills }: AdminSource): void {
  app.get("/api/v1/drills", async () => drills.list().map(summaryOfDrill));

  app.get<{ Params: { id: string } }>("/api/v1/drills/:id", async (request, reply) => {
    const { id } = request.params;
    const drill = drills.list().find((each) => each.id === id);
    return drill === undefined ? sendError(reply, 404, `there is no drill '${id}'`) : statusOfDrill(drill);
  });

  app.post("/api/v1/drills", async (request, reply) => {
    const body = readJsonBody(drillRequestSchema, request.body);
    if (!body.ok) {
      const { message, parameter } = body;
      return sendError(reply, 400, `Cannot read the drill: ${message}`, { parameter });
    }
    const { dryRun, owner = request.ip.slice(0, OWNER_LIMIT_CHARACTERS), force } = body.value;
    const plan = planOf(body.value, owner);
    if (dryRun) {
      const outcome = drills.preflight(plan);
      if (!outcome.ok) return sendRefusal(reply, outcome);
      const ready = weighing(outcome.preflight.objections, force).length === 0;
      return { ready, ...outcome.preflight };
    }
    const outcome = await drills.start(plan);
    if (!outcome.ok) return sendRefusal(reply, outcome);
    const location = `/api/v1/drills/${outcome.drill.id}`;
    return reply.code(201).header("location", location).send(statusOfDrill(outcome.drill));
  });

  app.delete<{ Params: { id: string } }>("/api/v1/drills/:id", async (request, reply) => {
    const { value: owner = request.ip, fault } = readParameter(request.query, "owner");
    if (fault !== undefined) return sendError(reply, 400, fault, { parameter: "owner" });
    const outcome = await drills.abort(request.params.id, owner.slice(0, OWNER_LIMIT_CHARACTERS));
    return outcome.ok ? statusOfDrill(outcome.drill) : sendRefusal(reply, outcome);
  });
}

function sendRefusal(reply: FastifyReply, { kind, message, preflight }: DrillRefusal): FastifyReply {
  const more = preflight === undefined ? {} : { preflight };
  return sendError(reply, REFUSAL_STATUS[kind], message, more);
}
