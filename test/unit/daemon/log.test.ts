import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { createLog, type Log } from "../../../src/daemon/log.ts";
import { escapeSteering } from "../../../src/daemon/visible-text.ts";

/** Letters, digits, signs and blanks of any script, and nothing that a terminal or a reader of lines obeys. */
const HARMLESS = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]*$/u;
/** Any UTF-16 units, half pairs too, and often such as steer. */
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
    .map((units) => String.fromCharCode(...units)),
  fc
    .array(
      fc.constantFrom(
        "\x1b[2J",
        "\r",
        "\n",
        "\t",
        "\x7f",
        "\x9b",
        "\u2028",
        "\u202e",
        "\ufeff",
        "\ud800",
        "a",
      ),
    )
    .map((parts) => parts.join("")),
);

function linesOf(write: (log: Log) => void): string[] {
  const lines: string[] = [];
  write(createLog("node", { write: (line: string) => lines.push(line) }));
  return lines;
}

describe("createLog()", () => {
  it("writes one line for each call, in which nothing of what it was handed steers anything", () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, anyText, (message, value, key, reason) => {
        const error = new Error(reason);
        const lines = linesOf((log) => {
          log.warn({ value, nested: { [`k${key}`]: [value] }, err: error }, message);
          log.error(`${message} %s %d`, value, 1);
        });
        expect(lines).to.have.length(2);
        for (const line of lines) {
          expect(line.at(-1)).to.equal("\n");
          expect(line.slice(0, -1)).to.match(HARMLESS);
        }
      }),
    );
  });

  it("reads back as what it was handed", () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const [line = ""] = linesOf((log) => log.info({ value }, "said"));
        const read: unknown = JSON.parse(line);
        expect(read).to.include({ value, msg: "said", node: "node" });
      }),
    );
  });
});

describe("escapeSteering()", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["plain, ümläut, 日本, 🙂", "plain, ümläut, 日本, 🙂"],
    ["\x1b[31mred", "\\u001b[31mred"],
    ["a\u202eb\u2028c", "a\\u202eb\\u2028c"],
    ["half \ud83d of a pair", "half \\ud83d of a pair"],
    ["tag \u{e0041}", "tag \\udb40\\udc41"],
    ["two\nlines", "two\nlines"],
  ];
  for (const [text, escaped] of cases) {
    it(`writes ${escaped}`, () => expect(escapeSteering(text)).to.equal(escaped));
  }
});
