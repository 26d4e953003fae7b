/**
 * One client that speaks DNS over HTTPS (RFC 8484), over HTTP/2 where it can and HTTP/1.1 where it cannot. `http-query`
 * says what a request is answered; this file takes requests apart, one stream each, and holds the client to the limits.
 *
 * The parsers are Node's. What they keep for a client is bounded by what HTTP/2 is told (streams, header lists, memory of
 * a session) and, for HTTP/1.1, by one request at a time.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { TLSSocket } from "node:tls";
import { MAX_TCP_ANSWER_OCTETS } from "../answer/transport.ts";
import { cacheControl, DNS_MESSAGE, judgeHead, type RequestHead } from "./http-query.ts";
import type { HttpStatus } from "./stream-counts.ts";
import type { LimitName, StreamLimits } from "./stream-limits.ts";

/** Of a request; the target alone may take a quarter of it. */
const MAX_HEADER_OCTETS = 8_192;
/** What the HTTP/2 parser keeps for one client at most; it counts in these. */
const SESSION_MEMORY_MB = 1;
/** HTTP/2 wants to be told how many header fields; requests have about ten. */
const MAX_HEADER_FIELDS = 64;

/** What a connection asks of its server. */
export interface HttpsWork {
  readonly path: string;
  readonly limits: StreamLimits;
  readonly idleMs: () => number;
  /** The answer to a query: octets of its own; `undefined`: it deserves none. */
  readonly answer: (query: Uint8Array) => Buffer | undefined;
  readonly used: () => void;
  readonly countLimit: (limit: LimitName) => void;
  readonly countStatus: (status: HttpStatus) => void;
  /** HTTP came that is none. */
  readonly countFault: () => void;
}

/** To what is no HTTP at all. */
const BAD_REQUEST = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n";

/** A response, whichever HTTP carries it. */
interface Reply {
  readonly status: HttpStatus;
  readonly body: Buffer | undefined;
  readonly headers: Readonly<Record<string, string | number>>;
}

/** One request, from its head to the end of its response. */
interface Exchange {
  readonly begunMs: number;
  /** Its response waits for the client to take it. */
  replied: boolean;
  octets: number;
}

export class HttpsConnection {
  readonly #socket: TLSSocket;
  readonly #work: HttpsWork;
  readonly #session: ServerHttp2Session | undefined;
  /** The one that has begun first first. */
  readonly #exchanges = new Set<Exchange>();
  /** Responses that wait for the client to take them, and their octets. */
  #waiting = 0;
  #backlogOctets = 0;
  #usedMs: number;
  /** When the client last took a response, or one began to wait for it. */
  #takenMs: number;
  #finishing = false;

