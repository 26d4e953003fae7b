import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { type AdminHandle, startAdmin } from "../../../src/admin/server.ts";
import { createNode, type Node } from "./node.ts";

describe("POST /api/v1/reload", () => {
  let node: Node;
  let admin: AdminHandle;
  beforeEach(async () => {
    node = createNode();
    const log = { error: () => undefined, warn: () => undefined };
    admin = await startAdmin({ address: "127.0.0.1", port: 0, source: node, log });
  });
  afterEach(() => admin.stop(100));

  interface Reply {
    readonly status: number;
    readonly body: string;
  }

  const ask = async (path: string, init: RequestInit = {}): Promise<Reply> => {
    const reply = await fetch(`http://127.0.0.1:${admin.port}${path}`, init);
    return { status: reply.status, body: await reply.text() };
  };
  const reload = (body = ""): Promise<Reply> => ask("/api/v1/reload", { method: "POST", body });

  const faults: readonly (readonly [body: string, message: RegExp])[] = [
    ["{", /expected a JSON object/],
    ["[]", /expected a JSON object/],
    ['{"now":true}', /'now' is unknown/],
    ['{"despite":"expect"}', /'reason' is missing/],
    ['{"despite":[],"reason":"x"}', /'' is none of/],
    ['{"despite":"expect,all","reason":"x"}', /'all' is none of expect, max-shift/],
    ['{"despite":7,"reason":"x"}', /'despite' is no list/],
    ['{"despite":"expect","reason":" "}', /'reason' is empty/],
    ['{"reason":"x"}', /'reason' is for 'despite'/],
  ];
  for (const [body, message] of faults) {
    it(`refuses ${body}`, async () => {
      const reply = await reload(body);
      expect(reply.status).to.equal(400);
      expect(JSON.parse(reply.body).error).to.match(message);
      expect(node.reloads).to.equal(0);
    });
  }

  it("reloads, and says what came of it", async () => {
    expect(await reload()).to.include({
      status: 200,
      body: '{"generation":8,"diagnostics":[],"despite":null}',
    });
    const headers = { "content-type": "application/json" };
    expect((await ask("/api/v1/reload", { method: "POST", headers, body: "{}" })).status).to.equal(200);
    const place = { file: "zones/a.zone", line: 3, column: 7 };
    const fault = { ...place, severity: "error" as const, code: "unknown-pool", message: "no pool 'x'" };
    node.reloaded = { ...node.reloaded, ok: false, generation: 7, diagnostics: [fault] };
    const refused = await reload();
    expect(refused.status).to.equal(422);
    expect(JSON.parse(refused.body)).to.deep.include({ generation: 7, diagnostics: [fault] });
    expect(node.reloads).to.equal(3);
  });

  it("hands on what a person overrules, tells of it, and of what would move", async () => {
    const atMs = Date.UTC(2026, 10, 22, 11);
    const wish = { despite: ["max-shift" as const], reason: "moving house", owner: "ann@desk" };
    const despite = { checks: wish.despite, reason: wish.reason, owner: wish.owner, atMs };
    node.reloaded = { ...node.reloaded, despite };
    node.loaded = { ...node.loaded, despite };
    const reply = await ask("/api/v1/reload", { method: "POST", body: JSON.stringify(wish) });
    const told = {
      checks: wish.despite,
      reason: wish.reason,
      owner: wish.owner,
      at: "2026-11-22T11:00:00.000Z",
    };
    expect(JSON.parse(reply.body)).to.deep.include({ despite: told });
    expect(node.despite).to.deep.equal([wish]);
    expect(JSON.parse((await ask("/api/v1/status")).body).load).to.deep.include({ despite: told });
    expect((await ask("/")).body).to.include("Loaded despite max-shift by ann@desk");
    const metrics = (await ask("/metrics")).body;
    expect(metrics).to.include('fairlead_zone_load_despite{check="max-shift"} 1');
    expect(metrics).to.include('fairlead_zone_load_despite{check="expect"} 0');
    const parts = {
      type: "A" as const,
      client: null,
      shift: 1,
      before: [],
      after: [],
      health: "now" as const,
    };
    const moves = [{ name: "www.gtm.example.com.", ...parts }];
    const refusal = { check: "max-shift" as const, message: "too many", moves };
    node.reloaded = { ...node.reloaded, ok: false, refusal };
    const refused = await reload();
    expect(refused.status).to.equal(422);
    expect(JSON.parse(refused.body)).to.deep.include({
      error: "too many; the running set keeps serving",
      check: "max-shift",
      moves,
    });
  });
});
