/**
 * What the parser knows while it goes through one `*.zone` file and its includes: the entries made so far, the faults,
 * what faulty entries meant to define, and where it stands (origin, last owner, TTLs, the pool that is open). The
 * directives and the record reader write into it; `parser.ts` makes one, and hands out what it holds at the end.
 */

import { type Name, nameKey } from "../dns/name.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { Token } from "./lexer.ts";
import type { Position, SourceFile } from "./model.ts";
import type {
  EndpointEntry,
  ExpectationEntry,
  MonitorEntry,
  NamedPolicyEntry,
  PolicyRecordEntry,
  PoolEntry,
  RecordEntry,
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

/** The last owner: `name` is `undefined` where it could not be read, which has been said. */
export interface LastOwner {
  readonly text: string;
  readonly name: Name | undefined;
}

/** Where the parser stands in one file; `$INCLUDE` puts it aside and takes it up again. */
export interface FileState {
  readonly file: string;
  origin: Name;
  lastOwner: LastOwner | undefined;
  openPool: OpenPool | undefined;
  /** The entry above could not be made out: its indented lines cannot either. */
  skipIndented: boolean;
  /** A pool has been read since the last owner. */
  afterPool: boolean;
}

export class ParserState {
  readonly zoneFolder: string;
  readonly readFile: ReadFile;

  readonly records: RecordEntry[] = [];
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

  constructor(zoneFolder: string, readFile: ReadFile, file: string, origin: Name) {
    this.zoneFolder = zoneFolder;
    this.readFile = readFile;
    this.current = startOfFile(file, origin);
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
    this.diagnostics.push({ ...position, severity, code, message });
  }

  damageRecord(owner: Name | undefined, type: number | "POLICY" | undefined): void {
    if (owner !== undefined) this.damagedRecords.push({ ownerKey: nameKey(owner), type });
  }
}

export function startOfFile(file: string, origin: Name): FileState {
  return {
    file,
    origin,
    lastOwner: undefined,
    openPool: undefined,
    skipIndented: false,
    afterPool: false,
  };
}
