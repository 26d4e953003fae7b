/**
 * Resolves a host name to its addresses, with their TTL: by the resolvers that the configuration names, or as the system
 * does.
 *
 * | configured      | asked, in this order                                                                      |
 * | --------------- | ----------------------------------------------------------------------------------------- |
 * | `resolver: […]` | those, and nothing else                                                                   |
 * | nothing         | /etc/hosts; where the name is not in it, the name servers of /etc/resolv.conf             |
 *
 * A and AAAA are asked for at one time, and the aliases on the way for no other reason than to see where they lead. Each
 * resolution has a client of its own: it reads what the system has now, and none keeps answers beyond their TTL.
 */

import { Resolver } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { formatSocketAddress, type SocketAddress } from "../config/socket-address.ts";
import type { Address, AddressFamily } from "../policy/model.ts";
import { addressOf, type FamilyAnswer, type HostAnswer } from "./host-state.ts";
import { codeOf } from "./system-error.ts";

/** For one question to one server. */
const TIMEOUT_MS = 2_000;
const TRIES = 2;
/** Aliases that are looked at, one after the other. */
const MAX_ALIASES = 8;
const HOSTS_FILE = "/etc/hosts";
/** The file is looked at again after so long; it gives no TTL. */
const HOSTS_FILE_TTL_SECONDS = 30;
/** Some use the file to block a million names; a bigger one is left alone. */
const MAX_HOSTS_FILE_OCTETS = 64 * 1024 * 1024;

export interface Resolution {
  readonly answer: HostAnswer;
  /** The names that aliases led to, in order, absolute. */
  readonly aliases: readonly string[];
}

export interface HostResolver {
  /** `hostName` is absolute. Never rejects. */
  resolve(hostName: string): Promise<Resolution>;
  /** What is under way fails at once. */
  stop(): void;
}

export interface HostResolverOptions {
  /** Empty: as the system does. */
  readonly servers: readonly SocketAddress[];
  /** Another one than the system's, for tests. */
  readonly hostsFile?: string;
}

export function createHostResolver({ servers, hostsFile = HOSTS_FILE }: HostResolverOptions): HostResolver {
  const underWay = new Set<Resolver>();
  return {
    async resolve(hostName) {
      const listed = servers.length === 0 ? await findInHostsFile(hostsFile, hostName) : [];
      if (listed.length > 0) return { answer: answerOfFile(listed), aliases: [] };
      const client = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
      if (servers.length > 0) client.setServers(servers.map(formatSocketAddress));
      underWay.add(client);
      try {
        const [ipv4, ipv6, aliases] = await Promise.all([
          ask(() => client.resolve4(hostName, { ttl: true })),
          ask(() => client.resolve6(hostName, { ttl: true })),
          followAliases(client, hostName),
        ]);
        return { answer: { ipv4, ipv6 }, aliases };
      } finally {
        underWay.delete(client);
      }
    },
    stop() {
      for (const client of underWay) client.cancel();
    },
  };
}

async function ask(
  question: () => Promise<readonly { readonly address: string; readonly ttl: number }[]>,
): Promise<FamilyAnswer> {
  try {
    const records = await question();
    const addresses = records.flatMap(({ address }) => addressOf(address) ?? []);
    if (addresses.length === 0) return { kind: "none", reason: "the name has no address" };
    return { kind: "addresses", addresses, ttlSeconds: Math.min(...records.map(({ ttl }) => ttl)) };
  } catch (error) {
    const code = codeOf(error) ?? String(error);
    const none = NOTHING_THERE[code];
    if (none !== undefined) return { kind: "none", reason: none };
    return { kind: "failed", reason: FAILURES[code] ?? code };
  }
}

const NOTHING_THERE: Readonly<Record<string, string>> = {
  ENOTFOUND: "the name does not exist",
  ENODATA: "the name has no address",
};

const FAILURES: Readonly<Record<string, string>> = {
  ETIMEOUT: `no resolver answered within ${(TIMEOUT_MS * TRIES) / 1_000} s`,
  ECONNREFUSED: "no resolver can be reached",
  ESERVFAIL: "the resolver answered SERVFAIL",
  EREFUSED: "the resolver answered REFUSED",
  ENOTIMP: "the resolver answered NOTIMP",
  EFORMERR: "the resolver answered FORMERR",
  EBADRESP: "the resolver's answer cannot be read",
  EBADNAME: "the resolver cannot be asked for such a name",
  ECANCELLED: "the node is stopping",
};

/** Whatever cannot be found out is where the way ends: the addresses are asked for beside it. */
async function followAliases(client: Resolver, hostName: string): Promise<string[]> {
  const aliases: string[] = [];
  let name = hostName;
  while (aliases.length < MAX_ALIASES) {
    const [target] = await client.resolveCname(name).catch(() => []);
    if (target === undefined) break;
    name = target.endsWith(".") ? target : `${target}.`;
    aliases.push(name);
  }
  return aliases;
}

/** hosts(5): an address and its names, a line each; several lines may name one. */
async function findInHostsFile(path: string, hostName: string): Promise<Address[]> {
  const wanted = withoutDot(hostName);
  const text = await readFile(path, "utf8").catch(() => "");
  if (text.length > MAX_HOSTS_FILE_OCTETS || !text.toLowerCase().includes(wanted)) return [];
  const addresses: Address[] = [];
  for (const line of text.split("\n")) {
    const [addressText = "", ...names] = line.replace(/#.*$/, "").trim().split(/\s+/);
    if (!names.some((name) => withoutDot(name) === wanted)) continue;
    const address = addressOf(addressText);
    if (address !== undefined) addresses.push(address);
  }
  return addresses;
}

function withoutDot(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

/** What stands in the file is all that there is of the name. */
function answerOfFile(listed: readonly Address[]): HostAnswer {
  const ofFamily = (family: AddressFamily): FamilyAnswer => {
    const addresses = listed.filter((address) => address.family === family);
    return addresses.length === 0
      ? { kind: "none", reason: "the name has no such address in the hosts file" }
      : { kind: "addresses", addresses, ttlSeconds: HOSTS_FILE_TTL_SECONDS };
  };
  return { ipv4: ofFamily("ipv4"), ipv6: ofFamily("ipv6") };
}
