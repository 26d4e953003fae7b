import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { afterEach, before, describe, it } from "mocha";
import { Counters } from "../../../src/answer/answer.ts";
import type { ServerFault, ServerOptions } from "../../../src/server/handle.ts";
import { loadLibc } from "../../../src/server/libc.ts";
import { createUdpServers, type UdpServers, type UdpTuning } from "../../../src/server/udp-servers.ts";
import { ECHO, ORDERS } from "../../support/echo-orders.ts";
import { sampleImage } from "../../support/sample-zones.ts";
import { typescriptThread } from "../../support/threads.ts";

const ECHO_WORKER = typescriptThread(new URL("../../support/echo-worker.ts", import.meta.url));
/** A fresh thread reads TypeScript again. */
/** A thread that is told to end and does not is terminated then. */
const PATIENCE_MS = 20_000;
const THREAD_START_MS = 5_000;
/** Until it is found out that a thread hangs, and another one has started in its place. */
const HANG_MS = 12_000;

const query = (order: number = ORDERS.answer): Uint8Array =>
  new Uint8Array(ECHO.octets).fill(order, ECHO.workerAt, ECHO.workerAt + 1);

/** The cores that each thread of this process may run on, as the kernel writes them. */
function coresOfThreads(): string[] {
  return readdirSync("/proc/self/task").map((thread) => {
    const status = readFileSync(`/proc/self/task/${thread}/status`, "latin1");
    return /^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1] ?? "";
  });
}

/** The main thread's own part, which workers have no use for. */
function noMain(): Omit<ServerOptions, "address" | "port"> {
  throw new Error("workers were to answer");
}

