import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { type Entry, Lexer, latin1, octetsOfLatin1 } from "../../../src/zone/lexer.ts";

/** Every entry as one line: `>` for an indented one, tokens with their places, `~` before a glued one. */
function lex(text: string): { entries: string[]; faults: string[] } {
  const faults: string[] = [];
  const lexer = new Lexer(octetsOfLatin1(text), (line, column, code) =>
    faults.push(`${line}:${column} ${code}`),
  );
  const entries: string[] = [];
  for (let entry = lexer.next(); entry !== undefined; entry = lexer.next()) entries.push(show(entry));
  return { entries, faults };
}

function show({ tokens, indented, broken }: Entry): string {
  const shown = tokens.map(({ text, quoted, line, column, glued }) => {
    const word = quoted ? `"${text}"` : text;
    return `${glued ? "~" : ""}${word}@${line}:${column}`;
  });
  return `${broken ? "!" : ""}${indented ? ">" : ""}${shown.join(" ")}`;
}

describe("Lexer", () => {
  const cases: { name: string; text: string; entries: string[]; faults?: string[] }[] = [
    { name: "nothing", text: "", entries: [] },
    { name: "blank and comment lines", text: '\n  \n; c ( " \n\t; d\n', entries: [] },
    { name: "words", text: "www 30 A 192.0.2.1\n", entries: ["www@1:1 30@1:5 A@1:8 192.0.2.1@1:10"] },
    { name: "no newline at the end", text: "a", entries: ["a@1:1"] },
    { name: "carriage returns", text: "a b\r\nc\r\n", entries: ["a@1:1 b@1:3", "c@2:1"] },
    { name: "tabs, one octet each", text: "a\t\tb", entries: ["a@1:1 b@1:4"] },
    { name: "indentation", text: " a\n\tb", entries: [">a@1:2", ">b@2:2"] },
    { name: "a comment right behind a word", text: "a;b\nc", entries: ["a@1:1", "c@2:1"] },
    {
      name: "parentheses that join lines",
      text: "a ( b ; x )\n c\n) d\ne",
      entries: ["a@1:1 (@1:3 b@1:5 c@2:2 )@3:1 d@3:3", "e@4:1"],
    },
    {
      name: "parentheses without blanks",
      text: "f(a b)=7",
      entries: ["f@1:1 ~(@1:2 ~a@1:3 b@1:5 ~)@1:6 ~=7@1:7"],
    },
    { name: "nested parentheses", text: "((\n)\n)\nx", entries: ["(@1:1 ~(@1:2 )@2:1 )@3:1", "x@4:1"] },
    { name: "a quoted string", text: 'a "b ; ( c" d', entries: ['a@1:1 "b ; ( c"@1:3 d@1:13'] },
    { name: "an empty quoted string", text: 'a ""', entries: ['a@1:1 ""@1:3'] },
    { name: "quoted parentheses", text: '"(" ")"', entries: ['"("@1:1 ")"@1:5'] },
    { name: "strings side by side", text: '"a""b"', entries: ['"a"@1:1 ~"b"@1:4'] },
    { name: "a quote that ends a word", text: 'a"b"', entries: ['a@1:1 ~"b"@1:2'] },
    { name: "a quoted value", text: 'k="a b" c', entries: ["k=a b@1:1 c@1:9"] },
    {
      name: "escapes, left in place",
      text: '\\; \\( a\\ b "\\"" \\065 \\\\ x',
      entries: ['\\;@1:1 \\(@1:4 a\\ b@1:7 "\\""@1:12 \\065@1:17 \\\\@1:22 x@1:25'],
    },
    { name: "octets above ASCII", text: "\xe9 \xff", entries: ["\xe9@1:1 \xff@1:3"] },
    { name: "an octet of zero", text: "a\0b c", entries: ["a\0b@1:1 c@1:5"] },
    {
      name: "an unclosed quote ends with its line",
      text: 'a "b\nc',
      entries: ['!a@1:1 "b"@1:3', "c@2:1"],
      faults: ["1:3 unclosed-quote"],
    },
    { name: "an unclosed quoted value", text: 'k="b', entries: ["!k=b@1:1"], faults: ["1:3 unclosed-quote"] },
    {
      name: "a parenthesis that closes nothing",
      text: "a ) b\nc",
      entries: ["!a@1:1 b@1:5", "c@2:1"],
      faults: ["1:3 unopened-parenthesis"],
    },
    {
      name: "an unclosed parenthesis costs its own line only",
      text: "a ( b\nc (\nd )\ne",
      entries: ["!a@1:1 (@1:3 b@1:5", "c@2:1 (@2:3 d@3:1 )@3:3", "e@4:1"],
      faults: ["1:3 unclosed-parenthesis"],
    },
    {
      name: "an unclosed parenthesis on the last line",
      text: "a (",
      entries: ["!a@1:1 (@1:3"],
      faults: ["1:3 unclosed-parenthesis"],
    },
    {
      name: "a directive inside a parenthesis",
      text: "a ( b\n$TTL 5\n)",
      entries: ["!a@1:1 (@1:3 b@1:5", "$TTL@2:1 5@2:6", "!"],
      faults: ["1:3 unclosed-parenthesis", "3:1 unopened-parenthesis"],
    },
    {
      name: "a dollar inside a parenthesis",
      text: "a (\n$ b\n)",
      entries: ["a@1:1 (@1:3 $@2:1 b@2:3 )@3:1"],
    },
    {
      name: "a fault that is met twice is reported once",
      text: 'a (\nb "\n',
      entries: ["!a@1:1 (@1:3", '!b@2:1 ""@2:3'],
      faults: ["2:3 unclosed-quote", "1:3 unclosed-parenthesis"],
    },
    {
      name: "a lone backslash at the end of a line",
      text: "a\\\nb",
      entries: ["!a\\@1:1", "b@2:1"],
      faults: ["1:2 lone-backslash"],
    },
    {
      name: "a lone backslash at the end of the file",
      text: "\\",
      entries: ["!\\@1:1"],
      faults: ["1:1 lone-backslash"],
    },
    { name: "a byte order mark", text: "\xef\xbb\xbfa", entries: ["a@1:1"], faults: ["1:1 byte-order-mark"] },
  ];
  for (const { name, text, entries, faults = [] } of cases) {
    it(`reads ${name}`, () => {
      const read = lex(text);
      expect(read.faults).to.deep.equal(faults);
      expect(read.entries).to.deep.equal(entries);
    });
  }

  it("comes to an end in bounded time on a file of opening parentheses", () => {
    const { faults } = lex("a (\n".repeat(20_000));
    expect(faults.at(-1)).to.match(/unclosed-parenthesis/);
    expect(faults.length).to.be.lessThan(100);
  });

  it("keeps every octet that is no delimiter, in order", () => {
    const word = fc.stringMatching(/^[a-z0-9=*:.\\/-]{1,6}$/).filter((text) => !text.includes("\\"));
    const separator = fc.constantFrom(" ", "\t", " ; c\n", "\n ", " ( ", " ) ");
    fc.assert(
      fc.property(fc.array(fc.tuple(word, separator)), (pairs) => {
        const lexer = new Lexer(octetsOfLatin1(pairs.flat().join("")), () => undefined);
        const words: string[] = [];
        for (let entry = lexer.next(); entry !== undefined; entry = lexer.next()) {
          for (const { text } of entry.tokens) if (text !== "(" && text !== ")") words.push(text);
        }
        expect(words).to.deep.equal(pairs.map(([text]) => text));
      }),
    );
  });
});

describe("latin1()", () => {
  it("makes one character of each octet, 0 to 255", () => {
    const text = latin1(Uint8Array.from({ length: 256 }, (_, octet) => octet));
    expect(Array.from(text, (character) => character.charCodeAt(0))).to.deep.equal([...Array(256).keys()]);
  });

  it("decodes more than fits into one call", () => {
    expect(latin1(new Uint8Array(100_000).fill(0xe9))).to.equal("\xe9".repeat(100_000));
  });
});