  constructor(socket: TLSSocket, nowMs: number, work: HttpsWork) {
    this.#socket = socket;
    this.#work = work;
    this.#usedMs = nowMs;
    this.#takenMs = nowMs;
    socket.on("error", () => socket.destroy());
    this.#session = socket.alpnProtocol === "h2" ? this.#speakHttp2() : this.#speakHttp1();
    // Half-open, a session would wait for the idle timeout; Node's HTTP/1.1 looks after its own.
    if (this.#session !== undefined) socket.on("end", () => this.finish());
  }

  /** No more requests: those that have begun are answered, then it closes. */
  finish(): void {
    this.#finishing = true;
    if (this.#session === undefined) this.#closeWhereDone();
    else if (!this.#session.closed) this.#session.close();
  }

  expired(nowMs: number): LimitName | undefined {
    const { limits, idleMs } = this.#work;
    if (this.#waiting > 0 && nowMs - this.#takenMs > limits.writeMs) return "write-timeout";
    for (const { replied, begunMs } of this.#exchanges) {
      if (!replied && nowMs - begunMs > limits.messageMs) return "message-timeout";
    }
    return this.#exchanges.size === 0 && nowMs - this.#usedMs > idleMs() ? "idle-timeout" : undefined;
  }

  #speakHttp2(): ServerHttp2Session {
    const session = performServerHandshake(this.#socket, {
      maxSessionMemory: SESSION_MEMORY_MB,
      maxHeaderListPairs: MAX_HEADER_FIELDS,
      settings: {
        maxConcurrentStreams: this.#work.limits.inFlight,
        maxHeaderListSize: MAX_HEADER_OCTETS,
      },
    });
    session.on("stream", (stream, headers) => this.#serveStream(stream, headers));
    session.on("error", (error) => this.#failed(error));
    return session;
  }

  #serveStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders & Record<string, unknown>): void {
    const exchange = this.#begin();
    stream.on("error", () => undefined);
    stream.on("close", () => this.#end(exchange));
    const reply = ({ status, headers: fields, body }: Reply): void => {
      if (stream.destroyed || stream.closed || stream.headersSent) return;
      stream.respond({ [constants.HTTP2_HEADER_STATUS]: status, ...fields });
      stream.end(body);
      // What is left of a body is read to its end and forgotten: a reset, and Node makes one of what nobody reads, takes
      // back a response that still waits for the octets before it (RFC 9113 §8.1). Who never ends is out of time.
      stream.resume();
    };
    this.#serve(
      {
        method: String(headers[constants.HTTP2_HEADER_METHOD] ?? ""),
        target: String(headers[constants.HTTP2_HEADER_PATH] ?? ""),
        contentType: headers["content-type"],
        contentLength: headers["content-length"],
      },
      stream,
      exchange,
      reply,
    );
  }

  #speakHttp1(): undefined {
    const server = createServer({ maxHeaderSize: MAX_HEADER_OCTETS, keepAliveTimeout: 0, noDelay: true });
    server.on("clientError", (error) => {
      if (this.#socket.writable) this.#socket.write(BAD_REQUEST);
      this.#failed(error);
    });
    server.on("request", (request, response) => this.#serveRequest(request, response));
    // A server that never listens: it parses this one socket, and goes with it.
    server.emit("connection", this.#socket);
    return undefined;
  }

  #serveRequest(request: IncomingMessage, response: ServerResponse): void {
    const exchange = this.#begin();
    response.on("close", () => this.#end(exchange));
    const reply = ({ status, headers, body }: Reply): void => {
      if (response.headersSent || response.destroyed) return;
      // What is left of a body that was refused is not read, so nothing can follow it.
      const last = this.#finishing || (status !== 200 && request.method !== "GET");
      response.writeHead(status, last ? { ...headers, connection: "close" } : headers);
      response.end(body);
    };
    const { method = "", url: target = "", headers } = request;
    const contentType = headers["content-type"];
    this.#serve(
      { method, target, contentType, contentLength: headers["content-length"] },
      request,
      exchange,
      reply,
    );
  }

  #serve(
    head: RequestHead,
    body: IncomingMessage | ServerHttp2Stream,
    exchange: Exchange,
    send: (reply: Reply) => void,
  ): void {
    const reply = (what: Reply): void => this.#reply(exchange, what, send);
    const judged = judgeHead(head, this.#work.path);
    if (judged.kind === "refused") return reply(refusal(judged.status));
    if (judged.kind === "query") return reply(this.#answer(judged.octets));
    const chunks: Buffer[] = [];
    let length = 0;
    body.on("data", (chunk: Buffer) => {
      if (exchange.replied) return;
      length += chunk.length;
      if (length > MAX_TCP_ANSWER_OCTETS) {
        chunks.length = 0;
        reply(refusal(413));
      } else {
        chunks.push(chunk);
      }
    });
    body.on("end", () => {
      if (!exchange.replied) reply(this.#answer(Buffer.concat(chunks)));
    });
  }

  #answer(query: Uint8Array): Reply {
    if (this.#backlogOctets >= this.#work.limits.writeBacklogOctets) {
      this.#work.countLimit("write-backlog");
      return refusal(503);
    }
    const body = this.#work.answer(query);
    if (body === undefined) return refusal(400);
    const headers = {
      "content-type": DNS_MESSAGE,
      "content-length": body.length,
      "cache-control": cacheControl(body),
    };
    return { status: 200, headers, body };
  }

  #begin(): Exchange {
    const exchange = { begunMs: performance.now(), replied: false, octets: 0 };
    this.#exchanges.add(exchange);
    // HTTP/2 refuses further ones by itself until one is over.
    if (this.#exchanges.size === this.#work.limits.inFlight) this.#work.countLimit("in-flight");
    return exchange;
  }

  #reply(exchange: Exchange, what: Reply, send: (reply: Reply) => void): void {
    if (exchange.replied) return;
    exchange.replied = true;
    exchange.octets = what.body?.length ?? 0;
    this.#backlogOctets += exchange.octets;
    this.#usedMs = performance.now();
    if (this.#waiting === 0) this.#takenMs = this.#usedMs;
    this.#waiting++;
    this.#work.used();
    this.#work.countStatus(what.status);
    send(what);
  }

  #end(exchange: Exchange): void {
    if (!this.#exchanges.delete(exchange)) return;
    this.#usedMs = performance.now();
    if (exchange.replied) {
      this.#waiting--;
      this.#backlogOctets -= exchange.octets;
      this.#takenMs = this.#usedMs;
    }
    this.#closeWhereDone();
  }

  #closeWhereDone(): void {
    if (!this.#finishing || this.#exchanges.size > 0 || this.#session !== undefined) return;
    this.#socket.end(() => this.#socket.destroy());
  }

  /** A client that vanishes is no fault of anybody's; one that speaks something else is. */
  #failed(error: Error): void {
    if ("code" in error && /^(?:HPE|ERR_HTTP)/.test(String(error.code))) this.#work.countFault();
    this.#socket.destroySoon();
  }
}

function refusal(status: Exclude<HttpStatus, 200>): Reply {
  const headers = { "content-length": 0, ...(status === 405 ? { allow: "GET, POST" } : {}) };
  return { status, headers, body: undefined };
}
