/** Listeners for one test and connections to them, which end with it. */

import type { Socket } from "node:net";
import { afterEach } from "mocha";
import type { Image } from "../../../src/answer/answer.ts";
import { connectTcp, type ListenerChanges, type Listeners, startListeners } from "../../support/servers.ts";

export interface UsedListeners {
  readonly serve: (changes?: ListenerChanges) => Promise<Listeners>;
  readonly open: (listeners: Listeners) => Promise<Socket>;
}

/** Call it within `describe`, and what it returns within `it`. `always` holds wherever a test does not change it. */
export function useListeners(currentImage: () => Image, always: ListenerChanges = {}): UsedListeners {
  let listeners: Listeners | undefined;
  const sockets: Socket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await listeners?.stop();
    listeners = undefined;
  });
  return {
    async serve(changes = {}) {
      listeners = await startListeners(currentImage, { ...always, ...changes });
      return listeners;
    },
    async open({ tcp }) {
      const socket = await connectTcp(tcp);
      sockets.push(socket);
      return socket;
    },
  };
}
