import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  AVAILABILITY_WINDOWS,
  type AvailabilityBook,
  createAvailabilityBook,
  formatAvailability,
  type History,
  type KnownAvailability,
  LONGEST_STEP_MS,
  readAvailability,
  SPANS_LIMIT,
  withSpan,
} from "../../../src/health/availability.ts";
import type { Observed } from "../../../src/health/verdict.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.UTC(2026, 10, 22, 12, 34, 56);
/** What the window's oldest bucket may put in or leave out. */
const BUCKET_MS = { "1h": MINUTE_MS, "1d": HOUR_MS, "30d": DAY_MS } as const;

/** Looks often enough for the time from one moment to the other to be believed. */
function goOn(book: AvailabilityBook, fromMs: number, toMs: number): void {
  for (let atMs = fromMs; atMs < toMs; atMs += LONGEST_STEP_MS) book.look(atMs);
  book.look(toMs);
}

function ratiosOf(book: AvailabilityBook, subject = "it"): (number | undefined)[] {
  return (book.read(subject) ?? []).map(({ ratio }) => ratio);
}

/** What is so from one moment to another; the clock is at the end of the last one. */
interface Stretch {
  readonly state: Observed | "off" | "set back";
  readonly forMs: number;
}

/** The same, as it happens to a book; `off` is a node that does not run. */
function live(stretches: readonly Stretch[]): { book: AvailabilityBook; endMs: number } {
  const book = createAvailabilityBook();
  let atMs = START_MS;
  book.note("it", "unknown", atMs);
  for (const { state, forMs } of stretches) {
    if (state === "off") {
      // What no step reaches over.
      atMs += forMs + LONGEST_STEP_MS + 1;
      book.look(atMs);
      continue;
    }
    if (state === "set back") {
      atMs -= forMs;
      book.look(atMs);
      continue;
    }
    book.note("it", state, atMs);
    goOn(book, atMs, atMs + forMs);
    atMs += forMs;
  }
  return { book, endMs: atMs };
}

/** What each moment was, moment for moment: later ones overwrite what a clock that was set back had told before. */
function naive(stretches: readonly Stretch[], windowMs: number): { upMs: number; knownMs: number } {
  let atMs = START_MS;
  let state: Observed = "unknown";
  let told: { fromMs: number; toMs: number; state: Observed }[] = [];
  for (const stretch of stretches) {
    if (stretch.state === "off") {
      atMs += stretch.forMs + LONGEST_STEP_MS + 1;
      continue;
    }
    if (stretch.state === "set back") {
      atMs -= stretch.forMs;
      const nowMs = atMs;
      told = told
        .filter(({ fromMs }) => fromMs < nowMs)
        .map(({ fromMs, toMs, state: was }) => ({ fromMs, toMs: Math.min(toMs, nowMs), state: was }));
      continue;
    }
    ({ state } = stretch);
    told.push({ fromMs: atMs, toMs: atMs + stretch.forMs, state });
    atMs += stretch.forMs;
  }
  const sum = (wanted: (state: Observed) => boolean): number =>
    told
      .filter((each) => wanted(each.state))
      .reduce(
        (total, { fromMs, toMs }) =>
          total + Math.max(0, Math.min(toMs, atMs) - Math.max(fromMs, atMs - windowMs)),
        0,
      );
  return { upMs: sum((each) => each === "up"), knownMs: sum((each) => each !== "unknown") };
}

const arbitraryStretch = (mostMs: number): fc.Arbitrary<Stretch> =>
  fc.record({
    state: fc.constantFrom<Stretch["state"]>("up", "up", "down", "down", "unknown", "off"),
    forMs: fc.integer({ min: 1, max: mostMs }),
  });

