import { expect } from "chai";
import { describe, it } from "mocha";
import {
  MAX_FILE_LINES,
  MAX_FUNCTION_LINES,
  oversizeFiles,
  oversizeFunctions,
  SIZE_EXCEPTIONS,
  sizeFaults,
} from "./size.ts";
import { readSources } from "./source.ts";

const path = "src/dns/made-up.ts";

/** So many lines of statements. */
const lines = (count: number) => "void 0;\n".repeat(count);

describe("oversizeFiles()", () => {
  it("allows the last line that fits, and refuses the next", () => {
    expect(oversizeFiles([{ path, text: lines(MAX_FILE_LINES) }])).to.deep.equal([]);
    expect(sizeFaults(oversizeFiles([{ path, text: lines(MAX_FILE_LINES + 1) }]), [])).to.deep.equal([
      `${path}:1: file is ${MAX_FILE_LINES + 1} lines long, over ${MAX_FILE_LINES}`,
    ]);
  });
});

describe("oversizeFunctions()", () => {
  const body = lines(MAX_FUNCTION_LINES - 1);
  const cases: readonly [kind: string, name: string, text: string][] = [
    ["a declaration", "decide", `function decide() {\n${body}}`],
    ["an arrow", "decide", `const decide = () => {\n${body}};`],
    ["a method", "decide", `class Policy { decide() {\n${body}} }`],
    ["a property", "decide", `const policy = { decide: () => {\n${body}} };`],
    ["a callback", "(without a name)", `[1].map(() => {\n${body}});`],
  ];
  for (const [kind, name, text] of cases) {
    it(`refuses ${kind} that is too long, and allows the line less`, () => {
      const faults = sizeFaults(oversizeFunctions([{ path, text: `\n${text}` }]), []);
      const message = `function ${name} is ${MAX_FUNCTION_LINES + 1} lines long, over ${MAX_FUNCTION_LINES}`;
      expect(faults).to.deep.equal([`${path}:2: ${message}`]);
      expect(oversizeFunctions([{ path, text: text.replace("void 0;\n", "") }])).to.deep.equal([]);
    });
  }
});

describe("oversizeFunctions() of functions within functions", () => {
  const half = lines(MAX_FUNCTION_LINES / 2 + 5);

  it("counts the inner lines for the inner function only", () => {
    expect(
      oversizeFunctions([{ path, text: `function a() {\n${half}const b = () => {\n${half}};\n}` }]),
    ).to.deep.equal([]);
  });

  it("still judges the outer one by what is left", () => {
    const text = `function a() {\n${half}const b = () => {\n};\n${half}}`;
    expect(oversizeFunctions([{ path, text }]).map(({ name }) => name)).to.deep.equal(["a"]);
  });
});

describe("sizeFaults()", () => {
  const oversize = oversizeFiles([{ path, text: lines(MAX_FILE_LINES + 1) }]);

  it("allows what an exception names", () => {
    expect(sizeFaults(oversize, [{ path, name: undefined, reason: "a table" }])).to.deep.equal([]);
  });

  it("refuses an exception that nothing needs", () => {
    expect(sizeFaults([], [{ path, name: "decide", reason: "it was long once" }])).to.deep.equal([
      `${path}: decide needs no exception`,
    ]);
  });

  it("holds for src, deploy and test", () => {
    const code = [...readSources("src", [".ts"]), ...readSources("deploy", [".ts", ".mjs"])];
    const tests = readSources("test", [".ts", ".mjs"]);
    const found = [...oversizeFiles([...code, ...tests]), ...oversizeFunctions(code)];
    expect(sizeFaults(found, SIZE_EXCEPTIONS)).to.deep.equal([]);
  });
});
