import { MessageChannel } from "node:worker_threads";
import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import { createHealthBook } from "../../../src/daemon/health-book.ts";
import { createServing, type Serving } from "../../../src/daemon/serving.ts";
import { UNKNOWN_CLIENT } from "../../../src/geo/client.ts";
import { evaluate, sharesOf } from "../../../src/policy/evaluate.ts";
import { loadText } from "./loaded-zones.ts";

const START_MS = 1_700_000_000_000;

/** The thread does nothing else for so long. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe("createServing()", () => {
  let serving: Serving | undefined;
  afterEach(() => serving?.stop());

  it("reads the verdicts of the time in which it stood still before it finds that a grace has ended", async () => {
    const set = loadText(`$MONITOR m tcp port=1 every=5s timeout=2s fall=1 rise=1
$POOL first monitor=m grace=1s
    e  192.0.2.1
$POOL second monitor=m
    e  192.0.2.2
www 60 POLICY failover ( first second )
`);
    const startedMs = performance.now();
    const now = (): number => START_MS + performance.now() - startedMs;
    const book = createHealthBook();
    const answered: string[] = [];
    const policy = [...(set.zones[0]?.nodes.entries() ?? [])].flatMap(([, node]) => node.policy ?? [])[0];
    if (policy === undefined) throw new Error("no policy");
    const published = (serving = createServing({
      book,
      forcedAt: () => new Map(),
      clock: { now, monotonic: () => performance.now() },
      geo: () => undefined,
      onPublish({ after: { definitions, snapshot } }) {
        const evaluation = evaluate(policy, definitions, snapshot, UNKNOWN_CLIENT, "ipv4");
        answered.push(
          sharesOf(evaluation)
            .map(({ endpoint }) => endpoint.pool)
            .join(),
        );
      },
    }));
    const give = (pool: number, ok: boolean): void => {
      const key = book.targets()[pool]?.key ?? "";
      book.record(key, { ok, reason: "", elapsedMs: 1, atMs: now() });
    };
    book.use(set, now());
    for (const pool of [0, 1]) give(pool, true);
    give(0, false);
    published.install(set);
    const { port1, port2 } = new MessageChannel();
    await new Promise<void>((resolve) => {
      port1.once("message", () => {
        give(0, true);
        published.healthChanged();
        setImmediate(() => setImmediate(resolve));
      });
      port2.postMessage("the endpoint has come back", []);
      // On the same tick: nothing of the above is read before.
      standStill(1_100);
    });
    port1.close();
    expect(new Set(answered)).to.deep.equal(new Set(["first"]));
  });
});
