/**
 * What the main thread and the thread that holds the connections say to each other. `stream-servers` is the one side,
 * `stream-worker-entry` the other.
 *
 * ```
 *             main thread                              thread
 *  images     port.postMessage, then generation + 1 →  looks at the generation with every query, and reads the port then
 *             held                                  ←  the generation that it answers from
 *  orders     listen, renew, stop                   →
 *  transfers  by the port of `transfer-channel`     ↔
 *  reports                                          ←  ready, serving, fault
 * ```
 */

import type { MessagePort } from "node:worker_threads";
import type { ServerFault } from "./handle.ts";
import type { StreamTransport } from "./stream-counts.ts";
import type { StreamSettings } from "./stream-service.ts";
import type { TlsIdentity } from "./tls-identity.ts";

/** What the thread is started with. */
export interface StreamWorkerStart {
  /** By `STREAM_SHARED`. */
  readonly shared: Int32Array;
  /** `PublishedAnswers` come from here; the first one is there already. */
  readonly images: MessagePort;
  /** The block of its `StreamCounts`. */
  readonly counts: SharedArrayBuffer;
  readonly settings: StreamSettings;
  readonly identity: TlsIdentity | undefined;
  /** Zone transfers are asked for here; `undefined`: there are none. */
  readonly transfers: MessagePort | undefined;
}

/** Places in the shared numbers. */
export const STREAM_SHARED = { generation: 0, held: 1 } as const;

export interface ListeningSocket {
  readonly transport: StreamTransport;
  /** The main thread's; the thread accepts from a duplicate. */
  readonly fd: number;
}

export type StreamOrder =
  | { readonly kind: "listen"; readonly sockets: readonly ListeningSocket[] }
  | { readonly kind: "renew"; readonly identity: TlsIdentity }
  | { readonly kind: "stop"; readonly deadlineMs: number };

export type StreamReport =
  | { readonly kind: "ready" | "serving" }
  | { readonly kind: "fault"; readonly fault: ServerFault };
