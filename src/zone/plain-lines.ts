/**
 * The fast way for plain lines: `owner [TTL] [IN] type data`, without parentheses, escapes or directives, read straight
 * from the octets of the file into the record table. Of a large zone nearly every line is plain, and takes 0.3 µs instead
 * of the 2 µs of the lexer and the parser.
 *
 * It recognises only what is beyond doubt and reports nothing: at the first line that is anything else it stops, with
 * nothing of that line taken in, and the full way reads the entry that begins there. So every rule, every fault and every
 * message stands in one place, and a property test holds both ways to the same result.
 */

import { MAX_NAME_OCTETS } from "../dns/name.ts";
import { MAX_TTL_SECONDS } from "../dns/ttl.ts";
import { TYPE } from "../dns/types.ts";
import type { NameTable } from "./name-table.ts";
import type { FileState, LineReader, ParserState } from "./parser-state.ts";
import { ALPHA, BLANK, classOf, DIGIT, NEWLINE, SEMICOLON } from "./plain-octets.ts";
import { mnemonicCode, NOT_PLAIN, PlainRdata } from "./plain-rdata.ts";
import type { RecordTable } from "./record-table.ts";

/** Types that have a plain form, by `mnemonicCode`. */
const PLAIN_TYPES: ReadonlyMap<number, number> = new Map([
  [mnemonicCode("A"), TYPE.A],
  [mnemonicCode("AAAA"), TYPE.AAAA],
  [mnemonicCode("CNAME"), TYPE.CNAME],
  [mnemonicCode("MX"), TYPE.MX],
  [mnemonicCode("NS"), TYPE.NS],
  [mnemonicCode("PTR"), TYPE.PTR],
  [mnemonicCode("SRV"), TYPE.SRV],
  [mnemonicCode("TXT"), TYPE.TXT],
]);
/** So many letters has a mnemonic at most. */
const MAX_LETTERS = 5;
const CLASS_IN = mnemonicCode("IN");

const SPACE = 0x20;
const TAB = 0x09;
const ZERO = 0x30;
/** So long may a TXT record's line be. */
const MAX_TEXT_OCTETS = 4096;
/** Numbers before the name of an SRV record: priority, weight, port. */
const SRV_NUMBERS = 3;
const SRV_OCTETS = 6;
const MX_OCTETS = 2;

export class PlainLines implements LineReader {
  readonly #octets: Uint8Array;
  readonly #state: ParserState;
  /** Of the file: an included one has its own, and returns to this. */
  readonly #file: FileState;
  readonly #records: RecordTable;
  readonly #names: NameTable;
  readonly #rdata: PlainRdata;

  /** The beginning of the first line that was not read, and its number. */
  at = 0;
  line = 1;
  /** Where the line stands that is being read, from one step to the next. */
  #cursor = 0;
  #ttlSeconds = 0;

  constructor(octets: Uint8Array, state: ParserState) {
    this.#octets = octets;
    this.#state = state;
    this.#file = state.current;
    this.#records = state.records;
    this.#names = state.records.names;
    this.#rdata = new PlainRdata(octets);
  }

  /** Reads lines from the beginning of one on, for as long as they are plain. */
  read(at: number, line: number): void {
    this.at = at;
    this.line = line;
    while (this.at < this.#octets.length && this.#readLine());
  }

  #readLine(): boolean {
    const octets = this.#octets;
    const start = this.#skipBlanks(this.at);
    const first = octets[start] ?? NEWLINE;
    if (first === NEWLINE || first === SEMICOLON) return this.#endLine(start);
    const opening = octets[this.at];
    const isIndented = opening === SPACE || opening === TAB;
    if (this.#file.openPool !== undefined || this.#records.isFull) return false;
    // The line of an owner may not begin with a carriage return: that is for the lexer.
    if (!isIndented && start !== this.at) return false;
    const ownerOctets = isIndented ? this.#takeLastOwner(start) : this.#readOwner(start);
    if (ownerOctets === NOT_PLAIN) return false;
    const type = this.#readPrelude();
    if (type === undefined) return false;
    const dataAt = this.#cursor;
    const dataOctets = this.#readData(type, dataAt);
    if (dataOctets === NOT_PLAIN) return false;
    const end = this.#skipBlanks(this.#cursor);
    const last = octets[end] ?? NEWLINE;
    if (last !== NEWLINE && last !== SEMICOLON) return false;
    this.#addRecord(isIndented ? NOT_PLAIN : ownerOctets, type, dataOctets, start, dataAt);
    return this.#endLine(end);
  }

  /** A line without an owner has that of the record before it, where there is one to speak of. */
  #takeLastOwner(start: number): number {
    this.#cursor = start;
    return this.#file.lastOwner < 0 || this.#file.skipIndented ? NOT_PLAIN : 0;
  }

