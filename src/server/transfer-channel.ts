/**
 * Transfers between the thread that holds the connections and the main thread, which has the zones: what a connection asks
 * its handler for is asked for over a port, one message at a time, so that no more is made than the client has taken.
 *
 * ```
 *  the connections' thread                     main thread
 *  begin  id, query, client                 →  handler(…): an iterator of its own
 *                                           ←  id, message; or that it was the last one, or a fault
 *  next   id                                →  the iterator's next
 *  end    id, also where a client is gone   →  the iterator is let go
 * ```
 */

import type { MessagePort } from "node:worker_threads";
import type { TransferHandler, TransferRequest } from "./transfer-handler.ts";

type Ask =
  | ({ readonly kind: "begin"; readonly id: number } & TransferRequest)
  | { readonly kind: "next" | "end"; readonly id: number };

interface Reply {
  readonly id: number;
  /** `undefined`: there are no more. */
  readonly message: Uint8Array | undefined;
  /** What went wrong, a bug: the transfer has no end then. */
  readonly fault: string | undefined;
}

/** The connections' side: a handler that asks over the port. */
export function connectTransfers(port: MessagePort): TransferHandler {
  const waiting = new Map<number, (reply: Reply) => void>();
  let lastId = 0;
  const ask = (words: Ask): Promise<Reply> =>
    new Promise((resolve) => {
      waiting.set(words.id, resolve);
      port.postMessage(words, []);
    });
  const settle = (reply: Reply): void => {
    const resolve = waiting.get(reply.id);
    waiting.delete(reply.id);
    resolve?.(reply);
  };
  port.on("message", settle);
  port.on("close", () => {
    for (const id of waiting.keys()) settle({ id, message: undefined, fault: "the zones are out of reach" });
  });
  // A thread ends when its connections have, whatever the port could still say.
  port.unref();
  return async function* receive(request) {
    const id = ++lastId;
    try {
      let reply = await ask({ kind: "begin", id, ...request });
      for (; reply.message !== undefined; reply = await ask({ kind: "next", id })) yield reply.message;
      if (reply.fault !== undefined) throw new Error(reply.fault);
    } finally {
      port.postMessage({ kind: "end", id } satisfies Ask, []);
    }
  };
}

/** The main thread's side, until the port closes. `undefined` of the handler is an answer without messages. */
export function serveTransfers(port: MessagePort, handler: TransferHandler): void {
  const open = new Map<number, Iterator<Uint8Array> | AsyncIterator<Uint8Array>>();
  const answer = async (words: Ask): Promise<void> => {
    const { id } = words;
    if (words.kind === "end") {
      const iterator = open.get(id);
      open.delete(id);
      await iterator?.return?.();
      return;
    }
    try {
      if (words.kind === "begin") open.set(id, iteratorOf(handler(words) ?? []));
      const next = await open.get(id)?.next();
      const message = next === undefined || next.done === true ? undefined : next.value;
      port.postMessage({ id, message, fault: undefined } satisfies Reply, []);
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      port.postMessage({ id, message: undefined, fault } satisfies Reply, []);
    }
  };
  port.on("message", (words: Ask) => void answer(words));
  port.on("close", () => {
    for (const iterator of open.values()) void iterator.return?.();
    open.clear();
  });
  // What is waited for is another thread, which does not keep this one.
  port.unref();
}

function iteratorOf(
  messages: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Iterator<Uint8Array> | AsyncIterator<Uint8Array> {
  return Symbol.asyncIterator in messages ? messages[Symbol.asyncIterator]() : messages[Symbol.iterator]();
}
