/**
 * All that answers over UDP, whichever way datagrams come and go; which way it is, is decided once, at the start:
 *
 * - `batch`: workers that block in the kernel (`udp-workers`), where the system is Linux and koffi can be loaded;
 * - `dgram`: Node's own sockets on the main thread (`udp`), anywhere else.
 *
 * The daemon creates one, binds every listen address with it, starts it and publishes images to it.
 */

import { networkInterfaces } from "node:os";
import type { ServerFault, ServerHandle, ServerOptions } from "./handle.ts";
import { type Libc, loadLibc } from "./libc.ts";
import { startUdp } from "./udp.ts";
import { closeUdpSocket, droppedByKernel, openUdpSocket, type UdpSocket } from "./udp-socket.ts";
import { startUdpWorkers, type UdpWorkers } from "./udp-workers.ts";

export type UdpTransport = "batch" | "dgram";

/** How workers are made and fed. */
export interface UdpWorkerProgram<Published> {
  /** See `UdpWorkersOptions`. */
  readonly entry: URL;
  readonly data: unknown;
  readonly imageOf: (index: number) => Published;
}

/** What only workers can be told. */
export interface UdpTuning {
  /** The core of each worker, by its index; none: any. */
  readonly cores: readonly number[];
  /** See `UdpWorkerTuning`. */
  readonly busyPollUs: number;
}

export interface UdpServersOptions<Published> {
  /** How many threads answer, where threads do. */
  readonly workers: number;
  readonly tuning?: UdpTuning;
  readonly program: UdpWorkerProgram<Published>;
  /** What answers on the main thread, where workers do not. */
  readonly main: Omit<ServerOptions, "address" | "port">;
  readonly onFault: (fault: ServerFault) => void;
  /** The first of these that the system has is taken; both, in this order, where nothing is said. */
  readonly transports?: readonly UdpTransport[];
}

/** One address that was bound. */
export interface UdpBinding {
  readonly port: number;
  /** Gives it back; only before `start`. */
  close(): Promise<void>;
}

export interface UdpServers {
  readonly transport: UdpTransport;
  /** Why a transport that was to be preferred is not used. */
  readonly unavailable: string | undefined;
  /** How many threads answer. */
  readonly workers: number;
  /** Port 0 for any free one. Rejects with the system's error. Queries may wait, or be answered, from now on. */
  bind(address: string, port: number): Promise<UdpBinding>;
  /** Resolves once every address that was bound is answered on. */
  start(): Promise<void>;
  /** The image has changed: no query that comes after this is answered from an earlier one. */
  publish(): void;
  /** How many publications worker `index` has yet to take. */
  behind(index: number): number;
  /** How often a worker has died or hung and been replaced. */
  restarts(): number;
  /** Datagrams that found a full receive buffer, as far as the system tells. */
  droppedByKernel(): number;
  /** Answers what has arrived, and is gone after `deadlineMs` at the latest. */
  stop(deadlineMs: number): Promise<void>;
}

const ALL: readonly UdpTransport[] = ["batch", "dgram"];
const UNTUNED: UdpTuning = { cores: [], busyPollUs: 0 };

/** Workers are running and warm when this resolves; rejects where no transport that was asked for is to be had. */
export async function createUdpServers<Published>(
  options: UdpServersOptions<Published>,
): Promise<UdpServers> {
  const transports = options.transports ?? ALL;
  let unavailable: string | undefined;
  if (transports.includes("batch")) {
    const batch = await tryBatch(options);
    if (typeof batch !== "string") return batch;
    unavailable = batch;
  }
  if (!transports.includes("dgram")) throw new Error(unavailable ?? "no transport was asked for");
  return new DgramServers(options.main, unavailable);
}

/** The servers, or why there are none. */
async function tryBatch<Published>({
  workers,
  tuning: { cores, busyPollUs } = UNTUNED,
  program,
  onFault,
}: UdpServersOptions<Published>): Promise<UdpServers | string> {
  const loaded = await loadLibc();
  if (!loaded.ok) return loaded.reason;
  const { libc } = loaded;
  try {
    const tuningOf = (index: number) => ({ core: cores[index], busyPollUs });
    const threads = await startUdpWorkers({ ...program, libc, count: workers, tuningOf, onFault });
    return new BatchServers(libc, threads, workers);
  } catch (error) {
    return `a worker cannot start: ${error instanceof Error ? error.message : String(error)}`;
  }
}