describe("createAvailabilityBook()", () => {
  it("createAvailabilityBook() counts what was up of what is known, exactly, over each window", () => {
    const { book } = live([
      { state: "up", forMs: 2 * DAY_MS },
      { state: "down", forMs: 12 * MINUTE_MS },
      { state: "up", forMs: 2 * HOUR_MS },
      { state: "down", forMs: 6 * MINUTE_MS },
      { state: "up", forMs: 54 * MINUTE_MS },
    ]);
    const knownMs = 2 * DAY_MS + 3 * HOUR_MS + 12 * MINUTE_MS;
    expect(book.read("it")).to.deep.equal([
      { window: "1h", ratio: 0.9, knownMs: HOUR_MS },
      { window: "1d", ratio: 1 - 18 / (24 * 60), knownMs: DAY_MS },
      { window: "30d", ratio: (knownMs - 18 * MINUTE_MS) / knownMs, knownMs },
    ]);
  });

  it("createAvailabilityBook() knows nothing of what it was not told, nor while nobody looked", () => {
    const { book } = live([{ state: "unknown", forMs: HOUR_MS }]);
    expect(ratiosOf(book)).to.deep.equal([undefined, undefined, undefined]);
    expect(book.read("another")).to.equal(undefined);
    const off = live([
      { state: "down", forMs: MINUTE_MS },
      { state: "off", forMs: DAY_MS / 2 },
      { state: "up", forMs: 3 * MINUTE_MS },
    ]);
    // Until it was told otherwise it was still down, at the very moment at which it was looked at again.
    expect(ratiosOf(off.book)).to.deep.equal([1, 0.75, 0.75]);
  });

  it("createAvailabilityBook() gives up what is yet to come where the clock is set back, and goes on at once", () => {
    const { book } = live([
      { state: "up", forMs: 30 * MINUTE_MS },
      { state: "down", forMs: 30 * MINUTE_MS },
      { state: "set back", forMs: 45 * MINUTE_MS },
      { state: "up", forMs: 5 * MINUTE_MS },
    ]);
    expect(book.read("it")?.[0]).to.deep.equal({ window: "1h", ratio: 1, knownMs: 20 * MINUTE_MS });
  });

  it("createAvailabilityBook() agrees with every moment counted, whatever happens, exactly where there are few changes", () => {
    const arbitrary = fc.array(
      fc.oneof(
        { arbitrary: arbitraryStretch(8 * HOUR_MS), weight: 6 },
        {
          arbitrary: fc.record({
            state: fc.constant("set back" as const),
            forMs: fc.integer({ min: 1, max: DAY_MS }),
          }),
          weight: 1,
        },
      ),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(arbitrary, (stretches) => {
        const { book } = live(stretches);
        AVAILABILITY_WINDOWS.forEach(({ windowMs }, index) => {
          const { upMs, knownMs } = naive(stretches, windowMs);
          const reading = book.read("it")?.[index];
          expect(reading?.knownMs).to.be.closeTo(knownMs, 1e-3);
          if (knownMs > 0) expect(reading?.ratio).to.be.closeTo(upMs / knownMs, 1e-9);
        });
      }),
    );
  });

  it("createAvailabilityBook() is off by no more than the bucket that a window begins in, where there are many", () => {
    // From one change in milliseconds to one in hours, so that every bucket comes to hold mixtures.
    const arbitrary = fc.array(
      fc.oneof(arbitraryStretch(20_000), arbitraryStretch(10 * MINUTE_MS), arbitraryStretch(6 * HOUR_MS)),
      { minLength: 2 * SPANS_LIMIT, maxLength: 4 * SPANS_LIMIT, size: "max" },
    );
    fc.assert(
      fc.property(arbitrary, (stretches) => {
        const { book } = live(stretches);
        expect(book.history("it").length).to.be.at.most(SPANS_LIMIT + 1);
        AVAILABILITY_WINDOWS.forEach(({ window, windowMs }, index) => {
          const expected = naive(stretches, windowMs);
          const reading = book.read("it")?.[index];
          const slackMs = BUCKET_MS[window] + 1;
          expect(reading?.knownMs).to.be.closeTo(expected.knownMs, slackMs);
          const upMs = (reading?.ratio ?? 0) * (reading?.knownMs ?? 0);
          expect(upMs).to.be.closeTo(expected.upMs, slackMs);
        });
      }),
      // To make one that fails smaller would take minutes.
      { numRuns: 40, endOnFailure: true },
    );
  });

  it("createAvailabilityBook() goes on after a restart with what was kept, and takes nothing that is yet to come", () => {
    const { book, endMs } = live([
      { state: "up", forMs: 50 * MINUTE_MS },
      { state: "down", forMs: 10 * MINUTE_MS },
    ]);
    const later = createAvailabilityBook();
    later.restore("it", book.history("it"), endMs + 1);
    later.note("it", "up", endMs + 1);
    expect(later.read("it")?.[1]?.ratio).to.be.closeTo(5 / 6, 1e-12);
    const earlier = createAvailabilityBook();
    earlier.restore("it", book.history("it"), endMs - 10 * MINUTE_MS);
    earlier.note("it", "up", endMs - 10 * MINUTE_MS);
    expect(ratiosOf(earlier)).to.deep.equal([1, 1, 1]);
  });
});

