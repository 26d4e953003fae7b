import { execFile } from "node:child_process";
import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect, type TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import { needPeers } from "../../peers.ts";
import { packet, parsed, query, question, summary } from "../../support/packets.ts";
import { sampleImage } from "../../support/sample-zones.ts";
import { type ListenerChanges, type Listeners, startListeners } from "../../support/servers.ts";
import { type Certificates, makeCertificates } from "../probe/certificates.ts";

const run = promisify(execFile);
const WWW = query("www.example.", "A");
const WHOLE = "NOERROR aa qd=1 an=2";
const MESSAGE = "application/dns-message";

interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** HTTP/2 octet by octet (RFC 9113 §4.1), for what no client lets itself be told. */
const FRAME = { data: 0, headers: 1, settings: 4 } as const;
const END_STREAM = 1;
const END_HEADERS = 4;
const FRAME_HEAD_OCTETS = 9;

function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const head = Buffer.alloc(FRAME_HEAD_OCTETS);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const CLIENT_PREFACE = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  frame(FRAME.settings, 0, 0),
]);

/** The head of a POST, every field a literal (RFC 7541 §6.2.2). */
function requestHead(stream: number, contentType: string, contentLength: number): Buffer {
  const string = (text: string): Buffer => Buffer.from([text.length, ...Buffer.from(text)]);
  const fields = [
    [":method", "POST"],
    [":scheme", "https"],
    [":path", "/dns-query"],
    [":authority", "www.example.com"],
    ["content-type", contentType],
    ["content-length", String(contentLength)],
  ] as const;
  const block = fields.map(([name, value]) => Buffer.concat([Uint8Array.of(0), string(name), string(value)]));
  return frame(FRAME.headers, END_HEADERS, stream, Buffer.concat(block));
}

/** The frames that the server sends, until it closes. */
async function* receivedFrames(socket: TLSSocket): AsyncGenerator<{ type: number; stream: number }> {
  let octets = Buffer.alloc(0);
  for await (const chunk of socket) {
    octets = Buffer.concat([octets, Buffer.from(chunk)]);
    while (octets.length >= FRAME_HEAD_OCTETS) {
      const end = FRAME_HEAD_OCTETS + octets.readUIntBE(0, 3);
      if (octets.length < end) break;
      yield { type: octets[3] ?? 0, stream: octets.readUInt32BE(5) };
      octets = octets.subarray(end);
    }
  }
}

