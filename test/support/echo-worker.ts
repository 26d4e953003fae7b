/**
 * A worker that answers any query with itself, its own number in octet 12 and that of the image in octet 13. What octet
 * 12 of a query says may be its end.
 */

import { loadLibc } from "../../src/server/libc.ts";
import { runUdpWorker } from "../../src/server/udp-worker.ts";
import { BLOCK_MS, ECHO, ORDERS } from "./echo-orders.ts";

const system = await loadLibc();

await runUdpWorker<number, unknown>(({ index, data }) => {
  if (data === "cannot begin") throw new Error("no luck");
  let image = 0;
  return {
    adopt(published) {
      image = published;
    },
    drop: () => undefined,
    observe: () => undefined,
    answer(slots, offset, length) {
      const order = slots[offset + ECHO.workerAt];
      if (order === ORDERS.throw) throw new Error("a bug");
      if (order === ORDERS.exit) process.exit(3);
      while (order === ORDERS.loop) {}
      if (order === ORDERS.block && system.ok) system.libc.poll(0, 0, BLOCK_MS);
      slots[offset + 2] = 0x80;
      slots[offset + ECHO.workerAt] = index;
      slots[offset + ECHO.imageAt] = image;
      return length;
    },
  };
});
