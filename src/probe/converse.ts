/**
 * What the `tcp` and `tls` kinds say over their connection: octets sent and octets expected, where the monitor names
 * any. What is expected may stand anywhere in the first 64 KiB of what comes.
 */

import type { Socket } from "node:net";
import { shorten } from "./body.ts";
import { fails, type Outcome, type ProbeTarget, READ_MAX_OCTETS } from "./probe.ts";
import { reasonOfAbort, reasonOfError } from "./reasons.ts";

/** Sends and receives over a socket that is connected. */
export async function converse(target: ProbeTarget, socket: Socket, signal: AbortSignal): Promise<Outcome> {
  const { send, receive } = target.monitor;
  if (send !== undefined) {
    socket.write(Buffer.from(send, "latin1"));
  }
  if (receive !== undefined) {
    return await received(target, receive, socket, signal);
  }
  return { ok: true, reason: "connected" };
}

function received(
  target: ProbeTarget,
  receive: string,
  socket: Socket,
  signal: AbortSignal,
): Promise<Outcome> {
  const expected = Buffer.from(receive, "latin1");
  const shown = `'${shorten(receive)}'`;
  return new Promise((resolve) => {
    // As much of what has been searched as a match could still begin in.
    let tail: Buffer = Buffer.alloc(0);
    let octets = 0;
    const finish = (outcome: Outcome): void => {
      signal.removeEventListener("abort", aborted);
      resolve(outcome);
    };
    const aborted = (): void =>
      finish(fails(reasonOfAbort(`waiting for ${shown}`, signal, target.monitor.timeoutMs)));
    signal.addEventListener("abort", aborted, { once: true });
    socket.on("error", (error) => finish(fails(`${reasonOfError(error)} before ${shown} came`)));
    socket.once("close", () => finish(fails(`connection closed before ${shown} came`)));
    socket.once("end", () => finish(fails(`connection closed before ${shown} came`)));
    socket.on("data", (chunk: Buffer) => {
      const fresh = chunk.subarray(0, READ_MAX_OCTETS - octets);
      const searched = Buffer.concat([tail, fresh]);
      octets += fresh.length;
      tail = searched.subarray(Math.max(0, searched.length - expected.length + 1));
      if (searched.includes(expected)) {
        finish({ ok: true, reason: `received ${shown}` });
      } else if (octets === READ_MAX_OCTETS) {
        finish(fails(`${shown} is not in the first 64 KiB received`));
      }
    });
    if (signal.aborted) {
      aborted();
    }
  });
}
