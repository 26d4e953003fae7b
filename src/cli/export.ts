/** `fairlead export [ZONE…]`: zones as a server without health would serve them, as master files (RFC 1035 §5). */

import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { systemReason } from "../daemon/system-error.ts";
import { formatName, nameKey, parseName, ROOT } from "../dns/name.ts";
import { PLACE_UNKNOWN } from "../geo/client.ts";
import { formatDiagnostic } from "../zone/diagnostic.ts";
import { masterFileLines } from "../zone/master-file.ts";
import type { Zone } from "../zone/model.ts";
import { plainRRsets } from "../zone/plain-zone.ts";
import { askForText, askNode, errorOf, readReply, serverOption } from "./node-client.ts";
import { CommandFailure, EXIT, printJson, printLine } from "./outcome.ts";
import { loadZonePaths, zonesOption } from "./zone-option.ts";

interface ExportOptions {
  readonly zones: string;
  readonly server?: string;
  readonly out?: string;
  readonly json?: true;
}

/** One zone to write, its text made as it is read. */
interface ExportedZone {
  /** The apex, absolute. */
  readonly name: string;
  readonly serial: number;
  readonly text: () => AsyncIterable<string> | Iterable<string>;
}

export function addExport(program: Command): void {
  program
    .command("export")
    .description("write zones as a server without health would serve them: plain master files")
    .argument("[names...]", "the zones (default: every one)")
    .addOption(zonesOption())
    .addOption(serverOption())
    .option("--out <dir>", "write a file for each zone into this folder, named after it")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nA policy becomes the addresses, or the CNAME, that a client of whom nothing is known could get with everything up." +
        "\nExit status: 0 written, 1 faulty zones or no such zone, 2 wrong usage.",
    )
    .action((names: readonly string[], options: ExportOptions) => run(names, options));
}

async function run(names: readonly string[], options: ExportOptions): Promise<void> {
  const all = options.server === undefined ? zonesOfFiles(options.zones) : await zonesOfNode(options.server);
  const wanted = names.length === 0 ? all : names.map((name) => zoneNamed(all, name));
  if (options.json) return printJson(await Promise.all(wanted.map(toJson)));
  if (options.out !== undefined) return writeFiles(wanted, options.out);
  const [only, ...others] = wanted;
  if (only === undefined || others.length > 0) {
    const found = all.map(({ name }) => name).join(" ");
    const message = `Cannot write ${wanted.length} zones to one file: name one, or give --out; there are ${found}`;
    throw new CommandFailure(EXIT.usage, message);
  }
  for await (const piece of only.text()) process.stdout.write(piece);
}

function zonesOfFiles(path: string): ExportedZone[] {
  const result = loadZonePaths([path], PLACE_UNKNOWN);
  const fault = result.diagnostics.find(({ severity }) => severity === "error");
  const { set } = result;
  if (set === undefined || fault !== undefined) {
    const first = fault === undefined ? "" : `: ${formatDiagnostic(fault)}`;
    throw new CommandFailure(EXIT.no, `Cannot export, the zones are faulty${first}`);
  }
  return set.zones.map((zone: Zone) => ({
    name: formatName(zone.apex),
    serial: zone.serial,
    text: () => masterFileLines(plainRRsets(zone, set.definitions)),
  }));
}

const zonesSchema = z.array(z.looseObject({ name: z.string(), serial: z.number() }));

async function zonesOfNode(server: string): Promise<ExportedZone[]> {
  const reply = await askNode(server, "/api/v1/zones");
  if (reply.status !== 200) throw new CommandFailure(EXIT.no, errorOf(reply).message);
  return readReply(server, zonesSchema, reply).map(({ name, serial }) => ({
    name,
    serial,
    text: async function* text() {
      const asked = await askForText(
        server,
        `/api/v1/export?${new URLSearchParams({ zone: name }).toString()}`,
      );
      if (!asked.ok) throw new CommandFailure(EXIT.no, errorOf(asked.reply).message);
      yield* asked.pieces;
    },
  }));
}

function zoneNamed(zones: readonly ExportedZone[], text: string): ExportedZone {
  const name = parseName(text, ROOT);
  if (!name.ok) throw new CommandFailure(EXIT.usage, `Cannot export '${text}': ${name.message}`);
  const key = nameKey(name.name);
  const found = zones.find((zone) => {
    const apex = parseName(zone.name);
    return apex.ok && nameKey(apex.name) === key;
  });
  if (found !== undefined) return found;
  const known = zones.map((zone) => zone.name).join(" ");
  throw new CommandFailure(EXIT.no, `Cannot export '${text}': there is no such zone; there are ${known}`);
}

async function writeFiles(zones: readonly ExportedZone[], folder: string): Promise<void> {
  for (const zone of zones) {
    const path = join(folder, fileNameOf(zone.name));
    try {
      mkdirSync(folder, { recursive: true });
      const file = openSync(path, "w");
      try {
        for await (const piece of zone.text()) writeSync(file, piece);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      if (error instanceof CommandFailure) throw error;
      throw new CommandFailure(EXIT.no, `Cannot write ${systemReason(error, path)}`);
    }
    printLine(path);
  }
}

/** `example.com.zone`; a slash, which names of reverse zones have (RFC 2317), is none of a path's. */
function fileNameOf(apex: string): string {
  const name = apex === "." ? "root" : apex.slice(0, -1);
  return `${name.replaceAll("/", "-")}.zone`;
}

async function toJson({ name, serial, text }: ExportedZone): Promise<object> {
  let whole = "";
  for await (const piece of text()) whole += piece;
  const lines = whole.split("\n").filter((line) => line !== "");
  const records = lines.map((line) => {
    // Blanks within a name are escaped, so the first four words are what they seem.
    const [, owner, ttl, type, data] = /^(\S+) (\d+) IN (\S+) (.*)$/.exec(line) ?? [];
    return { owner, ttlSeconds: Number(ttl), type, data };
  });
  return { zone: name, serial, records };
}