  /** The octets of the owner, which is written to the room behind the names. */
  #readOwner(start: number): number {
    const room = this.#names.room();
    const length = this.#rdata.readName(start, this.#file.origin, this.#names.octets, room);
    const end = this.#rdata.end;
    if (length === NOT_PLAIN || !this.#isBlank(end)) return NOT_PLAIN;
    this.#cursor = this.#skipBlanks(end);
    return length;
  }

  /** TTL and class in any order, each once at most, and the type; the cursor is then at the data. */
  #readPrelude(): number | undefined {
    const octets = this.#octets;
    let ttlSeconds: number | undefined;
    let hasClass = false;
    for (;;) {
      if ((classOf(octets[this.#cursor] ?? NEWLINE) & DIGIT) !== 0) {
        if (ttlSeconds !== undefined) return undefined;
        ttlSeconds = this.#readTtl();
        if (ttlSeconds === undefined) return undefined;
        continue;
      }
      const code = this.#readLetters();
      if (code === CLASS_IN && !hasClass) {
        hasClass = true;
        continue;
      }
      const known = ttlSeconds ?? this.#state.defaultTtlSeconds ?? this.#state.lastTtlSeconds;
      if (known === undefined) return undefined;
      this.#ttlSeconds = known;
      return PLAIN_TYPES.get(code);
    }
  }

  /** A number of seconds; one with units is not plain. */
  #readTtl(): number | undefined {
    const octets = this.#octets;
    let at = this.#cursor;
    let value = 0;
    for (; value <= MAX_TTL_SECONDS; at++) {
      const octet = octets[at] ?? NEWLINE;
      if ((classOf(octet) & DIGIT) === 0) break;
      value = value * 10 + octet - ZERO;
    }
    if (value > MAX_TTL_SECONDS || !this.#isBlank(at)) return undefined;
    this.#cursor = this.#skipBlanks(at);
    return value;
  }

  /** The `mnemonicCode` of the letters at the cursor, which goes to what follows them; 0: they are no word. */
  #readLetters(): number {
    const octets = this.#octets;
    let at = this.#cursor;
    let code = 0;
    for (; at - this.#cursor <= MAX_LETTERS; at++) {
      const octet = octets[at] ?? NEWLINE;
      if ((classOf(octet) & ALPHA) === 0) break;
      code = (code << 5) | (octet & 0x1f);
    }
    if (at - this.#cursor > MAX_LETTERS || !this.#isBlank(at)) return 0;
    this.#cursor = this.#skipBlanks(at);
    return code;
  }

  /** The octets of the data, which are written to the room behind the rdata of the table. */
  #readData(type: number, at: number): number {
    const records = this.#records;
    const rdata = this.#rdata;
    const { origin } = this.#file;
    switch (type) {
      case TYPE.A: {
        const room = records.rdataRoom(4);
        return this.#closed(rdata.readIpv4(at, records.rdata, room));
      }
      case TYPE.AAAA: {
        const room = records.rdataRoom(16);
        return this.#closed(rdata.readIpv6(at, records.rdata, room));
      }
      case TYPE.TXT:
        return this.#readText(at);
      case TYPE.MX:
        return this.#readNumbersAndName(at, 1, MX_OCTETS);
      case TYPE.SRV:
        return this.#readNumbersAndName(at, SRV_NUMBERS, SRV_OCTETS);
      default: {
        const room = records.rdataRoom(MAX_NAME_OCTETS);
        return this.#closed(rdata.readName(at, origin, records.rdata, room));
      }
    }
  }

  #readNumbersAndName(start: number, numbers: number, numberOctets: number): number {
    const records = this.#records;
    const rdata = this.#rdata;
    const room = records.rdataRoom(numberOctets + MAX_NAME_OCTETS);
    this.#cursor = start;
    for (let number = 0; number < numbers; number++) {
      const octets = rdata.readUint16(this.#cursor, records.rdata, room + number * 2);
      if (octets === NOT_PLAIN || !this.#isBlank(rdata.end)) return NOT_PLAIN;
      this.#cursor = this.#skipBlanks(rdata.end);
    }
    const { origin } = this.#file;
    const length = this.#closed(rdata.readName(this.#cursor, origin, records.rdata, room + numberOctets));
    return length === NOT_PLAIN ? NOT_PLAIN : numberOctets + length;
  }

  /** Strings to the end of the line. */
  #readText(start: number): number {
    const records = this.#records;
    const room = records.rdataRoom(MAX_TEXT_OCTETS);
    this.#cursor = start;
    let written = 0;
    for (;;) {
      const next = this.#octets[this.#cursor] ?? NEWLINE;
      if (next === NEWLINE || next === SEMICOLON) return written === 0 ? NOT_PLAIN : written;
      if (written + 256 > MAX_TEXT_OCTETS) return NOT_PLAIN;
      const length = this.#closed(this.#rdata.readString(this.#cursor, records.rdata, room + written));
      if (length === NOT_PLAIN) return NOT_PLAIN;
      written += length;
      this.#cursor = this.#skipBlanks(this.#cursor);
    }
  }

  /** What was read, if a blank, a comment or the end of the line is what ends it; the cursor goes there. */
  #closed(length: number): number {
    if (length === NOT_PLAIN) return NOT_PLAIN;
    this.#cursor = this.#rdata.end;
    const octet = this.#octets[this.#cursor] ?? NEWLINE;
    const isEnd = octet === NEWLINE || octet === SEMICOLON || (classOf(octet) & BLANK) !== 0;
    return isEnd ? length : NOT_PLAIN;
  }

