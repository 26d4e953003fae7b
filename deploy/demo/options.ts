/** What `npm start` takes: `npm start -- --help` prints it. */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { type HostPort, parseHostPort } from "./ports.ts";

/** The ports that the zones in zones/ probe begin here. */
export const DEFAULT_REGION_PORT = 18_081;
const DEFAULT_TAKEOVER_SECONDS = 10;
const DEFAULT_LISTEN = ["127.0.0.1:5300", "[::1]:5300"];
const DEFAULT_ADMIN = "127.0.0.1:9153";
/** Below the root; ignored by git. */
const DEFAULT_STATE = ".state/demo";

export const HELP = `Usage: npm start -- [options]

Starts three demo regions and serves zones/ to whoever asks.

  --listen ADDR:PORT    where to answer DNS, UDP and TCP; repeatable
                        (default ${DEFAULT_LISTEN.join(" and ")})
  --admin ADDR:PORT     metrics and status (default ${DEFAULT_ADMIN})
  --region-port PORT    the first of the regions' three ports (default ${DEFAULT_REGION_PORT})
  --takeover SECONDS    how long a region's primary zone must fail before its
                        secondary takes over (default ${DEFAULT_TAKEOVER_SECONDS})
  --state DIR           where the last states are kept (default ${DEFAULT_STATE})
  --help                this text
`;

export interface DemoOptions {
  /** The given addresses, or the defaults; `listenGiven` tells which. */
  readonly listen: readonly HostPort[];
  readonly listenGiven: boolean;
  readonly admin: HostPort;
  readonly regionPort: number;
  readonly takeoverMs: number;
  readonly state: string;
}

function parseNumber(flag: string, text: string, max: number): number {
  const value = Number(text);
  if (text === "" || !(value >= 0 && value <= max)) {
    throw new Error(`Cannot parse ${flag} '${text}': expected a number from 0 to ${max}`);
  }
  return value;
}

/** Reads the command line; `help` where only the text is asked for. Throws with one line where it is wrong. */
export function parseOptions(argv: readonly string[], root: string): DemoOptions | "help" {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      listen: { type: "string", multiple: true },
      admin: { type: "string", default: DEFAULT_ADMIN },
      "region-port": { type: "string", default: String(DEFAULT_REGION_PORT) },
      takeover: { type: "string", default: String(DEFAULT_TAKEOVER_SECONDS) },
      state: { type: "string", default: join(root, DEFAULT_STATE) },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  return {
    listen: (values.listen ?? DEFAULT_LISTEN).map(parseHostPort),
    listenGiven: values.listen !== undefined,
    admin: parseHostPort(values.admin),
    regionPort: parseNumber("--region-port", values["region-port"], 65_533),
    takeoverMs: parseNumber("--takeover", values.takeover, 3600) * 1000,
    state: values.state,
  };
}
