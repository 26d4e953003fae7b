import { MessageChannel } from "node:worker_threads";
import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import { connectTransfers, serveTransfers } from "../../../src/server/transfer-channel.ts";
import type {
  TransferHandler,
  TransferMessages,
  TransferRequest,
} from "../../../src/server/transfer-handler.ts";

const REQUEST: TransferRequest = {
  query: Uint8Array.of(1, 2, 3),
  client: Uint8Array.of(127, 0, 0, 1),
};

let close = (): void => undefined;

/** What the other end of a channel is answered by this handler. */
function asked(handler: TransferHandler): TransferMessages {
  const { port1, port2 } = new MessageChannel();
  close = () => port1.close();
  serveTransfers(port2, handler);
  const messages = connectTransfers(port1)(REQUEST);
  // A test has nothing else that keeps it waiting.
  port1.ref();
  if (messages === undefined) throw new Error("no answer");
  return messages;
}

async function all(messages: TransferMessages): Promise<number[]> {
  const found: number[] = [];
  for await (const message of messages) found.push(message[0] ?? -1);
  return found;
}

describe("a channel of transfers", () => {
  afterEach(() => close());

  it("carries the request over and the messages back, in order", async () => {
    let seen: TransferRequest | undefined;
    const messages = asked((request) => {
      seen = request;
      return [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)];
    });
    expect(await all(messages)).to.deep.equal([1, 2, 3]);
    expect(seen?.query).to.deep.equal(REQUEST.query);
    expect(seen?.client).to.deep.equal(REQUEST.client);
  });

  it("asks for no message that was not asked for, and lets the iterator go with the client", async () => {
    let made = 0;
    let letGo: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    function* endless(): Generator<Uint8Array, void> {
      try {
        for (;;) yield Uint8Array.of(++made);
      } finally {
        letGo();
      }
    }
    for await (const message of asked(() => endless())) if (message[0] === 3) break;
    await gone;
    expect(made).to.equal(3);
  });

  it("says that a transfer has no end where its handler fails", async () => {
    function* failing(): Generator<Uint8Array, void> {
      yield Uint8Array.of(1);
      throw new Error("out of order");
    }
    const error = await all(asked(() => failing())).catch((reason: unknown) => reason);
    expect(error).to.be.an("error").with.property("message", "out of order");
  });

  it("says so where the other thread is gone", async () => {
    const messages = asked(() => {
      close();
      return [];
    });
    const error = await all(messages).catch((reason: unknown) => reason);
    expect(error).to.be.an("error").with.property("message", "the zones are out of reach");
  });

  it("has no messages where its handler has no answer", async () => {
    expect(await all(asked(() => undefined))).to.deep.equal([]);
  });
});
