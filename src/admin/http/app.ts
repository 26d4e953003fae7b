/**
 * The HTTP server of the admin plane without its resources: limits, header fields, errors, and the guard before
 * everything that changes state. Whatever a client sends, it gets a response in JSON or its connection is closed.
 */

import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from "fastify";
import { judgeWrite } from "./guard.ts";
import * as limits from "./limits.ts";
import { isReadableQuery } from "./parameter.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";

/** What the admin plane has to say to the log; pino's loggers have these. */
export interface AdminLog {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface AppOptions {
  /** That of `--admin-token-file`; without one only loopback may change state. */
  readonly token: string | undefined;
  readonly log: AdminLog;
}

/** Methods that change nothing (RFC 9110 §9.2.1). Every other one is guarded, also where nothing answers it. */
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

export function createApp({ token, log }: AppOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: limits.BODY_LIMIT_OCTETS,
    requestTimeout: limits.REQUEST_TIMEOUT_MS,
    connectionTimeout: limits.INACTIVITY_TIMEOUT_MS,
    keepAliveTimeout: limits.KEEP_ALIVE_TIMEOUT_MS,
    http: {
      maxHeaderSize: limits.HEADER_LIMIT_OCTETS,
      connectionsCheckingInterval: limits.TIMEOUT_CHECK_EVERY_MS,
      // Checked below, for an error in JSON as everywhere.
      requireHostHeader: false,
    },
    clientErrorHandler: answerUnreadable,
    frameworkErrors: (error, _request, reply) => {
      void sendError(reply, error.statusCode ?? 400, error.message);
    },
  });
  app.server.headersTimeout = limits.HEADER_TIMEOUT_MS;
  app.server.maxConnections = limits.CONNECTION_LIMIT;
  // One parser for every media type: what a body must be is its resource's business.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
  // Before the body is read: a refusal closes the connection, and with it what was still to come.
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    // RFC 9112 §3.2.
    if (request.raw.httpVersion === "1.1" && request.headers.host === undefined) {
      return sendError(reply.header("connection", "close"), 400, "Host is missing");
    }
    // Else what cannot be decoded would be taken as it stands, for another name.
    if (!isReadableQuery(request.url)) {
      const message = "Cannot read the query: behind '%' stand two hexadecimal digits, and all are UTF-8";
      return sendError(reply.header("connection", "close"), 400, message);
    }
    return SAFE_METHODS.has(request.method) ? undefined : guardWrite(request, reply, token, log);
  });
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const statusCode = error.statusCode ?? 500;
    if (statusCode < 500) return sendError(reply, statusCode, error.message);
    log.error({ err: error, method: request.method, url: request.url }, "admin request failed");
    return sendError(reply, 500, "internal error; the log has the rest");
  });
  app.setNotFoundHandler((request, reply) => answerNotFound(app, request, reply));
  return app;
}

/** Every error has this shape; more fields may stand beside it. */
export function sendError(
  reply: FastifyReply,
  statusCode: number,
  error: string,
  more: object = {},
): FastifyReply {
  return reply
    .code(statusCode)
    .headers(SECURITY_HEADERS)
    .send({ error, ...more });
}

/** Where a wish is refused: what it names is not there, something speaks against it, or the node cannot do it now. */
export const REFUSAL_STATUS = { unknown: 404, refused: 409, unavailable: 503 } as const;

function guardWrite(
  request: FastifyRequest,
  reply: FastifyReply,
  token: string | undefined,
  log: AdminLog,
): FastifyReply | undefined {
  const peer = request.raw.socket.remoteAddress ?? "";
  const hosts = request.raw.headersDistinct["host"] ?? [];
  const judgement = judgeWrite({ peer, hosts, headers: request.headers }, token);
  if (judgement.allowed) return undefined;
  const { statusCode, message } = judgement;
  log.warn({ peer, method: request.method, url: request.url, reason: message }, "admin request refused");
  if (statusCode === 401) reply.header("www-authenticate", "Bearer");
  return sendError(reply.header("connection", "close"), statusCode, message);
}

const METHODS = ["GET", "POST", "DELETE"] as const;

function answerNotFound(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const [url = ""] = request.url.split("?");
  const allowed = METHODS.filter((method) => app.hasRoute({ method, url }));
  if (allowed.length === 0) return sendError(reply, 404, `there is no '${url}'`);
  const methods = allowed.join(", ");
  return sendError(reply.header("allow", methods), 405, `'${url}' takes ${methods}, not ${request.method}`);
}

const UNREADABLE: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** What could not be read as a request at all has no reply object: the response is written to the socket. */
function answerUnreadable(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const statusCode = UNREADABLE[error.code ?? ""] ?? 400;
  const text = STATUS_CODES[statusCode] ?? "Bad Request";
  const body = JSON.stringify({ error: text.toLowerCase() });
  const fields = {
    ...SECURITY_HEADERS,
    "content-type": "application/json; charset=utf-8",
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
  };
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${statusCode} ${text}`, ...head, "", body].join("\r\n"));
}
