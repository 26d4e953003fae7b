/**
 * The `grpc` kind: `Check` of gRPC's health protocol (grpc.health.v1), whose answer must be SERVING; of the service that
 * the monitor names, or of the server as a whole.
 *
 *   POST /grpc.health.v1.Health/Check   over HTTP/2 over TLS, with ALPN «h2»
 *     → one message: HealthCheckRequest  { string service = 1 }
 *     ← one message: HealthCheckResponse { ServingStatus status = 1 }, then grpc-status in the trailers
 *
 * This is Node's own HTTP/2 and not grpc-js, which tests have as the server. A probe is one call over one connection of
 * its own to one address; grpc-js has channels for that, which resolve, balance, back off and reconnect by themselves,
 * verify certificates their own way, and tell what went wrong in sentences only. What is left of gRPC without them is
 * five octets of framing and one field each way.
 */

import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from "node:http2";
import type { TLSSocket } from "node:tls";
import type { Verdict } from "../health/verdict.ts";
import { shorten } from "./body.ts";
import { connectSecure, probeOver } from "./connect.ts";
import { checkRequest, type Message, readMessage, servingStatus } from "./grpc-message.ts";
import { authorityOf, fails, type Outcome, type ProbeTarget, READ_MAX_OCTETS } from "./probe.ts";
import { reasonOfAbort, reasonOfError } from "./reasons.ts";

const CHECK_PATH = "/grpc.health.v1.Health/Check";
/** Codes of gRPC with their names: those that a health service answers, or what stands before it. */
const STATUS_OK = "0";
const STATUS_NAMES: Readonly<Record<string, string>> = {
  "1": "CANCELLED",
  "2": "UNKNOWN",
  "3": "INVALID_ARGUMENT",
  "4": "DEADLINE_EXCEEDED",
  "5": "NOT_FOUND",
  "7": "PERMISSION_DENIED",
  "8": "RESOURCE_EXHAUSTED",
  "12": "UNIMPLEMENTED",
  "13": "INTERNAL",
  "14": "UNAVAILABLE",
  "16": "UNAUTHENTICATED",
};

export function probeGrpc(target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  return probeOver(connectSecure(target, signal, ["h2"]), (socket) => check(target, socket, signal));
}

function check(target: ProbeTarget, socket: TLSSocket, signal: AbortSignal): Promise<Outcome> {
  const { monitor } = target;
  return new Promise((resolve) => {
    const session = connect("https://fairlead.invalid", {
      createConnection: () => socket,
      settings: { enablePush: false },
    });
    const finish = (outcome: Outcome): void => {
      signal.removeEventListener("abort", aborted);
      session.destroy();
      resolve(outcome);
    };
    const aborted = (): void => finish(fails(reasonOfAbort("gRPC answer", signal, monitor.timeoutMs)));
    signal.addEventListener("abort", aborted, { once: true });
    session.on("error", (error) => finish(fails(`${reasonOfError(error)} before the gRPC answer`)));
    session.on("close", () => finish(fails("connection closed before the gRPC answer")));
    call(session, target, finish);
    if (signal.aborted) {
      aborted();
    }
  });
}

function call(session: ClientHttp2Session, target: ProbeTarget, finish: (outcome: Outcome) => void): void {
  const { monitor } = target;
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: "POST",
    [constants.HTTP2_HEADER_PATH]: CHECK_PATH,
    [constants.HTTP2_HEADER_SCHEME]: "https",
    [constants.HTTP2_HEADER_AUTHORITY]: monitor.host ?? authorityOf(target, 443),
    "content-type": "application/grpc",
    te: "trailers",
    "grpc-timeout": `${monitor.timeoutMs}m`,
    "user-agent": "fairlead",
  });
  const chunks: Buffer[] = [];
  let octets = 0;
  let headers: IncomingHttpHeaders = {};
  stream.on("response", (received) => {
    headers = received;
    const status = received[":status"];
    if (status !== 200) finish(fails(`HTTP status ${status ?? "missing"} in place of a gRPC answer`));
  });
  // A status without a message comes in the headers, else in the trailers.
  stream.on("trailers", (trailers) => {
    headers = { ...headers, ...trailers };
  });
  stream.on("data", (chunk: Buffer) => {
    octets += chunk.length;
    chunks.push(chunk);
    if (octets > READ_MAX_OCTETS) finish(fails("gRPC answer is longer than 64 KiB"));
  });
  stream.on("end", () => {
    // A stream that is broken off ends as well, and is then closed.
    if (headers[":status"] !== undefined) {
      finish(judge(headers, readMessage(Buffer.concat(chunks)), monitor.query));
    }
  });
  stream.on("error", (error) => finish(fails(`${reasonOfError(error)} within the gRPC call`)));
  stream.on("close", () => finish(fails("gRPC call closed without an answer")));
  stream.end(checkRequest(monitor.query ?? ""));
}

function judge(headers: IncomingHttpHeaders, message: Message, service: string | undefined): Outcome {
  const who = service === undefined ? "the server" : `service '${shorten(service)}'`;
  const code = single(headers["grpc-status"]);
  if (code === undefined) {
    return fails("the gRPC answer has no status");
  }
  if (code !== STATUS_OK) {
    const name = STATUS_NAMES[code] ?? "";
    const words = shorten(printable(single(headers["grpc-message"]) ?? ""));
    const said = [name, words].filter((part) => part !== "").join(", ");
    return fails(`gRPC status ${shorten(printable(code))}${said === "" ? "" : ` (${said})`} of ${who}`);
  }
  const status = message.ok ? servingStatus(message.octets) : undefined;
  if (status === undefined) {
    return fails(message.ok ? "the gRPC answer is no HealthCheckResponse" : message.reason);
  }
  return status === "SERVING" ? { ok: true, reason: `${who} is SERVING` } : fails(`${who} is ${status}`);
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** Of percent-encoded text what can be shown. */
function printable(text: string): string {
  const decoded = text.replaceAll(/%([2-7][0-9a-f])/gi, (_all, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return decoded.replaceAll(/[^\x20-\x7e]/g, "?");
}
