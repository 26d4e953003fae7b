/**
 * The system calls of the batch transport, through koffi. Made by `loadLibc` once a thread; `udp-socket` opens sockets
 * with it and `datagram-batch` carries datagrams.
 *
 * A call costs about 50 ns on top of the kernel's part and blocks its thread and no other. Memory is passed as a number,
 * its address: that is what is cheapest to convert, and the memory is laid out once. An `ArrayBuffer`'s octets never
 * move (only the object that stands for them does), but someone has to hold on to it while the kernel knows its address.
 *
 * Every call returns what C returns: −1 for a failure, and then `errno()` says which, if it is asked before anything else.
 */

import { getSystemErrorName } from "node:util";

/** `int call(…)`; addresses in memory are numbers. */
export interface Libc {
  readonly socket: (family: number, type: number, protocol: number) => number;
  readonly setsockopt: (fd: number, level: number, name: number, value: number, length: number) => number;
  readonly getsockopt: (fd: number, level: number, name: number, value: number, length: number) => number;
  readonly bind: (fd: number, name: number, length: number) => number;
  readonly listen: (fd: number, backlog: number) => number;
  readonly getsockname: (fd: number, name: number, length: number) => number;
  readonly shutdown: (fd: number, how: number) => number;
  readonly close: (fd: number) => number;
  readonly fcntl: (fd: number, command: number, argument: number) => number;
  readonly poll: (fds: number, count: number, timeoutMs: number) => number;
  readonly recvmmsg: (fd: number, headers: number, count: number, flags: number, timeout: 0) => number;
  readonly sendmmsg: (fd: number, headers: number, count: number, flags: number) => number;
  /** Of a thread by its number, 0 for the one that calls. */
  readonly sched_setaffinity: (thread: number, length: number, mask: number) => number;
  readonly errno: () => number;
  /** Where in memory a view begins; above 64 octets it stays there for as long as the view's buffer lives. */
  readonly addressOf: (view: Uint8Array) => number;
}

export type LibcResult =
  | { readonly ok: true; readonly libc: Libc }
  | { readonly ok: false; readonly reason: string };

/**
 * Where the layouts of structures and the values of constants in this folder hold: Linux with 64-bit addresses and the
 * low octet first. Other Linux systems have other numbers for socket options or smaller headers.
 */
const KNOWN_ARCHITECTURES: ReadonlySet<string> = new Set(["x64", "arm64", "riscv64", "loong64"]);

/** Says why not where koffi is not installed, has no binary for the system, or the system is another one. */
export async function loadLibc(): Promise<LibcResult> {
  if (process.platform !== "linux")
    return { ok: false, reason: `the system is ${process.platform}, not Linux` };
  if (!KNOWN_ARCHITECTURES.has(process.arch)) {
    return { ok: false, reason: `the memory layout of ${process.arch} is not known` };
  }
  try {
    const { default: koffi } = await import("koffi");
    // The running program itself, which brings its C library along, whichever that is.
    const program = koffi.load(null);
    const declare = (name: string, parameters: readonly string[]) =>
      program.func(name, "int", [...parameters]);
    const libc: Libc = {
      socket: declare("socket", ["int", "int", "int"]),
      setsockopt: declare("setsockopt", ["int", "int", "int", "void *", "uint32_t"]),
      getsockopt: declare("getsockopt", ["int", "int", "int", "void *", "void *"]),
      bind: declare("bind", ["int", "void *", "uint32_t"]),
      listen: declare("listen", ["int", "int"]),
      getsockname: declare("getsockname", ["int", "void *", "void *"]),
      shutdown: declare("shutdown", ["int", "int"]),
      close: declare("close", ["int"]),
      fcntl: declare("fcntl", ["int", "int", "int"]),
      poll: declare("poll", ["void *", "uint64_t", "int"]),
      recvmmsg: declare("recvmmsg", ["int", "void *", "uint32_t", "int", "void *"]),
      sendmmsg: declare("sendmmsg", ["int", "void *", "uint32_t", "int"]),
      sched_setaffinity: declare("sched_setaffinity", ["int", "uint64_t", "void *"]),
      errno: () => koffi.errno(),
      addressOf: (view) => Number(koffi.address(view)),
    };
    return { ok: true, libc };
  } catch (error) {
    const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n", 1);
    return { ok: false, reason: `koffi cannot be loaded: ${line}` };
  }
}

/** A failed call as Node tells of them: `code` is EADDRINUSE and so on. */
export function systemError(errno: number, call: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(-errno);
  return Object.assign(new Error(`${call} ${code}`), { errno: -errno, code, syscall: call });
}
