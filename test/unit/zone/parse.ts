/** What the tests of the parser share: text in, syntax and short diagnostics out. */

import type { Diagnostic } from "../../../src/zone/diagnostic.ts";
import { parseZoneFile } from "../../../src/zone/parser.ts";
import type { ExpressionSyntax, ZoneFileSyntax } from "../../../src/zone/syntax.ts";

/** Text as latin1 octets. */
export function octetsOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Parses `zones/example.com.zone`; `files` are the others in `zones/`. */
export function parse(text: string, files: Readonly<Record<string, string>> = {}): ZoneFileSyntax {
  const included = new Map(
    Object.entries(files).map(([path, content]) => [`zones/${path}`, octetsOf(content)]),
  );
  return parseZoneFile("zones/example.com.zone", octetsOf(text), (path) => included.get(path));
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
