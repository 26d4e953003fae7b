/**
 * Regional load balancers for tests, played by nginx: layer 7 (`http`) or layer 4 (`stream`), each in front of a
 * primary and a secondary backend, which takes over when the primary is gone. What the balancer does by itself inside
 * its region is nginx's own doing.
 */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { peerPath } from "../../peers.ts";
import { accepts } from "./network.ts";
import { eventually, type Program, startProgram } from "./program.ts";

const START_LIMIT_MS = 30_000;
const STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so";

export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

export interface Nginx {
  readonly program: Program;
  stop(): Promise<void>;
}

function written({ address, port }: SocketAddress): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** A backend that answers every request 200 with its name. */
export function startBackend(name: string, at: SocketAddress): Promise<Nginx> {
  return startNginx(at, `http { ${QUIET} server { listen ${written(at)}; return 200 "${name}\\n"; } }`);
}

/** Whatever the `server` blocks of its configuration say; one of them listens there. */
export function startServers(at: SocketAddress, blocks: string): Promise<Nginx> {
  return startNginx(at, `http { ${QUIET} ${blocks} }`);
}

/** The same with a master process, which takes up another configuration at SIGHUP; to be ended by SIGTERM alone. */
export function startReloadable(at: SocketAddress, blocks: string): Promise<Nginx> {
  const user = process.getuid?.() === 0 ? "user root;" : "";
  return startNginx(at, `http { ${QUIET} ${blocks} }`, user, "on");
}

/** Layer 7: HTTP requests go to the primary backend, to the secondary where it fails. */
export function startLayer7(
  at: SocketAddress,
  primary: SocketAddress,
  secondary: SocketAddress,
): Promise<Nginx> {
  return startNginx(
    at,
    `http { ${QUIET} ${upstream(primary, secondary)}
       server { listen ${written(at)}; location / { proxy_pass http://zones; proxy_connect_timeout 200ms; } } }`,
  );
}

/** Layer 4: connections go to the primary backend, to the secondary where it refuses them. */
export function startLayer4(
  at: SocketAddress,
  primary: SocketAddress,
  secondary: SocketAddress,
): Promise<Nginx> {
  return startNginx(
    at,
    `stream { ${upstream(primary, secondary)}
       server { listen ${written(at)}; proxy_pass zones; proxy_connect_timeout 200ms; } }`,
    `load_module ${STREAM_MODULE};`,
  );
}

function upstream(primary: SocketAddress, secondary: SocketAddress): string {
  return `upstream zones { server ${written(primary)} max_fails=1 fail_timeout=1s; server ${written(secondary)} backup; }`;
}

const QUIET =
  "access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;";

async function startNginx(
  at: SocketAddress,
  blocks: string,
  head = "",
  masterProcess: "on" | "off" = "off",
): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-nginx-"));
  const config = `${head}
daemon off; master_process ${masterProcess}; worker_processes 1; pid ${folder}/pid; error_log stderr warn;
events { worker_connections 256; }
${blocks}
`;
  await writeFile(join(folder, "nginx.conf"), config);
  const words = ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", "stderr"];
  const program = startProgram(peerPath("nginx") ?? "nginx", words);
  await eventually(() => accepts(at.address, at.port), START_LIMIT_MS, program.output);
  return {
    program,
    stop: async () => {
      await program.end("SIGTERM");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
