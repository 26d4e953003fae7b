/**
 * What the probes of `probes.ts` talk to: one process with a port each for healthy and for doomed endpoints, over HTTP,
 * which serves `tcp` as well, and over HTTPS. Prints its ports as JSON. A line on its standard input closes the doomed
 * ports, the next one opens them again, and so on; the end of it ends the process.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";

const [keyFile, certFile] = process.argv.slice(2);
const RESPONSE = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";
const BACKLOG = 4096;

function onConnection(socket) {
  socket.on("error", () => undefined);
  socket.once("data", () => socket.end(RESPONSE));
}

function listen(server, port) {
  return new Promise((resolve) => {
    server.on("tlsClientError", () => undefined);
    server.listen({ port, host: "0.0.0.0", backlog: BACKLOG }, () => resolve(server));
  });
}

const identity = { key: readFileSync(keyFile), cert: readFileSync(certFile) };
const handlers = [createServer, createServer, createTlsServer, createTlsServer];
const start = (at, port) =>
  listen(at < 2 ? handlers[at](onConnection) : handlers[at](identity, onConnection), port);
const servers = await Promise.all(handlers.map((_, at) => start(at, 0)));
const ports = servers.map((server) => server.address().port);
const DOOMED = [1, 3];
let open = true;
process.stdout.write(`${JSON.stringify(ports)}\n`);
async function turn() {
  open = !open;
  for (const at of DOOMED) {
    if (open) servers[at] = await start(at, ports[at]);
    else servers[at].close();
  }
}
process.stdin.on("data", () => void turn());
process.stdin.once("end", () => process.exit());
