/** What the echoing worker of tests is told and tells, in the octets of its packets. */

export const ECHO = { workerAt: 12, imageAt: 13, octets: 16 } as const;
/** In octet 12 of a query. */
export const ORDERS = { answer: 0, throw: 1, exit: 2, loop: 3, block: 4 } as const;
/** How long `block` keeps its thread in a system call: longer than a thread that hangs is borne with. */
export const BLOCK_MS = 9_000;
