/**
 * A thread that sends a query every few milliseconds and counts the replies that are as they must be, whatever the main
 * thread does. `workerData` is `{ port, address, query, reply, everyMs, forMs }`; at the end it posts
 * `{ sent, received, longestGapMs }`.
 */
import { createSocket } from "node:dgram";
import { parentPort, workerData } from "node:worker_threads";

const { port, address, query, reply, everyMs, forMs } = workerData;
/** For replies to the last queries. */
const LAST_REPLIES_MS = 200;

const socket = createSocket("udp4");
let sent = 0;
let received = 0;
let lastMs = performance.now();
let longestGapMs = 0;
socket.on("message", (octets) => {
  if (octets.equals(reply)) received++;
  const nowMs = performance.now();
  longestGapMs = Math.max(longestGapMs, nowMs - lastMs);
  lastMs = nowMs;
});
socket.bind(0, "127.0.0.1", () => {
  const endsMs = performance.now() + forMs;
  lastMs = performance.now();
  const ticking = setInterval(() => {
    if (performance.now() > endsMs) {
      clearInterval(ticking);
      setTimeout(() => {
        socket.close();
        parentPort.postMessage({ sent, received, longestGapMs }, []);
      }, LAST_REPLIES_MS);
      return;
    }
    sent++;
    socket.send(query, port, address);
  }, everyMs);
  parentPort.postMessage("begun", []);
});
