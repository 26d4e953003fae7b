/**
 * `host:port` as `target=` and `probe=` write it: a host name, an IPv4 address, or an IPv6 address in brackets. Whether
 * the name exists is found out when it is probed.
 */

import type { HostPort } from "./monitor.ts";

export type HostPortResult =
  | { readonly ok: true; readonly hostPort: HostPort }
  | { readonly ok: false; readonly message: string };

const PORT_MAX = 65_535;
const HOST_NAME_MAX_LENGTH = 253;
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** The host in lower case, without brackets and without a trailing dot. */
export function parseHostPort(text: string): HostPortResult {
  const parts = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text);
  if (parts === null) {
    return fault(
      text === ""
        ? "value is empty"
        : `"${text}" is not host:port: expected such as db.example.com:5432, 192.0.2.1:80 or [2001:db8::1]:443`,
    );
  }
  const host = parts[1] === undefined ? parseHost(parts[2] ?? "") : parseBracketed(parts[1]);
  if (host === undefined) {
    return fault(`"${parts[1] ?? parts[2] ?? ""}" is neither a host name nor an address`);
  }
  const port = parsePort(parts[3] ?? "");
  if (port === undefined) {
    return fault(`port "${parts[3] ?? ""}" is not a number from 1 to ${PORT_MAX}`);
  }
  return { ok: true, hostPort: { host, port } };
}

function fault(message: string): HostPortResult {
  return { ok: false, message: `Cannot parse host:port: ${message}` };
}

/** From 1 to 65535, decimal; `undefined` for anything else. */
export function parsePort(text: string): number | undefined {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= PORT_MAX ? port : undefined;
}

/** A host name or IPv4 address in lower case without a trailing dot; `undefined` where it is neither. */
export function parseHost(text: string): string | undefined {
  const host = text.toLowerCase().replace(/\.$/, "");
  if (host.length > HOST_NAME_MAX_LENGTH || !host.split(".").every((label) => LABEL.test(label))) {
    return undefined;
  }
  // A last label of digits alone makes it an address, or nothing (RFC 1123 §2.1).
  return /(^|\.)[0-9]+$/.test(host) && !isIpv4Text(host) ? undefined : host;
}

export function isIpv4Text(text: string): boolean {
  return /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/.test(text);
}

/** An IPv6 address without brackets or zone, in any of the spellings of RFC 4291 §2.2. */
export function isIpv6Text(text: string): boolean {
  return /^[0-9a-f:.]{2,45}$/i.test(text) && text.includes(":") && URL.canParse(`http://[${text}]/`);
}

function parseBracketed(text: string): string | undefined {
  return isIpv6Text(text) ? text.toLowerCase() : undefined;
}