describe("DNS over HTTPS", () => {
  const image = sampleImage();
  let certificates: Certificates;
  let listeners: Listeners | undefined;
  const open: (ClientHttp2Session | TLSSocket)[] = [];

  before(function () {
    needPeers.call(this, "openssl");
    certificates = makeCertificates();
  });
  after(() => certificates?.remove());
  afterEach(async () => {
    for (const each of open.splice(0)) each.destroy();
    await listeners?.stop();
    listeners = undefined;
  });

  const serve = async (changes: ListenerChanges = {}): Promise<Listeners> => {
    const { cert: certificate, key } = certificates.good;
    listeners = await startListeners(() => image, { identity: { certificate, key }, ...changes });
    return listeners;
  };
  const connectTo = ({ https }: Listeners): ClientHttp2Session => {
    const session = connectHttp2(`https://${https.address}:${https.port}`, { rejectUnauthorized: false });
    session.on("error", () => undefined);
    open.push(session);
    return session;
  };
  const openTls = async ({ https }: Listeners, protocol = "http/1.1"): Promise<TLSSocket> => {
    const { address: host, port } = https;
    const socket = connect({ host, port, rejectUnauthorized: false, ALPNProtocols: [protocol] });
    open.push(socket);
    await once(socket, "secureConnect");
    socket.on("error", () => undefined);
    return socket;
  };
  const request = async (
    session: ClientHttp2Session,
    headers: Record<string, string>,
    body?: Uint8Array,
  ): Promise<Response> => {
    const stream = session.request({ ":path": "/dns-query", ...headers }, { endStream: body === undefined });
    stream.on("error", () => undefined);
    const answered = once(stream, "response");
    if (body !== undefined) stream.end(body);
    const [fields]: Record<string, unknown>[] = await answered;
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(Buffer.from(chunk));
    return { status: Number(fields?.[":status"]), headers: { ...fields }, body: Buffer.concat(chunks) };
  };
  const post = (session: ClientHttp2Session, body: Uint8Array): Promise<Response> =>
    request(session, { ":method": "POST", "content-type": MESSAGE }, body);
  const limitsOf = ({ streamCounts }: Listeners): string[] =>
    streamCounts
      .limits()
      .filter(({ value }) => value > 0)
      .map(({ labels }) => `${labels.transport} ${labels.limit}`);

  for (const [how, words] of [
    ["POST", []],
    ["GET", ["+https-get"]],
  ] as const) {
    it(`answers kdig by ${how}, which checks the certificate`, async function () {
      needPeers.call(this, "kdig");
      const { https } = await serve();
      const url = "+https=www.example.com/dns-query";
      const trust = [
        `+tls-ca=${certificates.caFile}`,
        "+tls-hostname=www.example.com",
        "+time=2",
        "+retry=0",
      ];
      const server = [`@${https.address}`, "-p", String(https.port)];
      const { stdout } = await run("kdig", [...server, url, ...words, ...trust, "big.example.", "A"]);
      expect(stdout).to.match(new RegExp(`HTTP session \\(HTTP/2-${how}\\).*status: 200`));
      expect(stdout.match(/^big\.example\.\s.*\sA\s/gm)).to.have.lengthOf(100);
      const counted = listeners?.counters.queries().filter(({ transport }) => transport === "https");
      expect(counted?.map(({ value }) => value)).to.deep.equal([1]);
    });
  }

  for (const [version, flag] of [
    ["2", "--http2"],
    ["1.1", "--http1.1"],
  ] as const) {
    it(`answers curl over HTTP/${version}`, async function () {
      needPeers.call(this, "curl");
      const { https } = await serve();
      const where = `https://www.example.com:${https.port}/dns-query`;
      const trust = [
        "--cacert",
        certificates.caFile,
        "--resolve",
        `www.example.com:${https.port}:${https.address}`,
      ];
      const words = ["-sS", flag, ...trust, "-w", "%{stderr}%{http_version} %{http_code} %{content_type}"];
      const target = `${where}?dns=${Buffer.from(WWW).toString("base64url")}`;
      const { stdout, stderr } = await run("curl", [...words, target], { encoding: "buffer" });
      expect(stderr.toString()).to.equal(`${version} 200 ${MESSAGE}`);
      expect(summary(stdout)).to.equal(WHOLE);
    });
  }

  it("resolves for curl itself, as its users configure it", async function () {
    needPeers.call(this, "curl");
    const { https } = await serve();
    const where = `https://${https.address}:${https.port}/dns-query`;
    const words = [
      "-sS",
      "-v",
      "--max-time",
      "2",
      "--connect-timeout",
      "1",
      "--doh-insecure",
      "--doh-url",
      where,
    ];
    const { stderr } = await run("curl", [...words, "http://www.example:1/"]).catch(
      (error: { stderr: string }) => error,
    );
    expect(stderr).to.match(/DoH|192\.0\.2\./);
    const counted = listeners?.counters.queries().filter(({ transport }) => transport === "https");
    expect(counted?.map(({ qtype }) => qtype)).to.include("A");
  });

  it("tells caches to keep an answer for its least TTL, and an error not at all", async () => {
    const session = connectTo(await serve());
    const cases: [name: string, type: string, cacheControl: string][] = [
      ["www.example.", "A", "max-age=300"],
      ["missing.example.", "A", "max-age=60"],
      ["www.elsewhere.", "A", "no-store"],
    ];
    for (const [name, type, cacheControl] of cases) {
      const { status, headers, body } = await post(session, query(name, type));
      expect([name, status, headers["cache-control"]]).to.deep.equal([name, 200, cacheControl]);
      expect(headers["content-type"]).to.equal(MESSAGE);
      expect(headers["content-length"]).to.equal(String(body.length));
    }
  });

  const dns = Buffer.from(WWW).toString("base64url");
  const statuses: [
    what: string,
    headers: Record<string, string>,
    body: Uint8Array | undefined,
    status: number,
  ][] = [
    ["a GET", { ":method": "GET", ":path": `/dns-query?x=1&dns=${dns}` }, undefined, 200],
    ["a content type with parameters", { ":method": "POST", "content-type": `${MESSAGE}; a=b` }, WWW, 200],
    ["another path", { ":method": "GET", ":path": `/?dns=${dns}` }, undefined, 404],
    ["a longer path", { ":method": "GET", ":path": `/dns-query/?dns=${dns}` }, undefined, 404],
    ["PUT", { ":method": "PUT", "content-type": MESSAGE }, WWW, 405],
    ["HEAD", { ":method": "HEAD", ":path": `/dns-query?dns=${dns}` }, undefined, 405],
    ["POST of another type", { ":method": "POST", "content-type": "text/plain" }, WWW, 415],
    ["POST of no type", { ":method": "POST" }, WWW, 415],
    [
      "an announced body that is too long",
      { ":method": "POST", "content-type": MESSAGE, "content-length": "65536" },
      new Uint8Array(65_536),
      413,
    ],
    ["a body that is too long", { ":method": "POST", "content-type": MESSAGE }, new Uint8Array(200_000), 413],
    [
      "a target that is too long",
      { ":method": "GET", ":path": `/dns-query?dns=${"A".repeat(2_048)}` },
      undefined,
      414,
    ],
    ["GET of nothing", { ":method": "GET" }, undefined, 400],
    ["GET of an empty message", { ":method": "GET", ":path": "/dns-query?dns=" }, undefined, 400],
    [
      "GET of base64 of another kind",
      { ":method": "GET", ":path": `/dns-query?dns=${dns}==` },
      undefined,
      400,
    ],
    ["POST of nothing", { ":method": "POST", "content-type": MESSAGE }, new Uint8Array(0), 400],
    ["a message that is cut", { ":method": "POST", "content-type": MESSAGE }, WWW.subarray(0, 5), 400],
    ["a response", { ":method": "POST", "content-type": MESSAGE }, packet({ flags: 0x8000 }), 400],
  ];
  it("answers every request with the status that it deserves, over one connection", async () => {
    const servers = await serve();
    const session = connectTo(servers);
    for (const [what, headers, body, status] of statuses) {
      const answered = await request(session, headers, body);
      expect([what, answered.status]).to.deep.equal([what, status]);
      if (status === 405) expect(answered.headers["allow"]).to.equal("GET, POST");
    }
    const counted = servers.streamCounts.httpResponses().map(({ value }) => value);
    expect(counted.reduce((sum, value) => sum + value)).to.equal(statuses.length);
    expect(session.destroyed).to.equal(false);
  });

  it("answers before it resets, also while curl's handshake is still under way", async function () {
    needPeers.call(this, "curl");
    const { https } = await serve();
    const where = `https://${https.address}:${https.port}/dns-query`;
    const words = [
      "-sSk",
      "--http2",
      "-d",
      "",
      "-H",
      "content-type: text/plain",
      "-w",
      "%{http_code}",
      where,
    ];
    for (let count = 0; count < 10; count++) expect((await run("curl", words)).stdout).to.equal("415");
  });

  it("lets a client go that says goodbye over HTTP/2, once it has its answers", async () => {
    const servers = await serve({ idleMs: 60_000 });
    const socket = await openTls(servers, "h2");
    const closed = once(socket, "close");
    const frames = receivedFrames(socket);
    socket.write(CLIENT_PREFACE);
    socket.end(Buffer.concat([requestHead(1, MESSAGE, WWW.length), frame(FRAME.data, END_STREAM, 1, WWW)]));
    const types: number[] = [];
    for await (const { type, stream } of frames) if (stream === 1) types.push(type);
    await closed;
    expect(types).to.deep.equal([FRAME.headers, FRAME.data]);
    expect(limitsOf(servers)).to.deep.equal([]);
  });

  it("answers 64 streams of one connection, each with its identifier", async () => {
    const session = connectTo(await serve());
    const replies = await Promise.all(
      Array.from({ length: 64 }, (_, id) =>
        post(session, packet({ id, question: question("www.example.", "A") })),
      ),
    );
    expect(replies.map(({ body }) => parsed(body).id)).to.deep.equal(replies.map((_, id) => id));
  });

  it("refuses pipelined requests over HTTP/1.1 only what each deserves, and goes on", async () => {
    const socket = await openTls(await serve());
    const get = (target: string): string => `GET ${target} HTTP/1.1\r\nhost: x\r\n\r\n`;
    socket.write(get(`/dns-query?dns=${dns}`) + get("/elsewhere") + get(`/dns-query?dns=${dns}`));
    let text = "";
    for await (const chunk of socket) {
      text += Buffer.from(chunk).toString("latin1");
      if ((text.match(/HTTP\/1\.1 /g) ?? []).length === 3) break;
    }
    expect(text.match(/HTTP\/1\.1 \d+/g)).to.deep.equal(["HTTP/1.1 200", "HTTP/1.1 404", "HTTP/1.1 200"]);
  });

  it("hangs up on what is no HTTP", async () => {
    const servers = await serve();
    const socket = await openTls(servers);
    socket.write(WWW);
    let text = "";
    for await (const chunk of socket) text += Buffer.from(chunk).toString("latin1");
    expect(text).to.match(/^HTTP\/1\.1 400 /);
    const faults = servers.streamCounts.faults().filter(({ value }) => value > 0);
    expect(faults.map(({ labels }) => labels.reason)).to.deep.equal(["http"]);
  });

  it("cuts off who sends a request too slowly, who takes nothing, and who is idle", async () => {
    const servers = await serve({ limits: { messageMs: 200, writeMs: 200 }, idleMs: 1_500 });
    const slow = connectTo(servers);
    const stream = slow.request({ ":method": "POST", ":path": "/dns-query", "content-type": MESSAGE });
    stream.on("error", () => undefined);
    stream.write(WWW.subarray(0, 5));
    await once(slow, "close");
    expect(limitsOf(servers)).to.deep.equal(["https message-timeout"]);
    const greedy = connectHttp2(`https://${servers.https.address}:${servers.https.port}`, {
      rejectUnauthorized: false,
      settings: { initialWindowSize: 0 },
    });
    greedy.on("error", () => undefined);
    open.push(greedy);
    const unread = greedy.request({ ":method": "GET", ":path": `/dns-query?dns=${dns}` });
    unread.on("error", () => undefined);
    await once(greedy, "close");
    expect(limitsOf(servers)).to.deep.equal(["https message-timeout", "https write-timeout"]);
    await once(connectTo(servers), "close");
    expect(limitsOf(servers)).to.include("https idle-timeout");
  });

  it("keeps no more for a client that takes nothing than the write backlog", async () => {
    const servers = await serve({ limits: { writeBacklogOctets: 5_000 } });
    const session = connectHttp2(`https://${servers.https.address}:${servers.https.port}`, {
      rejectUnauthorized: false,
      settings: { initialWindowSize: 0 },
    });
    open.push(session);
    const target = `/dns-query?dns=${Buffer.from(query("big.example.", "A")).toString("base64url")}`;
    const codes = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const [headers]: Record<string, unknown>[] = await once(
          session.request({ ":method": "GET", ":path": target }).on("error", () => undefined),
          "response",
        );
        return headers?.[":status"];
      }),
    );
    expect(codes.filter((code) => code === 200)).to.have.length.within(1, 6);
    expect(codes.filter((code) => code === 503)).to.have.length.above(10);
    expect(limitsOf(servers)).to.include("https write-backlog");
  });

  it("answers what has arrived before a stop, and is over at its deadline", async () => {
    const servers = await serve();
    const session = connectTo(servers);
    await post(session, WWW);
    const idle = await openTls(servers);
    idle.resume();
    const startedMs = performance.now();
    const [reply] = await Promise.all([post(session, WWW), servers.streams.stop(500)]);
    expect(summary(reply.body)).to.equal(WHOLE);
    expect(performance.now() - startedMs).to.be.below(9_000);
  });
});
