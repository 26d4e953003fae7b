/**
 * What the parser knows while it goes through one `*.zone` file and its includes: the entries made so far, the faults,
 * what faulty entries meant to define, and where it stands (origin, last owner, TTLs, the pool that is open). The
 * directives and the record reader write into it; `parser.ts` makes one, and hands out what it holds at the end.
 */

import type { Name } from "../dns/name.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { readable } from "./key-values.ts";
import type { Token } from "./lexer.ts";
import type { Position, SourceFile } from "./model.ts";
import type { RecordTable } from "./record-table.ts";
import type { DefinitionFiles } from "./shared-definitions.ts";
import type {
  EndpointEntry,
  ExpectationEntry,
  MonitorEntry,
  NamedPolicyEntry,
  PolicyRecordEntry,
  PoolEntry,
  RuleEntry,
  WindowEntry,
} from "./syntax.ts";

/**
 * Octets of a file, or `undefined` where there is none. Paths are of one kind everywhere: as the `*.zone` file was
 * named to `parseZoneFile`. `$INCLUDE pools.inc` in `zones/a.zone` asks for `zones/pools.inc`, and never for anything
 * outside of `zones/`; whether links lead out of the folder is for the reader to see.
 */
export type ReadFile = (path: string) => Uint8Array | undefined;

/** A place within the file being read; every token is one. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The pool whose endpoints are being read. */
export interface OpenPool {
  /** `undefined` where the header gave none that is valid. */
  readonly name: string | undefined;
  readonly header: Token;
  readonly endpoints: EndpointEntry[];
  /** Names seen, those of faulty endpoints too. */
  readonly endpointNames: Set<string>;
  lines: number;
}

/** In place of the last owner's number: there is none, or it could not be read, which has been said. */
export const NO_OWNER = -1;
export const UNREADABLE_OWNER = -2;

/** Where the parser stands in one file; `$INCLUDE` puts it aside and takes it up again. */
export interface FileState {
  readonly file: string;
  origin: Name;
  /** Its number among the names of the records. */
  lastOwner: number;
  /** As written, while the same text means the same name. */
  lastOwnerText: string | undefined;
  /** The name with upper and lower case as written, where that differs from the first time. */
  lastSpelling: Name | undefined;
  openPool: OpenPool | undefined;
  /** The entry above could not be made out: its indented lines cannot either. */
  skipIndented: boolean;
  /** A pool has been read since the last owner. */
  afterPool: boolean;
}

/**
 * Takes lines of a file in by itself, from the beginning of one on; the entry that begins where it stops is read by the
 * parser. `zone/plain-lines` is one.
 */
export interface LineReader {
  /** The beginning of the first line that was not read, and its number from 1. */
  readonly at: number;
  readonly line: number;
  read(at: number, line: number): void;
}

export interface ParserParts {
  readonly zoneFolder: string;
  readonly readFile: ReadFile;
  readonly file: string;
  readonly origin: Name;
  /** Empty: takes the records of the zone. */
  readonly records: RecordTable;
  /** Files that have been read for other zones; more are added. */
  readonly definitionFiles: DefinitionFiles;
  /** For each file that is read, with the state as it stands at its beginning. */
  readonly readerOf: (octets: Uint8Array, state: ParserState) => LineReader;
}

export class ParserState {
  readonly zoneFolder: string;
  readonly readFile: ReadFile;
  readonly readerOf: ParserParts["readerOf"];
  readonly definitionFiles: DefinitionFiles;

  readonly records: RecordTable;
  readonly policyRecords: PolicyRecordEntry[] = [];
  readonly monitors: MonitorEntry[] = [];
  readonly pools: PoolEntry[] = [];
  readonly namedPolicies: NamedPolicyEntry[] = [];
  readonly rules: RuleEntry[] = [];
  readonly windows: WindowEntry[] = [];
  readonly expectations: ExpectationEntry[] = [];
  readonly sources: SourceFile[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly damagedMonitors = new Set<string>();
  readonly damagedNames = new Set<string>();
  readonly damagedRecords: { ownerKey: string; type: number | "POLICY" | undefined }[] = [];

  /** How often there was a `$TTL`. */
  ttlStatements = 0;
  /** `$TTL`; it stays in force across the borders of included files. */
  defaultTtlSeconds: number | undefined;
  /** Stands in for a missing `$TTL` (RFC 1035 §5.1: an omitted TTL is the last one stated). */
  lastTtlSeconds: number | undefined;
  current: FileState;
  readonly includeStack: string[] = [];
  includedFiles = 0;

  /** Goes up with every fault, muted or not: whoever compares it before and after knows whether there was one. */
  faultCount = 0;
  /** While an entry is read that the lexer found broken: its faults would only be echoes. */
  muted = false;
  #saidFull = false;

  constructor({ zoneFolder, readFile, file, origin, records, definitionFiles, readerOf }: ParserParts) {
    this.zoneFolder = zoneFolder;
    this.readFile = readFile;
    this.readerOf = readerOf;
    this.definitionFiles = definitionFiles;
    this.records = records;
    this.current = startOfFile(file, origin);
    records.beginFile(file);
  }

  /** Reads on in another file; whoever ends it passes what was current before. */
  continueIn(file: FileState): void {
    this.current = file;
    this.records.beginFile(file.file);
  }

  position(place: Place, columnOffset = 0): Position {
    return { file: this.current.file, line: place.line, column: place.column + columnOffset };
  }

  /** An error; `columnOffset` points into a token. */
  fault(place: Place, code: string, message: string, columnOffset = 0): void {
    this.faultCount++;
    if (!this.muted) this.#report("error", this.position(place, columnOffset), code, message);
  }

  warning(place: Place, code: string, message: string, columnOffset = 0): void {
    if (!this.muted) this.#report("warning", this.position(place, columnOffset), code, message);
  }

  #report(severity: Diagnostic["severity"], position: Position, code: string, message: string): void {
    this.diagnostics.push({ ...position, severity, code, message: readable(message) });
  }

  /** Adds a record to those of the zone; `start` and `rdataStart` are where it and its rdata begin. */
  addRecord(
    owner: number,
    type: number,
    ttlSeconds: number,
    rdata: Uint8Array,
    start: Place,
    rdataStart: Place,
  ): void {
    const { records } = this;
    if (records.isFull) {
      const { limits } = records;
      const most = `${limits.records} records or ${limits.octets} octets of names or of data`;
      // Every one is a fault, so that whoever makes many of them stops; one is enough to read.
      if (this.#saidFull) this.faultCount++;
      else this.fault(start, "zone-too-large", `A zone holds no more than ${most}`);
      this.#saidFull = true;
      return;
    }
    this.current.lastSpelling = records.spellForRecord(owner, this.current.lastSpelling);
    const at = records.rdataRoom(rdata.length);
    records.rdata.set(rdata, at);
    const { line, column } = start;
    records.append(owner, type, ttlSeconds, rdata.length, line, column, rdataStart.line, rdataStart.column);
    const { lastSpelling } = this.current;
    if (lastSpelling !== undefined) records.respell(lastSpelling);
  }

  damageRecord(owner: number, type: number | "POLICY" | undefined): void {
    if (owner < 0) return;
    this.damagedRecords.push({ ownerKey: this.records.names.keyOf(owner), type });
  }
}

export function startOfFile(file: string, origin: Name): FileState {
  return {
    file,
    origin,
    lastOwner: NO_OWNER,
    lastOwnerText: undefined,
    lastSpelling: undefined,
    openPool: undefined,
    skipIndented: false,
    afterPool: false,
  };
}
