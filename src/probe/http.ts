/**
 * The `http` and `https` kinds: one request over one connection of its own, whose response must have an expected status
 * and, where asked for, an expected body.
 *
 * The connection is made first (`probe/connect`) and got is given it ready: it goes to the address of the target, while
 * Host and SNI carry the monitor's `host`. Redirects are an answer like any other, nothing is retried, decompressed or
 * kept alive. The body is read to its end, or to 64 KiB: a server that stops in the middle of one is not healthy. A
 * status that is not expected decides at once.
 */

import type { Socket } from "node:net";
import { type Got, got } from "got";
import { LRUCache } from "lru-cache";
import type { Monitor, StatusRange } from "../health/monitor.ts";
import { METHODS } from "../health/monitor-values.ts";
import type { Verdict } from "../health/verdict.ts";
import { reasonOfBody } from "./body.ts";
import { connectPlain, connectSecure, probeOver } from "./connect.ts";
import { authorityOf, fails, type Outcome, type ProbeTarget, READ_MAX_OCTETS } from "./probe.ts";
import { codeOf, reasonOfAbort, reasonOfError } from "./reasons.ts";

const CLIENTS_MAX = 1_024;
/** The others are ended by hand: got waits for what one might still write to them. */
const METHODS_ENDED_BY_GOT: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** Merging options is a good part of what a request through got costs, so it is done once a monitor. */
const clients = new LRUCache<Monitor, Got>({ max: CLIENTS_MAX });

export function probeHttp(target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  const secure = target.monitor.kind === "https";
  const connection = secure ? connectSecure(target, signal) : connectPlain(target, signal);
  return probeOver<Socket>(connection, (socket) => exchange(target, socket, signal));
}

function clientOf(monitor: Monitor): Got {
  const kept = clients.get(monitor);
  if (kept !== undefined) {
    return kept;
  }
  const made = got.extend({
    method: METHODS.find((method) => method === monitor.method) ?? "GET",
    headers: { "user-agent": "fairlead", accept: "*/*", ...Object.fromEntries(monitor.headers) },
    followRedirect: false,
    throwHttpErrors: false,
    decompress: false,
    retry: { limit: 0 },
  });
  clients.set(monitor, made);
  return made;
}

/** One request and its response over a socket that is ready. The URL says http: TLS, if any, is the socket's affair. */
function exchange(target: ProbeTarget, socket: Socket, signal: AbortSignal): Promise<Outcome> {
  const { monitor } = target;
  return new Promise((resolve) => {
    let phase: "response" | "body" = "response";
    let socketError: unknown;
    const chunks: Buffer[] = [];
    let octets = 0;
    const request = clientOf(monitor).stream(`http://fairlead.invalid${monitor.path}`, {
      headers: { host: monitor.host ?? authorityOf(target, monitor.kind === "https" ? 443 : 80) },
      createConnection: () => socket,
    });
    const finish = (outcome: Outcome): void => {
      signal.removeEventListener("abort", aborted);
      request.destroy();
      resolve(outcome);
    };
    const aborted = (): void => finish(fails(reasonOfAbort(phase, signal, monitor.timeoutMs)));
    const closed = (error: unknown): void => finish(fails(reasonOfBreak(socketError ?? error, phase)));
    const judge = (capped: boolean): void => {
      const reason = reasonOfBody(monitor, Buffer.concat(chunks), capped);
      finish(reason === undefined ? { ok: true, reason: `status ${status}` } : fails(reason));
    };
    let status = 0;
    signal.addEventListener("abort", aborted, { once: true });
    socket.on("error", (error) => (socketError = error));
    request.on("error", closed);
    request.once("upgrade", () => finish(fails(unexpectedStatus(101, monitor.expect))));
    request.once("response", (response: { readonly statusCode: number }) => {
      phase = "body";
      status = response.statusCode;
      if (!isExpected(status, monitor.expect)) {
        finish(fails(unexpectedStatus(status, monitor.expect)));
      }
    });
    request.on("data", (chunk: Buffer) => {
      const room = READ_MAX_OCTETS - octets;
      chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
      octets += Math.min(chunk.length, room);
      if (octets === READ_MAX_OCTETS) {
        judge(true);
      }
    });
    request.once("end", () => judge(false));
    if (!METHODS_ENDED_BY_GOT.has(monitor.method)) {
      request.end();
    }
    if (signal.aborted) {
      aborted();
    } else if (socket.destroyed) {
      closed(undefined);
    }
  });
}

function isExpected(status: number, expect: readonly StatusRange[]): boolean {
  return expect.some(({ first, last }) => status >= first && status <= last);
}

function unexpectedStatus(status: number, expect: readonly StatusRange[]): string {
  const ranges = expect.map(({ first, last }) => (first === last ? `${first}` : `${first}–${last}`));
  return `status ${status}, expected ${ranges.join(", ")}`;
}

/** An end or a reset before the response was whole is told as such; anything else in its own words. */
function reasonOfBreak(error: unknown, phase: "response" | "body"): string {
  const code = codeOf(error);
  const place = phase === "response" ? "before the response" : "within the body";
  if (
    code === undefined ||
    code === "ECONNRESET" ||
    code === "EPIPE" ||
    code === "ERR_STREAM_PREMATURE_CLOSE"
  ) {
    const reset = code === "ECONNRESET" && error instanceof Error && "syscall" in error;
    return `connection ${reset ? "reset" : "closed"} ${place}`;
  }
  return reasonOfError(error);
}
