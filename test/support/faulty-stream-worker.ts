/** The program of the thread that holds the connections, and a message that it dies of: one with the identifier 0xdead. */

import { Socket } from "node:net";

const DEADLY = 0xdead;

// What a bug of the runtime would look like.
const emit: unknown = Reflect.get(Socket.prototype, "emit");
if (typeof emit !== "function") throw new Error("sockets emit nothing");
Object.assign(Socket.prototype, {
  emit(this: Socket, ...words: readonly unknown[]): unknown {
    const [event, chunk] = words;
    if (event === "data" && chunk instanceof Buffer && chunk.readUInt16BE(2) === DEADLY) {
      throw new Error("met a deadly message");
    }
    return Reflect.apply(emit, this, words);
  },
});

await import("../../src/server/stream-worker-entry.ts");
