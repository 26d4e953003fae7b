/**
 * Queries over UDP on Node's sockets (RFC 1035 §4.2.1): the transport that runs everywhere.
 *
 * One socket for each address, so that a reply leaves from where the query came to. A datagram is copied into the
 * socket's slot, answered there in place and sent from there. The system takes a datagram at once or the runtime keeps
 * a reference until it does; in that rare case the slot is given away and the next query gets a new one.
 *
 * Nothing that arrives or fails here ends the socket: errors are counted and reported, and reading goes on.
 */

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { setImmediate, setTimeout } from "node:timers/promises";
import { TRANSPORT } from "../answer/answer.ts";
import { createClientAddress, setClientAddress } from "../answer/client-address.ts";
import { createTimedAnswering } from "./answering.ts";
import { createFaultReporter, formatListener, type ServerHandle, type ServerOptions } from "./handle.ts";
import { withProxyHeaders } from "./proxied-datagrams.ts";
import { SendSampling } from "./send-sampling.ts";
import { RECEIVE_BUFFER_OCTETS, STOP_READING_MS, UDP_SLOT_OCTETS } from "./udp-limits.ts";

/** Replies that wait in the runtime because the system's send buffer is full; more are dropped. */
const MAX_QUEUED_REPLIES = 1_000;
/** Rejects with the system's error where the address cannot be bound. */
export async function startUdp(options: ServerOptions): Promise<ServerHandle> {
  const type = isIPv6(options.address) ? "udp6" : "udp4";
  const socket = createSocket({
    type,
    ipv6Only: type === "udp6",
    // Replies go to addresses, never names; calling back at once lets `send` finish before the slot is used again.
    lookup: (host, _options, callback) => callback(null, host, type === "udp6" ? 6 : 4),
  });
  // Asked for before the bind: with a lookup that calls back at once it is over when `bind` returns.
  const listening = once(socket, "listening");
  socket.bind(options.port, options.address);
  try {
    await listening;
  } catch (error) {
    socket.close();
    throw error;
  }
  const { address, port } = socket.address();
  const report = createFaultReporter(formatListener("udp", address, port), options.onFault);
  socket.on("error", (error) => report("socket", error));
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER_OCTETS);
  } catch (error) {
    report("socket", error);
  }
  const traffic = serveDatagrams(socket, options, report);
  return { address, port, stop: (deadlineMs) => stopSocket(socket, traffic, deadlineMs) };
}

/** What a stop looks at to know when the socket has come to rest. */
interface Traffic {
  received: number;
}

function serveDatagrams(
  socket: Socket,
  options: ServerOptions,
  report: ReturnType<typeof createFaultReporter>,
): Traffic {
  const { counters } = options;
  const timed = createTimedAnswering(options, TRANSPORT.udp, report);
  const answering = withProxyHeaders(timed, options.proxyNetworks ?? [], (reason) =>
    counters.countDrop(reason),
  );
  const client = createClientAddress();
  const traffic: Traffic = { received: 0 };
  let slot = new Slot();
  let queued = 0;
  const sampling = new SendSampling();

  const sendFailed = (error: unknown): void => {
    sampling.noteFailure();
    counters.countDrop("send-failed");
    report("socket", error);
  };
  const sent = (error: Error | null): void => {
    if (error !== null) sendFailed(error);
  };
  const reply = (length: number, to: RemoteInfo): void => {
    try {
      if (sampling.isHeard()) socket.send(slot.first(length), to.port, to.address, sent);
      else socket.send(slot.first(length), to.port, to.address);
    } catch (error) {
      sendFailed(error);
    }
    queued = socket.getSendQueueCount();
    if (queued > 0) slot = new Slot();
  };

  socket.on("message", (datagram, from) => {
    traffic.received++;
    if (from.port === 0) return counters.countDrop("port-zero");
    if (!setClientAddress(client, from.address)) return counters.countDrop("client-address");
    if (queued > 0) queued = socket.getSendQueueCount();
    if (queued > MAX_QUEUED_REPLIES) return counters.countDrop("send-queue-full");
    const length = datagram.copy(slot.octets, 0, 0, UDP_SLOT_OCTETS);
    const answered = answering(slot.octets, 0, length, client);
    if (answered > 0) reply(answered, from);
  });
  return traffic;
}

/** Where a datagram is answered. */
class Slot {
  readonly octets = Buffer.alloc(UDP_SLOT_OCTETS);
  readonly #views: (Buffer | undefined)[] = [];

  /** Its first octets, made once for each length: what is sent has to be a view of its own. */
  first(length: number): Buffer {
    return (this.#views[length] ??= this.octets.subarray(0, length));
  }
}

async function stopSocket(socket: Socket, traffic: Traffic, deadlineMs: number): Promise<void> {
  const startedMs = performance.now();
  const readUntilMs = startedMs + Math.min(deadlineMs, STOP_READING_MS);
  // The socket is at rest once a whole turn of the event loop brought no datagram.
  for (let received = -1; received !== traffic.received && performance.now() < readUntilMs; ) {
    received = traffic.received;
    await setImmediate();
    await setImmediate();
  }
  socket.removeAllListeners("message");
  while (socket.getSendQueueCount() > 0 && performance.now() - startedMs < deadlineMs) await setTimeout(1);
  const closed = once(socket, "close");
  socket.close();
  await closed;
}
