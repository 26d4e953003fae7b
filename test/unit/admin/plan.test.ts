import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { BODY_LIMIT_OCTETS } from "../../../src/admin/http/limits.ts";
import { type AdminHandle, startAdmin } from "../../../src/admin/server.ts";
import { createNode, type Node } from "./node.ts";

describe("POST /api/v1/plan", () => {
  let node: Node;
  let admin: AdminHandle;
  beforeEach(async () => {
    node = createNode();
    const log = { error: () => undefined, warn: () => undefined };
    admin = await startAdmin({ address: "127.0.0.1", port: 0, source: node, log });
  });
  afterEach(() => admin.stop(100));

  const plan = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${admin.port}/api/v1/plan`, { method: "POST", body, headers });
  const zones = (text: string): string =>
    JSON.stringify({ roots: ["z/a.zone"], files: [{ path: "z/a.zone", text }] });

  it("hands on the zones, though they are larger than other bodies", async () => {
    const reply = await plan(zones("x".repeat(2 * BODY_LIMIT_OCTETS)));
    expect(reply.status).to.equal(200);
    expect(await reply.json()).to.deep.equal({ names: [], moves: [], maxShift: 1 });
  });

  const faults: readonly (readonly [body: string, message: RegExp])[] = [
    ["", /expected a JSON object/],
    ["{", /expected a JSON object/],
    ['{"roots":["a"]}', /'files' is no list/],
    ['{"roots":[],"files":[]}', /'roots' is empty/],
    ['{"roots":[""],"files":[]}', /a path is empty/],
    ['{"roots":["a"],"files":["a"]}', /a file is no object/],
    ['{"roots":["a"],"files":[{"path":"a"}]}', /no 'text'/],
    ['{"roots":["a"],"files":[],"despite":"expect"}', /'despite' is unknown/],
  ];
  for (const [body, message] of faults) {
    it(`refuses ${body}`, async () => {
      const reply = await plan(body);
      expect(reply.status).to.equal(400);
      expect(await reply.text()).to.match(message);
    });
  }

  const refusals = [
    ["faulty", 422],
    ["busy", 409],
    ["unavailable", 503],
  ] as const;
  for (const [kind, status] of refusals) {
    it(`answers ${status} where it is ${kind}`, async () => {
      node.planRefusal = { ok: false, kind, message: "Cannot plan: why", diagnostics: [] };
      const reply = await plan(zones(""));
      expect(reply.status).to.equal(status);
      expect(await reply.json()).to.deep.equal({ error: "Cannot plan: why", diagnostics: [] });
    });
  }

  it("is for those who may change the node: it costs as much", async () => {
    expect((await plan(zones(""), { origin: "http://evil.example" })).status).to.equal(403);
  });
});
