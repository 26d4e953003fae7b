/** `POST /api/v1/plan`: what a set of zones would change. It changes nothing, and is asked as what does: it costs as much as a reload. */

import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { PlanOutcome } from "../plan.ts";
import type { AdminSource } from "../source.ts";
import { sendError } from "./app.ts";
import { readJsonBody } from "./json-body.ts";
import { PLAN_BODY_LIMIT_OCTETS } from "./limits.ts";

const REFUSAL_CODES: { readonly [kind in Extract<PlanOutcome, { ok: false }>["kind"]]: number } = {
  faulty: 422,
  busy: 409,
  unavailable: 503,
};

const pathSchema = z.string().min(1, "a path is empty");

const bodySchema = z.strictObject(
  {
    roots: z.array(pathSchema, "'roots' is no list of paths").min(1, "'roots' is empty"),
    files: z.array(
      z.strictObject({ path: pathSchema, text: z.string("a file has no 'text'") }, "a file is no object"),
      "'files' is no list of files",
    ),
  },
  "expected a JSON object",
);

export function addPlan(app: FastifyInstance, source: AdminSource): void {
  app.post("/api/v1/plan", { bodyLimit: PLAN_BODY_LIMIT_OCTETS }, async (request, reply) => {
    const body = readJsonBody(bodySchema, request.body);
    if (!body.ok) return sendError(reply, 400, `Cannot read the zones: ${body.message}`);
    const outcome = await source.plan(body.value);
    if (outcome.ok) return outcome.plan;
    const { kind, message, diagnostics } = outcome;
    return sendError(reply, REFUSAL_CODES[kind], message, { diagnostics });
  });
}
