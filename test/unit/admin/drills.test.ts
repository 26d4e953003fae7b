/** `/api/v1/drills`: what is asked, what is refused, and what is shown of a drill. */

import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { z } from "zod";
import type { DrillRefusal } from "../../../src/admin/drill-source.ts";
import { METRICS } from "../../../src/admin/metrics/list.ts";
import { metricNamed } from "../../../src/admin/metrics/metric-named.ts";
import { createSeriesReader } from "../../../src/admin/metrics/series-reader.ts";
import { type AdminHandle, startAdmin } from "../../../src/admin/server.ts";
import { createNode, DRILL, type Node } from "./node.ts";

const errorSchema = z.looseObject({ error: z.string() });

describe("addDrills()", () => {
  let node: Node;
  let admin: AdminHandle;
  beforeEach(async () => {
    node = createNode();
    const log = { error: () => undefined, warn: () => undefined };
    admin = await startAdmin({ address: "127.0.0.1", port: 0, source: node, log });
  });
  afterEach(() => admin.stop(1000));

  async function ask(path: string, init: RequestInit = {}) {
    const response = await fetch(`http://127.0.0.1:${admin.port}${path}`, init);
    const body = z.unknown().parse(await response.json());
    return { status: response.status, location: response.headers.get("location"), body };
  }
  const wish = (changes: object = {}): RequestInit => {
    const body = JSON.stringify({ drain: ["frankfurt"], for: "10m", reason: "game day", ...changes });
    return { method: "POST", body };
  };

  const faults: readonly (readonly [changes: object, error: RegExp])[] = [
    [{ drain: undefined }, /^Cannot read the drill: what is to be taken away is missing: 'drain' or 'down'$/],
    [{ drain: "frankfurt" }, /expected a list of REFs/],
    [{ drain: ["a/b/c"] }, /'ref' is neither pool nor/],
    [{ down: ["frankfurt"] }, /a REF stands twice/],
    [{ drain: Array.from({ length: 21 }, (_, at) => `p${at}`) }, /more than 20 REFs/],
    [{ for: undefined }, /'for' is missing/],
    [{ for: "25h" }, /'for': longer than a day/],
    [{ for: "500ms" }, /'for': shorter than 1s/],
    [{ reason: "" }, /'reason' is empty/],
    [{ abortWhen: "x" }, /'abortWhen' is no list of conditions/],
    [{ abortWhen: ["x"] }, /'x' is no condition: expected endpoint:REF/],
    [{ abortWhen: ["x > 1"] }, /there is no metric 'x'$/],
    [{ abortWhen: ["fairlead_pool_up rate > 1"] }, /is a gauge, and has no rate/],
    [
      { abortWhen: ['fairlead_pool_up{state="up"} < 1'] },
      /fairlead_pool_up has no label 'state'; it has pool/,
    ],
    [
      { abortWhen: ["fairlead_dns_response_seconds > 1"] },
      /of a histogram, name a part: fairlead_dns_response_seconds_count/,
    ],
    [{ until: "now" }, /field 'until' is unknown/],
  ];
  for (const [changes, error] of faults) {
    it(`refuses ${JSON.stringify(changes).slice(0, 60)}`, async () => {
      const reply = await ask("/api/v1/drills", wish(changes));
      expect(reply.status).to.equal(400);
      expect(errorSchema.parse(reply.body).error).to.match(error);
      expect(node.drillPlans).to.deep.equal([]);
    });
  }

  it("begins, shows and ends one", async () => {
    const begun = await ask("/api/v1/drills", wish({ abortWhen: ["pool:virginia"], down: ["tokyo/nrt-1"] }));
    expect([begun.status, begun.location]).to.deep.equal([201, "/api/v1/drills/d0"]);
    expect(node.drillPlans).to.deep.equal([
      {
        name: undefined,
        drain: ["frankfurt"],
        down: ["tokyo/nrt-1"],
        forMs: 600_000,
        reason: "game day",
        owner: "127.0.0.1",
        abortWhen: [{ kind: "pool", text: "pool:virginia", name: "virginia" }],
        force: false,
      },
    ]);
    const shown = await ask("/api/v1/drills/d0");
    expect(shown.body).to.deep.include({
      from: "2026-11-22T12:00:00.000Z",
      until: "2026-11-22T12:10:00.000Z",
      ended: null,
      preflight: DRILL.preflight,
      drained: [
        { pool: "frankfurt", answers: 3, drained: true, lastAfterSeconds: 1.5, forgottenAfterSeconds: 31.5 },
      ],
    });
    const list = z.array(z.looseObject({ id: z.string() })).parse((await ask("/api/v1/drills")).body);
    expect(list.map((drill) => [drill.id, Object.hasOwn(drill, "events")])).to.deep.equal([["d0", false]]);
    expect((await ask("/api/v1/drills/d0", { method: "DELETE" })).status).to.equal(200);
    expect((await ask("/api/v1/drills/d1")).status).to.equal(404);
    const { drills } = z.looseObject({ drills: z.unknown() }).parse((await ask("/api/v1/status")).body);
    expect(drills).to.deep.equal({
      running: "d0",
      scheduled: [
        {
          name: "quarterly",
          drain: ["frankfurt"],
          down: [],
          for: "10m",
          cron: "0 10 1 * *",
          tz: "UTC",
          next: "2026-12-01T10:00:00.000Z",
        },
      ],
    });
  });

  it("only looks where it is asked to, and says whether it could begin", async () => {
    const looked = await ask("/api/v1/drills", wish({ dryRun: true }));
    expect([looked.status, looked.body]).to.deep.equal([200, { ready: false, ...DRILL.preflight }]);
    const forced = await ask("/api/v1/drills", wish({ dryRun: true, force: true }));
    expect(forced.body).to.deep.include({ ready: true });
  });

  it("says why it does not", async () => {
    const rows: readonly (readonly [DrillRefusal["kind"], number])[] = [
      ["unknown", 404],
      ["refused", 409],
      ["unavailable", 503],
    ];
    for (const [kind, status] of rows) {
      node.drillRefusal = { ok: false, kind, message: "no", preflight: DRILL.preflight };
      for (const path of ["/api/v1/drills", "/api/v1/drills/d0"]) {
        const reply = await ask(path, path.endsWith("d0") ? { method: "DELETE" } : wish());
        expect([reply.status, reply.body]).to.deep.equal([
          status,
          { error: "no", preflight: DRILL.preflight },
        ]);
      }
    }
  });

  it("leaves to strangers what changes nothing", async () => {
    const headers = { origin: "http://evil.example" };
    expect((await ask("/api/v1/drills", { ...wish(), headers })).status).to.equal(403);
    expect((await ask("/api/v1/drills/d0", { method: "DELETE", headers })).status).to.equal(403);
    expect((await ask("/api/v1/drills", { headers })).status).to.equal(200);
  });
});

describe("createSeriesReader()", () => {
  it("reads the metric that is named, as a scrape does", () => {
    const read = createSeriesReader(createNode({ forced: { "virginia/iad-1": "down" } }));
    expect([...read("fairlead_pool_up")].map(({ labels, value }) => [labels["pool"], value])).to.deep.equal([
      ["frankfurt", 1],
      ["virginia", 0],
      ["tokyo", 1],
    ]);
    expect([...read("fairlead_dns_response_seconds_count")].at(-1)).to.include({
      metricName: "fairlead_dns_response_seconds_count",
      value: 6,
    });
    expect([...read("nothing")]).to.deep.equal([]);
  });

  it("finds every metric that is published by a name that its series have", () => {
    for (const { name, type, published } of METRICS) {
      const series = type === "histogram" ? `${name}_count` : name;
      expect(metricNamed(series)?.name).to.equal(published ? name : undefined);
    }
  });
});
