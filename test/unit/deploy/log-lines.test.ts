import { expect } from "chai";
import { describe, it } from "mocha";
import { formatLogLine } from "../../../deploy/demo/log-lines.ts";

describe("formatLogLine()", () => {
  const cases: readonly [line: string, text: string][] = [
    [
      '{"level":"warn","time":"2026-11-22T16:20:01.123Z","node":"ns1","endpoint":"fra/fra-1","reason":"status 503","msg":"endpoint down"}',
      '16:20:01 warn endpoint down endpoint=fra/fra-1 reason="status 503"',
    ],
    [
      '{"level":"info","time":"2026-11-22T16:20:01.123Z","generation":3,"msg":"served"}',
      "16:20:01 served generation=3",
    ],
    ["no JSON", "no JSON"],
    ["17", "17"],
    ["null", "null"],
  ];
  for (const [line, text] of cases) {
    it(`makes '${text}'`, () => {
      expect(formatLogLine(line)).to.equal(text);
    });
  }
});
