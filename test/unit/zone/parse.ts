/** What the tests of the parser share: text in, syntax and short diagnostics out. */

import type { Name } from "../../../src/dns/name.ts";
import type { Diagnostic } from "../../../src/zone/diagnostic.ts";
import { octetsOfLatin1 } from "../../../src/zone/lexer.ts";
import type { Position } from "../../../src/zone/model.ts";
import { parseZoneFile } from "../../../src/zone/parser.ts";
import type { ExpressionSyntax, ZoneFileSyntax } from "../../../src/zone/syntax.ts";

/** Parses `zones/example.com.zone`; `files` are the others in `zones/`. */
export function parse(text: string, files: Readonly<Record<string, string>> = {}): ZoneFileSyntax {
  const included = new Map(
    Object.entries(files).map(([path, content]) => [`zones/${path}`, octetsOfLatin1(content)]),
  );
  return parseZoneFile("zones/example.com.zone", octetsOfLatin1(text), (path) => included.get(path));
}

/** One record of a table, as an object. */
export interface ShownRecord {
  readonly position: Position;
  readonly owner: Name;
  readonly type: number;
  readonly ttlSeconds: number;
  readonly rdata: Uint8Array;
  readonly rdataPosition: Position;
}

export function recordsOf({ records }: ZoneFileSyntax): ShownRecord[] {
  return Array.from({ length: records.recordCount }, (_, record) => ({
    position: records.positionOf(record),
    owner: records.names.nameOf(records.ownerOf(record)),
    type: records.typeOf(record),
    ttlSeconds: records.ttlSecondsOf(record),
    rdata: records.rdataOf(record).slice(),
    rdataPosition: records.rdataPositionOf(record),
  }));
}

/** `line:column code`. */
export function places(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ line, column, code }) => `${line}:${column} ${code}`);
}

/** `line:column message`. */
export function messages(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

/** An expression as text, every weight written out. */
export function showExpression(expression: ExpressionSyntax): string {
  switch (expression.kind) {
    case "ref":
      return expression.ref.text;
    case "failover":
    case "nearest":
    case "spill":
      return `${expression.kind}(${expression.children.map(showExpression).join(" ")})`;
    case "weighted":
    case "sticky":
    case "all": {
      const children = expression.children.map(
        (child) => `${showExpression(child.expression)}=${child.weight}`,
      );
      return `${expression.kind}(${children.join(" ")})`;
    }
    case "geo": {
      const entries = expression.entries.map(({ match, expression: inner }) => {
        const { kind, ...rest } = match;
        const values = Object.values(rest).filter((value) => typeof value !== "object");
        return `${[kind, ...values].join(":")}=${inner === "nodata" ? inner : showExpression(inner)}`;
      });
      return `geo(${entries.join(" ")})`;
    }
  }
}
