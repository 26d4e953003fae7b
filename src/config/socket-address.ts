/** `ADDR:PORT` as the listen flags, the configuration file and the environment write it. */

/** An IP address as text, without brackets, and a port from 0 to 65535; 0 lets the system choose. */
export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

const MAX_PORT = 65_535;
const BRACKETED = /^\[([0-9a-fA-F:.]+)\]:([0-9]{1,5})$/;
const PLAIN = /^([0-9.]+):([0-9]{1,5})$/;
const IPV4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/;

/** `undefined` for anything but `127.0.0.1:53` and `[::1]:53`: host names are not resolved here. */
export function parseSocketAddress(text: string): SocketAddress | undefined {
  const bracketed = BRACKETED.exec(text);
  const [, address, portText] = bracketed ?? PLAIN.exec(text) ?? [];
  if (address === undefined || portText === undefined) return undefined;
  if (!isIpAddress(address) || address.includes(":") === (bracketed === null)) return undefined;
  const port = Number(portText);
  return port > MAX_PORT ? undefined : { address, port };
}

export function formatSocketAddress(address: SocketAddress): string {
  return address.address.includes(":")
    ? `[${address.address}]:${address.port}`
    : `${address.address}:${address.port}`;
}

/** Of either family, without brackets. */
export function isIpAddress(text: string): boolean {
  return text.includes(":") ? isIpv6(text) : IPV4.test(text);
}

/** The text form of RFC 4291 §2.2; the URL parser is the judge, so that no second grammar lives here. */
function isIpv6(text: string): boolean {
  return URL.canParse(`http://[${text}]/`);
}
