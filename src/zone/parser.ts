/**
 * Master files with their extension (CONTRACT.md §2): text → `ZoneFileSyntax`.
 *
 * The lexer makes entries of the octets; this file looks at how each begins and hands it to the directive, the pool
 * that is open, or the record reader. Whatever is wrong with an entry is reported and the next one is read, so that one
 * pass finds all the faults of a file and of what it includes. Nothing is resolved here: `zone/resolve` does that when
 * all files are read.
 */

import { type Name, parseName, ROOT } from "../dns/name.ts";
import type { Directive } from "./directives/directive.ts";
import { readEndpoint } from "./directives/endpoint.ts";
import { makeInclude } from "./directives/include.ts";
import { closePool } from "./directives/pool.ts";
import { DIRECTIVES } from "./directives/registry.ts";
import { folderOf } from "./include.ts";
import { type Entry, isClose, isOpen, Lexer, type Token } from "./lexer.ts";
import { type LineReader, type ParserParts, ParserState, type ReadFile } from "./parser-state.ts";
import { PlainLines } from "./plain-lines.ts";
import { readRecord } from "./record.ts";
import { RecordTable } from "./record-table.ts";
import type { DefinitionFiles } from "./shared-definitions.ts";
import { didYouMean, nearest } from "./suggest.ts";
import type { ZoneFileSyntax } from "./syntax.ts";

export type { ReadFile } from "./parser-state.ts";

const ZONE_FILE_ENDING = ".zone";

const directives: ReadonlyMap<string, Directive> = new Map(
  [...DIRECTIVES, makeInclude(readOctets)].map((directive) => [directive.name, directive]),
);

export interface ParseOptions {
  /** What spares the parser lines that it can read by itself; `PlainLines` by default. */
  readonly readerOf?: ParserParts["readerOf"];
  /** Shared by the files of a load, for which `readFile` gives the same octets each time; none by default. */
  readonly definitionFiles?: DefinitionFiles;
}

/**
 * Reads one `*.zone` file and all that it includes. Never throws: what is wrong is among the diagnostics.
 *
 * `path` is how diagnostics call the file; its folder is the zone folder, and included files are asked of `readFile` by
 * paths of the same kind.
 */
export function parseZoneFile(
  path: string,
  octets: Uint8Array,
  readFile: ReadFile,
  { readerOf = plainLines, definitionFiles = new Map() }: ParseOptions = {},
): ZoneFileSyntax {
  const { origin, problem } = originOf(path);
  const zoneFolder = folderOf(path);
  const records = new RecordTable(octets.length);
  const state = new ParserState({
    zoneFolder,
    readFile,
    file: path,
    origin,
    records,
    definitionFiles,
    readerOf,
  });
  if (problem !== undefined) {
    const message = `Cannot take the first origin from the file's name: ${problem}`;
    state.fault({ line: 1, column: 1 }, "bad-file-name", message);
  }
  state.sources.push({ path, octets });
  state.includeStack.push(path);
  readOctets(state, octets);
  return {
    file: path,
    origin,
    records: state.records,
    policyRecords: state.policyRecords,
    monitors: state.monitors,
    pools: state.pools,
    namedPolicies: state.namedPolicies,
    rules: state.rules,
    windows: state.windows,
    expectations: state.expectations,
    sources: state.sources,
    damage: {
      monitors: state.damagedMonitors,
      names: state.damagedNames,
      records: state.damagedRecords,
    },
    diagnostics: state.diagnostics,
  };
}

/** `zones/example.com.zone` → `example.com.`; the root zone's file may be called `.zone`. */
function originOf(path: string): { readonly origin: Name; readonly problem: string | undefined } {
  const base = path.slice(path.lastIndexOf("/") + 1);
  const text = base.endsWith(ZONE_FILE_ENDING) ? base.slice(0, -ZONE_FILE_ENDING.length) : base;
  if (text === "") return { origin: ROOT, problem: undefined };
  const parsed = parseName(text, ROOT);
  return parsed.ok ? { origin: parsed.name, problem: undefined } : { origin: ROOT, problem: parsed.message };
}

function plainLines(octets: Uint8Array, state: ParserState): LineReader {
  return new PlainLines(octets, state);
}

/** Reads the file that the state stands at the beginning of. */
function readOctets(state: ParserState, octets: Uint8Array): void {
  const lexer = new Lexer(octets, (line, column, code, message) => {
    state.fault({ line, column }, code, message);
  });
  const reader = state.readerOf(octets, state);
  for (;;) {
    reader.read(lexer.at, lexer.line);
    lexer.skipTo(reader.at, reader.line);
    const entry = lexer.next();
    if (entry === undefined) break;
    const wasMuted = state.muted;
    state.muted ||= entry.broken;
    readEntry(state, entry);
    state.muted = wasMuted;
  }
  closePool(state);
}

function readEntry(state: ParserState, entry: Entry): void {
  const { current } = state;
  const first = entry.tokens.find((token) => !isOpen(token) && !isClose(token));
  if (first === undefined) return;
  const isDirective = !first.quoted && first.text.startsWith("$");
  if (entry.indented && !isDirective) {
    if (current.skipIndented) return;
    if (current.openPool === undefined) readRecord(state, entry);
    else readEndpoint(state, current.openPool, entry);
    return;
  }
  closePool(state);
  current.skipIndented = false;
  if (!isDirective) {
    readRecord(state, entry);
    return;
  }
  if (entry.indented) {
    state.fault(first, "indented-directive", `Directive '${first.text}' has to begin in column 1`);
  }
  readDirective(state, entry, first);
}

/** A misspelt directive is reported, and read as the one that it resembles, lest all that rests on it be at fault. */
function readDirective(state: ParserState, entry: Entry, keyword: Token): void {
  const written = keyword.text.toUpperCase();
  const known = directives.get(written);
  if (known !== undefined) {
    known.read(state, entry, keyword);
    return;
  }
  const names = [...directives.keys()];
  state.fault(
    keyword,
    "unknown-directive",
    `Unknown directive '${keyword.text}'${didYouMean(written, names)}`,
  );
  const meant = directives.get(nearest(written, names) ?? "");
  if (meant === undefined) state.current.skipIndented = true;
  else meant.read(state, entry, keyword);
}
