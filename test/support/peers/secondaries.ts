/** NSD and Knot as secondaries of a zone that is transferred from a primary on 127.0.0.1, with a key. */

import { formatName } from "../../../src/dns/name.ts";
import type { TsigKey } from "../../../src/dns/tsig-key.ts";
import { knotConfig } from "./knot.ts";
import { nsdConfig } from "./nsd.ts";
import { type RunningPeer, startPeer } from "./running-peer.ts";

export interface SecondaryOptions {
  readonly apex: string;
  readonly primaryPort: number;
  readonly key: TsigKey;
}

const FILE = "transferred.zone";

/** Asks by IXFR first, as it does unless told otherwise. */
export function startNsdSecondary({ apex, primaryPort, key }: SecondaryOptions): Promise<RunningPeer> {
  const name = formatName(key.name);
  const lines = [
    "key:",
    `  name: "${name}"`,
    `  algorithm: ${key.algorithm}`,
    `  secret: "${secretText(key)}"`,
    "zone:",
    `  name: "${apex}"`,
    `  zonefile: "${FILE}"`,
    `  request-xfr: 127.0.0.1@${primaryPort} ${name}`,
    `  allow-notify: 127.0.0.1 ${name}`,
  ];
  return startPeer("nsd", new Map(), (folder, port) => ({
    config: `${nsdConfig(folder, port, [])}${lines.join("\n")}\n`,
    words: (file) => ["-d", "-c", file],
  }));
}

export function startKnotSecondary({ apex, primaryPort, key }: SecondaryOptions): Promise<RunningPeer> {
  const id = formatName(key.name);
  const shared = [
    "key:",
    `  - id: ${id}`,
    `    algorithm: ${key.algorithm}`,
    `    secret: ${secretText(key)}`,
  ];
  const remote = ["remote:", "  - id: primary", `    address: 127.0.0.1@${primaryPort}`, `    key: ${id}`];
  const acl = ["acl:", "  - id: told", "    address: 127.0.0.1", `    key: ${id}`, "    action: notify"];
  const zone = [`  - domain: ${apex}`, `    file: "${FILE}"`, "    master: primary", "    acl: told"];
  return startPeer("knotd", new Map(), (folder, port) => ({
    // Keys, remotes and lists come before the zones that name them.
    config: `${[...shared, ...remote, ...acl].join("\n")}\n${knotConfig(folder, port, [])}${zone.join("\n")}\n`,
    words: (file) => ["-c", file],
  }));
}

function secretText({ secret }: TsigKey): string {
  return Buffer.from(secret).toString("base64");
}