class BatchServers implements UdpServers {
  readonly transport = "batch";
  readonly unavailable = undefined;
  readonly workers: number;
  readonly #libc: Libc;
  readonly #threads: UdpWorkers;
  /** By address: a socket for each worker. */
  readonly #bound = new Set<readonly UdpSocket[]>();
  #started = false;
  #lastDrops = 0;

  constructor(libc: Libc, threads: UdpWorkers, workers: number) {
    this.#libc = libc;
    this.#threads = threads;
    this.workers = workers;
  }

  async bind(address: string, port: number): Promise<UdpBinding> {
    const sockets: UdpSocket[] = [];
    try {
      const first = openUdpSocket(this.#libc, address, port, "shareFirst");
      sockets.push(first);
      while (sockets.length < this.workers) {
        sockets.push(openUdpSocket(this.#libc, address, first.port, "shareNext"));
      }
      this.#bound.add(sockets);
      return { port: first.port, close: async () => this.#unbind(sockets) };
    } catch (error) {
      this.#unbind(sockets);
      throw error;
    }
  }

  #unbind(sockets: readonly UdpSocket[]): void {
    this.#bound.delete(sockets);
    for (const socket of sockets) closeUdpSocket(this.#libc, socket);
  }

  async start(): Promise<void> {
    this.#started = true;
    const byAddress = [...this.#bound];
    await this.#threads.serve(
      Array.from({ length: this.workers }, (_, index) =>
        byAddress.flatMap((sockets) => sockets[index] ?? []),
      ),
    );
  }

  publish(): void {
    this.#threads.publish();
  }

  behind(index: number): number {
    return this.#threads.behind(index);
  }

  restarts(): number {
    return this.#threads.restarts();
  }

  droppedByKernel(): number {
    let drops = 0;
    for (const socket of [...this.#bound].flat()) drops += droppedByKernel(this.#libc, socket);
    // After the stop there is nobody left to ask.
    this.#lastDrops = Math.max(this.#lastDrops, drops);
    return this.#lastDrops;
  }

  async stop(deadlineMs: number): Promise<void> {
    await this.#threads.stop(deadlineMs);
    const bound = [...this.#bound];
    this.#bound.clear();
    // Those that were handed over have been closed.
    if (!this.#started) for (const sockets of bound) this.#unbind(sockets);
  }
}

const WILDCARDS: ReadonlyMap<string, "IPv4" | "IPv6"> = new Map([
  ["0.0.0.0", "IPv4"],
  ["::", "IPv6"],
]);

/**
 * A reply has to leave from the address that the query came to, and Node's datagram sockets cannot say which one that
 * was. So a wildcard stands for the addresses that the machine has at the start, each bound by itself.
 */
function addressesOf(address: string): string[] {
  const family = WILDCARDS.get(address);
  if (family === undefined) return [address];
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses
      .filter((each) => each.family === family)
      // A zone is bound by its name; its number is refused (RFC 4007 §11.2 leaves the choice to the system).
      .map((each) => (each.scopeid ? `${each.address}%${name}` : each.address)),
  );
}

class DgramServers implements UdpServers {
  readonly transport = "dgram";
  readonly unavailable: string | undefined;
  readonly workers = 1;
  readonly #options: Omit<ServerOptions, "address" | "port">;
  readonly #handles = new Set<ServerHandle>();

  constructor(options: Omit<ServerOptions, "address" | "port">, unavailable: string | undefined) {
    this.#options = options;
    this.unavailable = unavailable;
  }

  async bind(address: string, port: number): Promise<UdpBinding> {
    const handles: ServerHandle[] = [];
    const close = async (): Promise<void> => {
      for (const handle of handles) this.#handles.delete(handle);
      await Promise.all(handles.map((handle) => handle.stop(0)));
    };
    try {
      for (const each of addressesOf(address)) {
        const handle = await startUdp({ ...this.#options, address: each, port: handles[0]?.port ?? port });
        handles.push(handle);
        this.#handles.add(handle);
      }
    } catch (error) {
      await close();
      throw error;
    }
    return { port: handles[0]?.port ?? port, close };
  }

  async start(): Promise<void> {
    // Node's sockets answer from the moment they are bound.
  }

  publish(): void {
    // The image is asked for with every query.
  }

  behind(): number {
    return 0;
  }

  restarts(): number {
    return 0;
  }

  droppedByKernel(): number {
    return 0;
  }

  async stop(deadlineMs: number): Promise<void> {
    const handles = [...this.#handles];
    this.#handles.clear();
    await Promise.all(handles.map((handle) => handle.stop(deadlineMs)));
  }
}
