/**
 * One demo region: a small HTTP server that answers as its pretended load balancer would, and is told how to fare.
 *
 *     GET  /demo                      how it fares
 *     POST /demo/ZONE/STATE           ZONE primary, secondary or region (both); STATE healthy, unhealthy, slow or dead
 *     anything else                   200 or 503 from the zone in use, too late, or not at all
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Clb, createClb, ZONE_STATES, ZONES } from "./clb.ts";

/** Longer than any sensible probe waits. */
const SLOW_MS = 15_000;

export interface RegionOptions {
  readonly name: string;
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** How long a zone must fail before the other takes over. */
  readonly takeoverMs: number;
}

export interface Region {
  readonly port: number;
  stop(): Promise<void>;
}

function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
}

function control(name: string, clb: Clb, request: IncomingMessage, response: ServerResponse): void {
  const [, , zone, state, ...rest] = (request.url ?? "").split("/");
  if (request.method === "GET" && zone === undefined) {
    answerJson(response, 200, { region: name, ...clb.status(Date.now()) });
    return;
  }
  const zones = zone === "region" ? ZONES : ZONES.filter((each) => each === zone);
  const known = ZONE_STATES.find((each) => each === state);
  if (request.method !== "POST" || zones.length === 0 || known === undefined || rest.length > 0) {
    const error = `POST /demo/{${[...ZONES, "region"].join("|")}}/{${ZONE_STATES.join("|")}}, or GET /demo`;
    answerJson(response, 404, { error });
    return;
  }
  clb.set(zones, known, Date.now());
  answerJson(response, 200, { region: name, ...clb.status(Date.now()) });
}

function serve(name: string, clb: Clb, response: ServerResponse): void {
  const status = clb.status(Date.now());
  const zone = status.inUse;
  const answer = (code: number) => answerJson(response, code, { region: name, zone });
  switch (status[zone]) {
    case "healthy":
      answer(200);
      break;
    case "unhealthy":
      answer(503);
      break;
    case "slow":
      setTimeout(() => answer(200), SLOW_MS).unref();
      break;
    case "dead":
      response.destroy();
      break;
  }
}

/** Starts a region; rejects with Node's error where its port is taken. */
export async function startRegion({ name, host, port, takeoverMs }: RegionOptions): Promise<Region> {
  const clb = createClb(takeoverMs);
  const server = createServer((request, response) => {
    // A body is of no interest, but has to be read for the connection to be reused.
    request.resume();
    if (/^\/demo(?:\/|$)/.test(request.url ?? "")) control(name, clb, request, response);
    else serve(name, clb, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