  #addRecord(ownerOctets: number, type: number, dataOctets: number, start: number, dataAt: number): void {
    const file = this.#file;
    const records = this.#records;
    if (ownerOctets !== NOT_PLAIN) this.#takeOwner(ownerOctets);
    file.lastSpelling = records.spellForRecord(file.lastOwner, file.lastSpelling);
    this.#state.lastTtlSeconds = this.#ttlSeconds;
    const column = start - this.at + 1;
    const dataColumn = dataAt - this.at + 1;
    records.append(
      file.lastOwner,
      type,
      this.#ttlSeconds,
      dataOctets,
      this.line,
      column,
      this.line,
      dataColumn,
    );
    if (file.lastSpelling !== undefined) records.respell(file.lastSpelling);
  }

  #takeOwner(length: number): void {
    const file = this.#file;
    const names = this.#names;
    const { count } = names;
    const room = names.room();
    const owner = names.take(length);
    const isRespelt = owner < count && !names.isSpelt(owner, names.octets, room);
    file.lastOwner = owner;
    file.lastOwnerText = undefined;
    file.lastSpelling = isRespelt ? names.writtenAt(room) : undefined;
    file.skipIndented = false;
    file.afterPool = false;
  }

  #endLine(end: number): boolean {
    const octets = this.#octets;
    let at = end;
    if (octets[at] === SEMICOLON) {
      at = octets.indexOf(NEWLINE, at);
      if (at === -1) at = octets.length;
    }
    this.at = Math.min(at + 1, octets.length);
    this.line++;
    return true;
  }

  #skipBlanks(start: number): number {
    const octets = this.#octets;
    let at = start;
    while ((classOf(octets[at] ?? NEWLINE) & BLANK) !== 0) at++;
    return at;
  }

  #isBlank(at: number): boolean {
    return (classOf(this.#octets[at] ?? NEWLINE) & BLANK) !== 0;
  }
}
