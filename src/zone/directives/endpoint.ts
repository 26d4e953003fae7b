/**
 * One endpoint, an indented line behind a `$POOL`: `name address… key=value…` or `name host.name. key=value…`.
 *
 * A host name is absolute and says so by its final dot. One without is refused rather than completed with the origin:
 * it lies somewhere else by its nature, and the dot that is forgotten is the oldest fault of zone files.
 */

import { formatIp, parseIp } from "../../dns/address.ts";
import { formatName, parseName } from "../../dns/name.ts";
import { parseHostPort } from "../../health/host-port.ts";
import type { HostPort } from "../../health/monitor.ts";
import type { Address } from "../../policy/model.ts";
import { MAX_WEIGHT } from "../expression.ts";
import {
  accepted,
  foldValues,
  KeyValues,
  readWholeNumber,
  readWord,
  refused,
  type ValueParse,
} from "../key-values.ts";
import type { Entry, Token } from "../lexer.ts";
import { faultOfName } from "../names.ts";
import type { OpenPool, ParserState } from "../parser-state.ts";
import { readMonitorUse } from "./pool.ts";

const KEYS = ["weight", "monitor", "probe", "as"];
const DEFAULT_WEIGHT = 1;

export function readEndpoint(state: ParserState, pool: OpenPool, entry: Entry): void {
  const faultsBefore = state.faultCount;
  const tokens = foldValues(state, entry.tokens);
  const [nameToken] = tokens;
  if (nameToken === undefined) return;
  pool.lines++;
  readEndpointName(state, pool, nameToken);
  const firstKey = tokens.findIndex((token, index) => index > 0 && !token.quoted && token.text.includes("="));
  const targets = tokens.slice(1, firstKey === -1 ? undefined : firstKey);
  const { addresses, hostName } = readTargets(state, nameToken, targets);
  const keys = new KeyValues(state, "endpoints", firstKey === -1 ? [] : tokens.slice(firstKey), KEYS);
  const answerAs = keys.read("as", readWord(["cname", "addresses"] as const)) ?? "addresses";
  const asPair = keys.get("as");
  if (asPair !== undefined && answerAs === "cname" && hostName === undefined && targets.length > 0) {
    state.fault(asPair.token, "cname-without-host-name", "'as=cname' is for an endpoint with a host name");
  }
  const endpoint = {
    position: state.position(nameToken),
    name: nameToken.text,
    addresses,
    hostName,
    answerAs,
    weight: keys.read("weight", readWholeNumber(0, MAX_WEIGHT)) ?? DEFAULT_WEIGHT,
    monitor: readMonitorUse(state, keys),
    probe: keys.read("probe", readHostPort),
  };
  if (state.faultCount === faultsBefore) pool.endpoints.push(endpoint);
  else if (pool.name !== undefined) {
    state.damagedNames.add(pool.name);
    state.damagedNames.add(`${pool.name}/${nameToken.text}`);
  }
}

function readEndpointName(state: ParserState, pool: OpenPool, token: Token): void {
  const fault = faultOfName(token.text, "endpoint");
  if (fault !== undefined) {
    const hint =
      parseIp(token.text) === undefined ? "" : "; an endpoint begins with a name, its addresses follow";
    state.fault(token, "bad-name", fault + hint);
  } else if (parseIp(token.text) !== undefined) {
    const message = `Endpoint '${token.text}' has an address for a name; an endpoint begins with a name, its addresses follow`;
    state.fault(token, "bad-name", message);
  } else if (pool.endpointNames.has(token.text)) {
    const message = `Endpoint '${token.text}' stands twice in pool '${pool.header.text}'`;
    state.fault(token, "duplicate-endpoint", message);
  }
  pool.endpointNames.add(token.text);
}

/** Addresses, or one host name. */
function readTargets(
  state: ParserState,
  nameToken: Token,
  targets: readonly Token[],
): { addresses: Address[]; hostName: string | undefined } {
  const addresses: Address[] = [];
  let hostName: string | undefined;
  for (const token of targets) {
    const octets = parseIp(token.text);
    if (octets === undefined) {
      const host = readHostName(state, token);
      if (host !== undefined && hostName !== undefined) {
        state.fault(token, "several-host-names", "An endpoint has one host name at most");
      }
      hostName ??= host;
      continue;
    }
    const text = formatIp(octets);
    if (addresses.some((address) => address.text === text)) {
      state.fault(
        token,
        "duplicate-address",
        `Address '${text}' stands twice in endpoint '${nameToken.text}'`,
      );
      continue;
    }
    addresses.push({ family: octets.length === 4 ? "ipv4" : "ipv6", octets, text });
  }
  const [first] = targets;
  if (first === undefined) {
    const message = `Endpoint '${nameToken.text}' has neither an address nor a host name`;
    state.fault(nameToken, "missing-address", message);
  } else if (hostName !== undefined && addresses.length > 0) {
    const message = `Endpoint '${nameToken.text}' has a host name beside addresses: one or the other`;
    state.fault(first, "host-name-beside-addresses", message);
  }
  return { addresses, hostName };
}

/** Absolute, as text. What looks like an address that is none is called that. */
function readHostName(state: ParserState, token: Token): string | undefined {
  const { text } = token;
  if (/^[0-9.]+$/.test(text) || text.includes(":") || text.includes("/")) {
    state.fault(token, "bad-address", `Cannot parse address: '${text}' is not an IP address`);
    return undefined;
  }
  if (!text.endsWith(".")) {
    const message = `'${text}' is neither an address nor an absolute host name; did you mean '${text}.'?`;
    state.fault(token, "relative-host-name", message);
    return undefined;
  }
  const parsed = parseName(text);
  if (parsed.ok && parsed.name.length > 1) return formatName(parsed.name);
  const problem = parsed.ok ? "the root is no host" : parsed.message;
  state.fault(token, "bad-name", `Cannot parse host name: ${problem}`);
  return undefined;
}

function readHostPort(text: string): ValueParse<HostPort> {
  const parsed = parseHostPort(text);
  return parsed.ok
    ? accepted(parsed.hostPort)
    : refused(parsed.message.replace("Cannot parse host:port: ", ""));
}