describe("workers", function () {
  before(async function () {
    // Elsewhere the fallback answers, and its own tests hold it.
    if (!(await loadLibc()).ok) this.skip();
  });

  let image = 1;
  const faults: ServerFault[] = [];
  const open: { servers?: UdpServers; sockets: Socket[] } = { sockets: [] };
  afterEach(async () => {
    for (const socket of open.sockets.splice(0)) socket.close();
    await open.servers?.stop(1_000);
    delete open.servers;
    faults.length = 0;
    image = 1;
  });

  const create = async (workers: number, data?: unknown, tuning?: UdpTuning): Promise<UdpServers> => {
    open.servers = await createUdpServers({
      workers,
      ...(tuning === undefined ? {} : { tuning }),
      program: { entry: ECHO_WORKER, data, imageOf: () => image },
      get main() {
        return noMain();
      },
      onFault: (fault) => faults.push(fault),
      transports: ["batch"],
    });
    return open.servers;
  };
  const serve = async (
    workers: number,
    addresses: readonly string[] = ["127.0.0.1"],
    tuning?: UdpTuning,
  ): Promise<{ servers: UdpServers; port: number }> => {
    const servers = await create(workers, undefined, tuning);
    let port = 0;
    for (const address of addresses) port = (await servers.bind(address, port)).port;
    await servers.start();
    return { servers, port };
  };
  const client = async (port: number, address = "127.0.0.1"): Promise<Socket> => {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    open.sockets.push(socket);
    // A connected socket hears nobody but whom it asked.
    socket.connect(port, address);
    await once(socket, "connect");
    return socket;
  };
  const ask = async (socket: Socket, order?: number, withinMs = 2_000): Promise<Uint8Array> => {
    const reply = once(socket, "message", { signal: AbortSignal.timeout(withinMs) });
    socket.send(query(order));
    const [octets]: Uint8Array[] = await reply;
    return octets ?? new Uint8Array();
  };
  const workerOf = (reply: Uint8Array): number | undefined => reply[ECHO.workerAt];
  /** A client for each worker, found by trying. */
  const clientsOfBoth = async (port: number): Promise<[Socket, Socket]> => {
    const found = new Map<number | undefined, Socket>();
    for (let tries = 0; tries < 100; tries++) {
      const socket = await client(port);
      found.set(workerOf(await ask(socket)), socket);
      const [first, second] = [found.get(0), found.get(1)];
      if (first !== undefined && second !== undefined) return [first, second];
    }
    throw new Error("one worker alone is asked");
  };

  it("all answer, each its share of the clients", async () => {
    const { port } = await serve(2);
    await clientsOfBoth(port);
  });

  for (const addresses of [["127.0.0.1"], ["::1"], ["127.0.0.1", "::1", "127.0.0.2"]]) {
    it(`one answers on ${addresses.join(" and ")}, and stops at once`, async () => {
      const { servers, port } = await serve(1, addresses);
      for (const address of addresses) {
        expect(workerOf(await ask(await client(port, address)))).to.equal(0);
      }
      // Until it has settled down to wait.
      await setTimeout(20);
      const startedMs = performance.now();
      await servers.stop(PATIENCE_MS);
      expect(performance.now() - startedMs).to.be.below(PATIENCE_MS / 2);
    });
  }

  for (const addresses of [["127.0.0.1"], ["127.0.0.1", "::1"]]) {
    it(`look for queries before they sleep, on ${addresses.join(" and ")}, and stop at once`, async () => {
      const { servers, port } = await serve(1, addresses, { cores: [], busyPollUs: 100_000 });
      for (let asked = 0; asked < 20; asked++) {
        for (const address of addresses) await ask(await client(port, address));
      }
      image = 9;
      servers.publish();
      expect((await ask(await client(port)))[ECHO.imageAt]).to.equal(9);
      const startedMs = performance.now();
      await servers.stop(PATIENCE_MS);
      expect(performance.now() - startedMs).to.be.below(PATIENCE_MS / 2);
    });
  }

  it("run on the core that each is given, and nothing else does", async () => {
    const before = coresOfThreads();
    const core = Number(before[0]?.split(/[-,]/).at(-1));
    const { port } = await serve(1, ["127.0.0.1"], { cores: [core], busyPollUs: 0 });
    await ask(await client(port));
    const pinned = coresOfThreads().filter((cores) => cores === String(core));
    expect(pinned.length).to.be.at.least(1);
    if (before[0] !== String(core)) expect(pinned.length).to.equal(1);
  });

  it("are refused where a core is not there", async () => {
    const failed = create(2, undefined, { cores: [0, 1_023], busyPollUs: 0 });
    expect(await failed.catch((error: Error) => error.message)).to.equal(
      "a worker cannot start: there is no core 1023 for this process",
    );
  });

  it("answer from an image from the moment it is published", async () => {
    const { servers, port } = await serve(2);
    const clients = await clientsOfBoth(port);
    for (image = 2; image < 50; image++) {
      servers.publish();
      const replies = await Promise.all(clients.map((socket) => ask(socket)));
      expect(replies.map((reply) => reply[ECHO.imageAt])).to.deep.equal([image, image]);
      expect([servers.behind(0), servers.behind(1)]).to.deep.equal([0, 0]);
    }
  });

  it("take an image without being asked anything", async () => {
    const { servers } = await serve(2);
    servers.publish();
    for (let tries = 0; servers.behind(0) + servers.behind(1) > 0; tries++) {
      expect(tries).to.be.below(100);
      await setTimeout(10);
    }
  });

  for (const [what, order, message] of [
    ["throws", ORDERS.throw, "a bug"],
    ["exits", ORDERS.exit, "the thread ended with status 3"],
  ] as const) {
    it(`one that ${what} is replaced and counted, and what was asked of it meanwhile is answered`, async () => {
      const { servers, port } = await serve(2);
      const [doomed, other] = await clientsOfBoth(port);
      image = 7;
      servers.publish();
      doomed.send(query(order));
      for (let tries = 0; faults.length === 0 && tries < 200; tries++) await setTimeout(5);
      const late = ask(doomed, ORDERS.answer, THREAD_START_MS);
      for (let asked = 0; asked < 20; asked++) expect(workerOf(await ask(other, undefined, 200))).to.equal(1);
      const reply = await late;
      expect([workerOf(reply), reply[ECHO.imageAt]]).to.deep.equal([0, 7]);
      expect(servers.restarts()).to.equal(1);
      expect(faults.map(({ kind, error }) => [kind, error.message])).to.deep.equal([["worker", message]]);
    });
  }

  it("those that hang are replaced and counted, in a loop of theirs or in the kernel", async () => {
    const { servers, port } = await serve(2);
    const [first, second] = await clientsOfBoth(port);
    image = 5;
    servers.publish();
    first.send(query(ORDERS.loop));
    second.send(query(ORDERS.block));
    // Whatever they take with the order, or behind it while they obey, they keep to themselves.
    for (const socket of [first, second]) {
      expect(await ask(socket, ORDERS.answer, 300).catch(() => "nothing")).to.equal("nothing");
    }
    // What is asked from then on waits in the socket for whoever comes next.
    const late = [first, second].map((socket) => ask(socket, ORDERS.answer, HANG_MS));
    const replies = await Promise.all(late);
    expect(replies.map((reply) => [workerOf(reply), reply[ECHO.imageAt]])).to.deep.equal([
      [0, 5],
      [1, 5],
    ]);
    expect(servers.restarts()).to.equal(2);
    const reason = "it hangs: for 5 s it has not looked for queries";
    expect(faults.map(({ kind, error }) => [kind, error.message])).to.deep.equal([
      ["worker", reason],
      ["worker", reason],
    ]);
  });

  it("reply from the address that was asked where every address is listened on", async () => {
    const { port } = await serve(1, ["0.0.0.0", "::"]);
    for (const address of ["127.0.0.1", "127.0.0.2", "127.9.8.7", "::1"]) {
      expect(workerOf(await ask(await client(port, address)))).to.equal(0);
    }
  });

  it("stop() answers what has arrived, however much it is", async () => {
    const { servers, port } = await serve(1);
    const socket = await client(port);
    let replies = 0;
    socket.on("message", () => replies++);
    await Promise.all(
      Array.from({ length: 200 }, () => new Promise((resolve) => socket.send(query(), resolve))),
    );
    await servers.stop(1_000);
    await setTimeout(20);
    expect(replies).to.equal(200);
  });

  it("what arrives before they serve is answered, and what finds no room is counted", async () => {
    const servers = await create(1);
    const { port } = await servers.bind("127.0.0.1", 0);
    const socket = await client(port);
    const early = once(socket, "message", { signal: AbortSignal.timeout(2_000) });
    const flood = Array.from(
      { length: 5_000 },
      () => new Promise((resolve) => socket.send(query(), resolve)),
    );
    await Promise.all(flood);
    expect(servers.droppedByKernel()).to.be.above(0);
    await servers.start();
    await early;
  });

  it("an address that is taken is refused with the system's code, and given back it is free", async () => {
    const servers = await create(2);
    const binding = await servers.bind("127.0.0.1", 0);
    const again = servers.bind("127.0.0.1", binding.port);
    expect(await again.catch((error: NodeJS.ErrnoException) => error.code)).to.equal("EADDRINUSE");
    await binding.close();
    expect((await servers.bind("127.0.0.1", binding.port)).port).to.equal(binding.port);
  });

  it("are refused with the reason where they cannot begin", async () => {
    const failed = create(1, "cannot begin");
    expect(await failed.catch((error: Error) => error.message)).to.equal("a worker cannot start: no luck");
  });

  it("give way to the main thread where they cannot begin and nothing else was asked for", async () => {
    const counters = new Counters();
    open.servers = await createUdpServers({
      workers: 4,
      program: { entry: ECHO_WORKER, data: "cannot begin", imageOf: () => image },
      main: {
        answer: (_octets, _at, length) => length,
        currentImage: sampleImage,
        counters,
        onFault: () => undefined,
      },
      onFault: (fault) => faults.push(fault),
    });
    const { transport, workers, unavailable } = open.servers;
    expect([transport, workers]).to.deep.equal(["dgram", 1]);
    expect(unavailable).to.equal("a worker cannot start: no luck");
    const { port } = await open.servers.bind("127.0.0.1", 0);
    await open.servers.start();
    expect([...(await ask(await client(port)))]).to.deep.equal([...query()]);
  });
});