describe("withSpan()", () => {
  it("withSpan() keeps one span of one state, and forgets what no window reaches", () => {
    let history: History = [];
    for (let day = 0; day < 100; day += 1) {
      const fromMs = START_MS + day * DAY_MS;
      const widthMs = day < 60 ? DAY_MS : DAY_MS / 2;
      history = withSpan(history, { fromMs, toMs: fromMs + widthMs, upMs: widthMs, knownMs: widthMs });
      if (day < 60) expect(history).to.have.length(1);
    }
    expect(history).to.have.length(30);
  });

  it("withSpan() loses nothing of 30 days in which everything changed every 45 s", () => {
    let history: History = [];
    let atMs = START_MS;
    for (let flap = 0; atMs < START_MS + 31 * DAY_MS; flap += 1) {
      const upMs = flap % 2 === 0 ? 45_000 : 0;
      history = withSpan(history, { fromMs: atMs, toMs: atMs + 45_000, upMs, knownMs: 45_000 });
      atMs += 45_000;
    }
    for (const { window, ratio, knownMs } of readAvailability(history, atMs)) {
      const { windowMs } = AVAILABILITY_WINDOWS.find((each) => each.window === window) ?? { windowMs: 0 };
      expect(knownMs, window).to.be.closeTo(windowMs, 1);
      expect(ratio, window).to.be.closeTo(0.5, 0.01);
    }
  });

  it("withSpan() holds a long time that was wholly up apart from the flaps beside it", () => {
    let history: History = [];
    let atMs = START_MS;
    const add = (widthMs: number, isUp: boolean): void => {
      const span = { fromMs: atMs, toMs: atMs + widthMs, upMs: isUp ? widthMs : 0, knownMs: widthMs };
      history = withSpan(history, span);
      atMs += widthMs;
    };
    for (let flap = 0; flap < SPANS_LIMIT; flap += 1) add(100, flap % 2 === 0);
    add(10 * DAY_MS, true);
    for (let flap = 0; flap < 2 * SPANS_LIMIT; flap += 1) add(100, flap % 2 === 0);
    const longest = history.find(({ fromMs, toMs }) => toMs - fromMs > 9 * DAY_MS);
    expect(longest?.upMs).to.equal((longest?.toMs ?? 0) - (longest?.fromMs ?? 0));
  });
});

describe("formatAvailability()", () => {
  const day = 86_400;
  const cases: readonly (readonly [availability: KnownAvailability, text: string])[] = [
    [{}, ""],
    [{ "1h": { ratio: null, knownSeconds: 0 } }, ""],
    [
      {
        "1h": { ratio: 1, knownSeconds: 3_600 },
        "1d": { ratio: 0.9998, knownSeconds: day },
        "30d": { ratio: 0.999_999_9, knownSeconds: 30 * day },
      },
      "1h 100%, 1d 99.98%, 30d 99.999%",
    ],
    [
      {
        "1h": { ratio: 1, knownSeconds: 3_600 },
        "1d": { ratio: 0.9, knownSeconds: 19_500 },
        "30d": { ratio: 0.9, knownSeconds: 19_500 },
      },
      "1h 100%, 1d 90% (of 5h)",
    ],
    [{ "1h": { ratio: 0, knownSeconds: 90 }, "1d": { ratio: 0, knownSeconds: 90 } }, "1h 0% (of 1m30s)"],
    [{ "1d": { ratio: 0.5, knownSeconds: 190 } }, "1d 50% (of 3m)"],
  ];
  for (const [availability, text] of cases) {
    it(`formatAvailability() writes '${text}'`, () => {
      expect(formatAvailability(availability)).to.equal(text);
    });
  }
});
