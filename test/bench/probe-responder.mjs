/**
 * What the probes of `probes.ts` talk to: one process with a port each for healthy and for doomed endpoints, over HTTP,
 * which serves `tcp` as well, and over HTTPS. Prints its ports as JSON. A line on its standard input ends the doomed
 * ports; the end of it ends the process.
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

function listen(server) {
  return new Promise((resolve) => {
    server.on("tlsClientError", () => undefined);
    server.listen({ port: 0, host: "0.0.0.0", backlog: BACKLOG }, () => resolve(server));
  });
}

const identity = { key: readFileSync(keyFile), cert: readFileSync(certFile) };
const servers = await Promise.all(
  [
    createServer(onConnection),
    createServer(onConnection),
    createTlsServer(identity, onConnection),
    createTlsServer(identity, onConnection),
  ].map(listen),
);
const [, doomedPlain, , doomedTls] = servers;
process.stdout.write(`${JSON.stringify(servers.map((server) => server.address().port))}\n`);
process.stdin.once("data", () => {
  doomedPlain.close();
  doomedTls.close();
});
process.stdin.once("end", () => process.exit());
