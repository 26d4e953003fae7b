/**
 * What a node reads of its own state folder: the journal of overrides, segments of events, availability. Disks damage files
 * and crashes cut them off, so any octets are taken; what stands whole before the damage, and behind it, is not lost.
 */

import { createHash } from "node:crypto";
import type { NodeEvent } from "../../src/admin/events/event.ts";
import { formatHistory, parseAvailability } from "../../src/daemon/availability-file.ts";
import { formatLine, parseEvents } from "../../src/daemon/event-segments.ts";
import { formatRecord, type JournalRecord, parseJournal } from "../../src/daemon/override-journal.ts";
import type { History } from "../../src/health/availability.ts";
import type { Override } from "../../src/health/override.ts";
import { join } from "../support/packets.ts";
import { ANSWER_LIMIT_MS, type Decoder, expectThat } from "./decoder.ts";

const MOST_LINES = 12;

type Lines = readonly [string, ...string[]];

function octetsOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Files of lines, most of them changed: cut off, with lines damaged, exchanged, and repeated in part. */
function lineSource(lines: Lines, head = ""): Decoder["source"] {
  return ({ below, chance, mutate, octets, pick }) => {
    const file = (): Uint8Array =>
      octetsOf(head + Array.from({ length: below(MOST_LINES) }, () => pick(lines)).join(""));
    return () => {
      if (chance(0.05)) return octets(below(300));
      const whole = file();
      if (chance(0.3)) return whole.subarray(0, below(whole.length + 1));
      return chance(0.2) ? whole : mutate(whole, file());
    };
  };
}

/**
 * `known` are lines that are sound: in front of any octets they are read first, behind them last; what is cut off anywhere is
 * read as the beginning of what it was. `read` gives one text for each line that it takes.
 */
function linesDecoder(
  name: string,
  read: (octets: Uint8Array) => readonly string[],
  source: Decoder["source"],
  known: string,
): Decoder {
  const sound = octetsOf(known);
  const expected = read(sound);
  expectThat(expected.length > 0, `${name}: what is sound is not read`);
  const expectLines = (found: readonly string[], wanted: readonly string[], what: string): void =>
    expectThat(JSON.stringify(found) === JSON.stringify(wanted), what);
  return {
    name,
    limitMs: ANSWER_LIMIT_MS,
    source,
    check: (input) => {
      const found = read(input);
      const behind = read(join(sound, input));
      expectLines(behind.slice(0, expected.length), expected, "what stands before the damage is lost");
      const before = read(join(input, octetsOf("\n"), sound));
      expectLines(before.slice(-expected.length), expected, "what stands behind the damage is lost");
      for (let length = 0; length < input.length; length += 1 + (input.length >> 4)) {
        // What follows may show that the last of them was none.
        const sure = read(input.subarray(0, length)).slice(0, -1);
        expectLines(found.slice(0, sure.length), sure, `cut off at ${length} it says something else`);
      }
    },
  };
}

function overrideOf(id: string, ref: string): Override {
  const span = { fromMs: 1_795_348_800_000, untilMs: 1_795_352_400_000 };
  return { id, ref, state: "drain", reason: 'kernel \u{1F527} \\ "', owner: "ann@desk", ...span };
}

const RECORDS: readonly JournalRecord[] = [
  { kind: "set", override: overrideOf("0a1b2c3d4e", "frankfurt") },
  { kind: "set", override: overrideOf("1a1b2c3d4e", "*/fra-*") },
  { kind: "clear", ids: ["0a1b2c3d4e", "1a1b2c3d4e"] },
];

/** Sound to its digest, and no record all the same. */
function withDigest(text: string): string {
  return `${createHash("sha256").update(text).digest("hex").slice(0, 16)} ${text}\n`;
}

const journal = linesDecoder(
  "journal of overrides",
  (octets) => parseJournal(octets).records.map((record) => formatRecord(record)),
  lineSource([
    formatRecord({ kind: "clear", ids: [] }),
    ...RECORDS.map((record) => formatRecord(record)),
    ...["", "{", "null", '{"v":1,"kind":"set"}', '{"v":2,"kind":"clear","ids":[]}'].map(withDigest),
  ]),
  RECORDS.map((record) => formatRecord(record)).join(""),
);

function eventOf(id: number, changes: Partial<NodeEvent> = {}): NodeEvent {
  const what = { kind: "endpoint", ref: "frankfurt/fra-1", from: "up", to: "down" } as const;
  return { id, atMs: 1_795_348_800_000, ...what, reason: "status 503, expected 200–299", ...changes };
}

const EVENTS: readonly NodeEvent[] = [
  eventOf(1_795_348_800_000),
  eventOf(1_795_348_800_001, { kind: "override", owner: "ann@desk", refused: "a rule", to: null }),
  eventOf(1, { kind: "reload", from: null, to: "refused" }),
];

const events = linesDecoder(
  "segment of events",
  (octets) => parseEvents(octets).events.map((event) => formatLine(event)),
  lineSource([formatLine(eventOf(7)), ...EVENTS.map((event) => formatLine(event)), "null\n", "{}\n"]),
  EVENTS.map((event) => formatLine(event)).join(""),
);

const HISTORIES: readonly (readonly [subject: string, history: History])[] = [
  ["pool frankfurt", [{ fromMs: 0, toMs: 10, upMs: 5, knownMs: 9 }]],
  ["policy www.example.com.", []],
  [
    "pool ü",
    [
      { fromMs: 0, toMs: 1_795_348_800_000, upMs: 0, knownMs: 1_795_348_800_000 },
      { fromMs: 1_795_348_800_000, toMs: 1_795_348_800_001, upMs: 1, knownMs: 1 },
    ],
  ],
];
const HEAD = '{"version":1,"savedAtMs":1795348800000}\n';
const HISTORY_LINES = HISTORIES.map(([subject, history]) => formatHistory(subject, history));

/** One that stands twice counts as it stands last. */
const availability: Decoder = {
  name: "availability",
  limitMs: ANSWER_LIMIT_MS,
  source: lineSource([formatHistory("pool b", []), ...HISTORY_LINES], HEAD),
  check: (input) => {
    const { histories } = parseAvailability(input);
    const again =
      HEAD + Array.from(histories, ([subject, history]) => formatHistory(subject, history)).join("");
    const { histories: second, damagedLines } = parseAvailability(octetsOf(again));
    expectThat(damagedLines === 0, "what was read cannot be read again");
    expectThat(
      JSON.stringify([...second]) === JSON.stringify([...histories]),
      "it is read as something else",
    );
    const behind = parseAvailability(join(octetsOf(HEAD + HISTORY_LINES.join("")), input)).histories;
    for (const [subject] of HISTORIES) expectThat(behind.has(subject), `${subject} is lost`);
  },
};

export const STATE_DECODERS: readonly Decoder[] = [journal, events, availability];
