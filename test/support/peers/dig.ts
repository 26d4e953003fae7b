/** Questions asked with `dig`, and its answers read back. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { peerPath } from "../../peers.ts";

const run = promisify(execFile);

export interface DigRecord {
  readonly owner: string;
  readonly ttlSeconds: number;
  readonly type: string;
  readonly rdata: string;
}

export interface DigAnswer {
  /** `NOERROR`, `NXDOMAIN`, …; `undefined` where no answer came. */
  readonly status: string | undefined;
  readonly flags: readonly string[];
  readonly answer: readonly DigRecord[];
  readonly authority: readonly DigRecord[];
  readonly additional: readonly DigRecord[];
  readonly text: string;
}

/** One question, one try of at most 2 s. `words` are further options of dig: `+tcp`, `+noedns`, … */
export async function dig(
  server: { readonly address: string; readonly port: number },
  name: string,
  type: string,
  ...words: readonly string[]
): Promise<DigAnswer> {
  const options = ["+tries=1", "+time=2", "+noidnin", "+noidnout", ...words];
  const question = [`@${server.address}`, "-p", String(server.port), "-q", name, "-t", type];
  // dig exits 9 where no reply came; its words say so, and the answer has no status then.
  const { stdout } = await run(peerPath("dig") ?? "dig", [...options, ...question]).catch(
    (error: { readonly stdout?: string }) => ({ stdout: error.stdout ?? "" }),
  );
  return readDig(stdout);
}

export function readDig(text: string): DigAnswer {
  return {
    status: /status: ([A-Z0-9]+)/.exec(text)?.[1],
    flags: /;; flags: ([a-z ]*);/.exec(text)?.[1]?.split(" ") ?? [],
    answer: section(text, "ANSWER"),
    authority: section(text, "AUTHORITY"),
    additional: section(text, "ADDITIONAL"),
    text,
  };
}

function section(text: string, name: string): DigRecord[] {
  const lines = text.split(`;; ${name} SECTION:\n`)[1]?.split("\n\n")[0]?.split("\n") ?? [];
  return lines
    .filter((line) => line !== "" && !line.startsWith(";"))
    .map((line) => {
      const [owner = "", ttl = "", , type = "", ...rdata] = line.split(/\s+/);
      return { owner, ttlSeconds: Number(ttl), type, rdata: rdata.join(" ") };
    });
}
