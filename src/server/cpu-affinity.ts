/** The calling thread on one core (sched_setaffinity(2)); `udp-worker` pins itself before it does anything else. */

import { type Libc, systemError } from "./libc.ts";

/** `cpu_set_t`: a bit for each core, the low ones first. It lives as long as its thread, so its address stays. */
const MASK = new Uint8Array(128);
/** Rather than one's own thread's number. */
const THIS_THREAD = 0;
const EINVAL = 22;

/** Throws where the machine has no such core, or this process is not given it. */
export function pinThread(libc: Libc, core: number): void {
  MASK.fill(0);
  MASK[core >> 3] = 1 << (core & 7);
  if (libc.sched_setaffinity(THIS_THREAD, MASK.length, libc.addressOf(MASK)) === 0) return;
  const errno = libc.errno();
  if (errno === EINVAL) throw new Error(`there is no core ${core} for this process`);
  throw systemError(errno, "sched_setaffinity");
}
