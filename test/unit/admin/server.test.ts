import { once } from "node:events";
import { type IncomingHttpHeaders, IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { z } from "zod";
import type { AdminLog } from "../../../src/admin/http/app.ts";
import { BODY_LIMIT_OCTETS, HEADER_LIMIT_OCTETS } from "../../../src/admin/http/limits.ts";
import { type AdminHandle, startAdmin } from "../../../src/admin/server.ts";
import { createNode, type Node } from "./node.ts";

let node: Node;
let admin: AdminHandle;
let logged: string[];

const LOG: AdminLog = {
  error: (_fields, message) => logged.push(`error: ${message}`),
  warn: (_fields, message) => logged.push(`warn: ${message}`),
};

beforeEach(async () => {
  node = createNode({ health: { "virginia/iad-1": ["down", "up"] }, forced: { "frankfurt/fra-2": "drain" } });
  logged = [];
  admin = await startAdmin({ address: "127.0.0.1", port: 0, source: node, log: LOG });
});

afterEach(() => admin.stop(100));

interface Reply {
  readonly statusCode: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A wish for an override, with this and that changed. */
function wish(changes: object): Ask {
  const body = JSON.stringify({ ref: "frankfurt", state: "drain", for: "2h", reason: "why", ...changes });
  return { method: "POST", body };
}

/** Over node:http, which lets a test set Host and Origin as it likes. */
async function ask(path: string, { method = "GET", headers = {}, body = "" }: Ask = {}): Promise<Reply> {
  const outgoing = request({ host: "127.0.0.1", port: admin.port, path, method, headers, agent: false });
  outgoing.end(body);
  const [response] = z.tuple([z.instanceof(IncomingMessage)]).parse(await once(outgoing, "response"));
  return { statusCode: response.statusCode, headers: response.headers, body: await text(response) };
}

/** Whatever octets one likes; resolves with all that came back until the server closed. */
async function sendRaw(octets: string): Promise<string> {
  const socket = connect(admin.port, "127.0.0.1");
  socket.write(octets, "latin1");
  return text(socket);
}

const error = z.looseObject({ error: z.string().min(1) });

function errorOf({ body }: Reply): string {
  return error.parse(JSON.parse(body)).error;
}

const time = z.iso.datetime().nullable();
const observed = z.enum(["up", "down", "unknown"]);
const share = z.strictObject({
  pool: z.string(),
  endpoint: z.string(),
  addresses: z.array(z.string()),
  share: z.number().gt(0).max(1),
});
const policy = z.looseObject({
  owner: z.string(),
  expression: z.string(),
  rung: z.number(),
  failingOpen: z.boolean(),
  ttlSeconds: z.number(),
  shares: z.array(share),
});
const zone = z.looseObject({ name: z.string(), serial: z.number(), policies: z.array(policy) });
/** CONTRACT.md §4. */
const status = z.looseObject({
  node: z.string(),
  ready: z.boolean(),
  generation: z.number(),
  zones: z.array(zone),
  pools: z.array(
    z.looseObject({
      name: z.string(),
      up: z.boolean(),
      endpoints: z.array(
        z.looseObject({
          name: z.string(),
          up: z.boolean(),
          observed,
          forced: z.enum(["up", "down", "drain"]).nullable(),
          since: time,
          reason: z.string(),
          addresses: z.array(z.looseObject({ address: z.string(), observed, reason: z.string() })),
        }),
      ),
    }),
  ),
});
const explanation = z.looseObject({
  name: z.string(),
  type: z.string(),
  outcome: z.enum(["answer", "nodata", "servfail", "nxdomain", "referral"]),
  shares: z.array(share),
  trace: z.array(z.unknown()),
});

describe("startAdmin()", () => {
  it("startAdmin() serves the status in the shape of the contract", async () => {
    const reply = await ask("/api/v1/status");
    expect(reply.statusCode).to.equal(200);
    const { zones, pools, ...rest } = status.parse(JSON.parse(reply.body));
    expect(rest).to.include({ node: "ns1", ready: true, generation: 7 });
    expect(zones[0]?.policies[0]).to.deep.include({
      owner: "www.gtm.example.com.",
      expression: "failover ( frankfurt virginia )",
      rung: 1,
      ttlSeconds: 30,
      shares: [{ pool: "frankfurt", endpoint: "fra-1", addresses: ["203.0.113.10"], share: 1 }],
    });
    expect(pools[0]?.endpoints[1]).to.include({ name: "fra-2", up: false, observed: "up", forced: "drain" });
    expect(pools[1]?.endpoints[0]).to.include({ up: true, reason: "198.51.100.10: down; 2001:db8::20: up" });
  });

  it("startAdmin() serves an empty status before the first image", async () => {
    node.state = undefined;
    node.ready = { ready: false, reasons: ["waiting for the first probes: 3 of 12 endpoints"] };
    const reply = await ask("/api/v1/status");
    expect(status.parse(JSON.parse(reply.body))).to.deep.include({ ready: false, zones: [], pools: [] });
    expect((await ask("/api/v1/zones")).body).to.equal("[]");
    expect((await ask("/")).statusCode).to.equal(200);
    expect((await ask("/metrics")).statusCode).to.equal(200);
  });

  it("startAdmin() serves the zones", async () => {
    const zones = z.array(zone).parse(JSON.parse((await ask("/api/v1/zones")).body));
    expect(zones[0]).to.include({ name: "gtm.example.com.", serial: 2026112201, rrsets: 4 });
  });

  it("startAdmin() answers /readyz as the node is ready, and /healthz always", async () => {
    expect(await ask("/readyz")).to.include({ statusCode: 200, body: '{"ready":true,"reasons":[]}' });
    node.ready = { ready: false, reasons: ["stopping"] };
    expect(await ask("/readyz")).to.include({
      statusCode: 503,
      body: '{"ready":false,"reasons":["stopping"]}',
    });
    expect((await ask("/healthz")).statusCode).to.equal(200);
  });

  it("startAdmin() serves metrics in the format that is asked for", async () => {
    const plain = await ask("/metrics");
    expect(plain.headers["content-type"]).to.equal("text/plain; version=0.0.4; charset=utf-8");
    expect(plain.body).to.include("\nfairlead_image_generation 7\n");
    const open = await ask("/metrics", {
      headers: { accept: "application/openmetrics-text; version=1.0.0" },
    });
    expect(open.headers["content-type"]).to.equal(
      "application/openmetrics-text; version=1.0.0; charset=utf-8",
    );
    expect(open.body).to.match(/# EOF\n$/);
  });

  it("startAdmin() writes a zone as a master file", async () => {
    const reply = await ask("/api/v1/export?zone=gtm.example.com.");
    expect(reply.headers["content-type"]).to.equal("text/dns; charset=us-ascii");
    expect(reply.body).to.equal("one line\nanother\n");
  });

  it("startAdmin() hands questions to explain, and its answers back", async () => {
    const reply = await ask("/api/v1/explain?name=www.gtm.example.com.&type=AAAA&client=country:DE");
    expect(explanation.parse(JSON.parse(reply.body))).to.include({ outcome: "answer", type: "AAAA" });
    await ask("/api/v1/explain?name=www.gtm.example.com.");
    await ask("/api/v1/explain?name=www.gtm.example.com.&mode=dry-run");
    expect(node.asked).to.deep.equal([
      { name: "www.gtm.example.com.", type: "AAAA", client: "country:DE" },
      { name: "www.gtm.example.com.", type: "A", client: undefined },
      { name: "www.gtm.example.com.", type: "A", client: undefined, dryRun: true },
    ]);
  });

  it("startAdmin() answers what if with both explanations", async () => {
    const reply = await ask("/api/v1/whatif?name=www.gtm.example.com.&down=frankfurt,tokyo&down=virginia/*");
    const body = explanation.extend({ before: explanation }).parse(JSON.parse(reply.body));
    expect(body).to.deep.include({ name: "www.gtm.example.com.", overCapacity: ["virginia"] });
    expect(body.before).to.deep.include({ overCapacity: [] });
    expect(node.supposed).to.deep.equal(["frankfurt", "tokyo", "virginia/*"]);
  });

  const faults: readonly (readonly [path: string, ask: Ask, statusCode: number, error: RegExp])[] = [
    ["/api/v1/explain", {}, 400, /'name' is missing/],
    ["/api/v1/explain?name=", {}, 400, /value is empty/],
    ["/api/v1/explain?name=a&name=b", {}, 400, /more than once/],
    [`/api/v1/explain?name=${"a".repeat(1101)}`, {}, 400, /exceeds 1100 characters/],
    ["/api/v1/explain?name=a&clinet=DE", {}, 400, /'clinet' is none of name, type, client, mode/],
    ["/api/v1/explain?name=a&down=b", {}, 400, /'down' is none of/],
    ["/api/v1/explain?name=%zz", {}, 400, /Cannot read the query/],
    ["/api/v1/explain?name=%ff.example", {}, 400, /Cannot read the query/],
    ["/api/v1/explain?name=a&mode=wet", {}, 400, /mode 'wet' is neither serving nor dry-run/],
    ["/api/v1/explain?name=a&type=NOPE", {}, 400, /type 'NOPE' is unknown/],
    ["/api/v1/explain?name=elsewhere.example.", {}, 404, /no zone holds/],
    ["/nowhere", {}, 404, /there is no '\/nowhere'/],
    ["/%", {}, 400, /is not a valid url/i],
    ["/api/v1/status", { method: "POST" }, 405, /takes GET, not POST/],
    ["/api/v1/reload", {}, 405, /takes POST, not GET/],
    ["/api/v1/export", {}, 400, /'zone' is missing/],
    ["/api/v1/export?zone=elsewhere.example.", {}, 404, /there is no zone 'elsewhere\.example\.'/],
    ["/api/v1/whatif", {}, 400, /'name' is missing/],
    ["/api/v1/whatif?name=a", {}, 400, /'down' is missing/],
    ["/api/v1/whatif?name=a&down=", {}, 400, /value is empty/],
    ["/api/v1/whatif?name=elsewhere.example.&down=a", {}, 404, /no zone holds/],
    ["/api/v1/events?since=x", {}, 400, /'x' is neither: expected how long ago/],
    ["/api/v1/events?kind=endpoint,x", {}, 400, /'x' is none of node, reload/],
    ["/api/v1/events?limit=0", {}, 400, /'0' is no number from 1 to/],
    ["/api/v1/stream?ref=", {}, 400, /value is empty/],
    ["/api/v1/overrides", { method: "POST" }, 400, /expected a JSON object/],
    ["/api/v1/overrides", { method: "POST", body: "{" }, 400, /expected a JSON object/],
    ["/api/v1/overrides", { method: "POST", body: "[]" }, 400, /expected a JSON object/],
    ["/api/v1/overrides", { method: "POST", body: "{}" }, 400, /'ref' is missing/],
    ["/api/v1/overrides", wish({ ref: "a/b/c" }), 400, /'ref' is neither pool nor/],
    ["/api/v1/overrides", wish({ state: "off" }), 400, /'state' is none of up, down and drain/],
    [
      "/api/v1/overrides",
      wish({ for: undefined }),
      400,
      /'for' is missing, or no text: it always has an end/,
    ],
    ["/api/v1/overrides", wish({ for: "2" }), 400, /'for': Cannot parse duration: 2 has no unit/],
    ["/api/v1/overrides", wish({ for: "91d" }), 400, /'for': longer than 90d/],
    ["/api/v1/overrides", wish({ for: "999ms" }), 400, /'for': shorter than 1s/],
    ["/api/v1/overrides", wish({ reason: " " }), 400, /'reason' is empty/],
    ["/api/v1/overrides", wish({ reason: "x".repeat(257) }), 400, /'reason' is longer than 256/],
    ["/api/v1/overrides", wish({ until: "now" }), 400, /field 'until' is unknown/],
    ["/api/v1/overrides", { method: "DELETE" }, 400, /'ref' is missing/],
    ["/api/v1/overrides", { ...wish({}), headers: { origin: "http://evil.example" } }, 403, /foreign/],
    ["/api/v1/openapi.json", {}, 501, /not built/],
    ["/api/v1/reload", { method: "POST", body: " ".repeat(BODY_LIMIT_OCTETS + 1) }, 413, /too large/],
    ["/nowhere", { method: "POST", headers: { origin: "http://evil.example" } }, 403, /foreign/],
  ];
  for (const [path, how, statusCode, message] of faults) {
    it(`startAdmin() answers ${how.method ?? "GET"} ${path.slice(0, 60)} ${how.body?.slice(0, 30) ?? ""} with ${statusCode}`, async () => {
      const reply = await ask(path, how);
      expect(reply.statusCode).to.equal(statusCode);
      expect(errorOf(reply)).to.match(message);
      expect(reply.headers["x-content-type-options"]).to.equal("nosniff");
      expect(node.reloads).to.equal(0);
    });
  }

  it("startAdmin() sets overrides, and clears them", async () => {
    const set = await ask("/api/v1/overrides", wish({ state: "down", for: "1h30m" }));
    expect(set.statusCode).to.equal(201);
    expect(set.headers.location).to.equal("/api/v1/overrides/0a1b");
    const common = { ref: "frankfurt", state: "down", reason: "why" } as const;
    expect(JSON.parse(set.body)).to.include({ ...common, until: "2026-11-22T13:00:00.000Z" });
    await ask("/api/v1/overrides", wish({ owner: "ann@desk", force: true }));
    expect(node.wishes).to.deep.equal([
      { ...common, owner: "127.0.0.1", force: false, forMs: 5_400_000 },
      { ...common, state: "drain", owner: "ann@desk", force: true, forMs: 7_200_000 },
    ]);
    for (const path of ["/api/v1/overrides/0a1b", "/api/v1/overrides?ref=frankfurt"]) {
      const cleared = await ask(path, { method: "DELETE" });
      expect(cleared.statusCode).to.equal(200);
      expect(JSON.parse(cleared.body)).to.have.length(1);
    }
    const list = await ask("/api/v1/overrides");
    expect(JSON.parse(list.body)).to.deep.equal(JSON.parse((await ask("/api/v1/status")).body).overrides);
  });

  it("startAdmin() says why it does not", async () => {
    const rows = [
      ["unknown", 404],
      ["refused", 409],
      ["unavailable", 503],
    ] as const;
    for (const [kind, statusCode] of rows) {
      node.refusal = { ok: false, kind, message: `it is ${kind}` };
      for (const [path, how] of [
        ["/api/v1/overrides", wish({})],
        ["/api/v1/overrides/7", { method: "DELETE" }],
      ] as const) {
        const reply = await ask(path, how);
        expect([reply.statusCode, errorOf(reply)]).to.deep.equal([statusCode, `it is ${kind}`]);
      }
    }
  });

  for (const [what, fields] of [
    ["Host", ["Host: evil.example:9153"]],
    ["Origin", ["Host: localhost", "Origin: http://evil.example"]],
    ["pair of Hosts", ["Host: localhost", "Host: evil.example"]],
  ] as const) {
    it(`startAdmin() refuses a foreign ${what} before the body is there, and closes`, async () => {
      const head = ["POST /api/v1/reload HTTP/1.1", ...fields, "Content-Length: 1000", "", ""];
      const reply = await sendRaw(head.join("\r\n"));
      expect(reply).to.match(/^HTTP\/1\.1 403 /);
      expect(node.reloads).to.equal(0);
      expect(logged).to.deep.equal(["warn: admin request refused"]);
    });
  }

  it("startAdmin() asks for the token where there is one", async () => {
    const other = await startAdmin({
      address: "127.0.0.1",
      port: 0,
      source: node,
      log: LOG,
      token: "secret",
    });
    const mine = admin;
    admin = other;
    const refused = await ask("/api/v1/reload", { method: "POST" });
    expect([refused.statusCode, refused.headers["www-authenticate"]]).to.deep.equal([401, "Bearer"]);
    const headers = { authorization: "Bearer secret" };
    expect((await ask("/api/v1/reload", { method: "POST", headers })).statusCode).to.equal(200);
    expect((await ask("/api/v1/status")).statusCode).to.equal(200);
    await other.stop(100);
    admin = mine;
  });

  const unreadable: readonly (readonly [what: string, octets: string, statusCode: number])[] = [
    ["noise", "\x00\xff\x01 noise\r\n\r\n", 400],
    ["a DNS message", "\x00\x1d\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\r\n\r\n", 400],
    ["no Host", "GET / HTTP/1.1\r\n\r\n", 400],
    ["a header too long", `GET / HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(HEADER_LIMIT_OCTETS)}\r\n\r\n`, 431],
    ["two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400],
  ];
  for (const [what, octets, statusCode] of unreadable) {
    it(`startAdmin() answers ${what} with ${statusCode} and goes on`, async () => {
      const reply = await sendRaw(octets);
      expect(reply).to.match(new RegExp(`^HTTP/1\\.1 ${statusCode} `));
      expect(reply).to.match(/\{.*"error":"/);
      expect((await ask("/healthz")).statusCode).to.equal(200);
    });
  }

  it("startAdmin() answers a bug of the node with 500, without its words, and logs it", async () => {
    node.explain = () => {
      throw new Error("inner words");
    };
    const reply = await ask("/api/v1/explain?name=a");
    expect(reply.statusCode).to.equal(500);
    expect(reply.body).to.not.include("inner words");
    expect(logged).to.deep.equal(["error: admin request failed"]);
  });

  it("startAdmin() forbids caching, framing and scripts everywhere", async () => {
    for (const path of ["/", "/metrics", "/api/v1/status", "/nowhere"]) {
      const { headers } = await ask(path);
      expect(headers, path).to.include({ "cache-control": "no-store", "x-frame-options": "DENY" });
      expect(headers["content-security-policy"], path).to.match(/^default-src 'none'; style-src 'sha256-/);
      expect(headers, path).to.not.have.property("access-control-allow-origin");
    }
  });

  it("startAdmin() rejects with the system's error where the address is taken", async () => {
    const options = { address: "127.0.0.1", port: admin.port, source: node, log: LOG };
    const outcome = await startAdmin(options).then(
      () => "started",
      (error: NodeJS.ErrnoException) => error.code,
    );
    expect(outcome).to.equal("EADDRINUSE");
  });

  it("stop() ends a connection that hangs in the middle of a request", async () => {
    const socket = connect(admin.port, "127.0.0.1");
    socket.write("POST /api/v1/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf");
    await once(socket, "connect");
    socket.resume();
    const closed = once(socket, "close");
    await admin.stop(50);
    await closed;
  });
});
