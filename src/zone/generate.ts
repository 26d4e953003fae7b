/**
 * The templates of `$GENERATE`, as BIND has them: `$` is the number, `${offset,width,base}` the number plus offset, at
 * least so wide (zeros in front), in base `d`, `o`, `x`, `X`, or `n`/`N`: hexadecimal digits in reverse with dots between
 * them, for the reverse zones of IPv6. `\$` and `$$` are a dollar.
 */

import { accepted, refused, type ValueParse } from "./key-values.ts";
import type { Token } from "./lexer.ts";

const MAX_GENERATED_RECORDS = 1_000_000;
/** BIND's limit: a number of 32 bits with its sign. */
const MAX_NUMBER = 0x7fffffff;
const MAX_WIDTH = 253;

export interface GenerateRange {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
}

/** `start-stop` or `start-stop/step`. */
export function parseRange(text: string): ValueParse<GenerateRange> {
  const parts = /^([0-9]{1,10})-([0-9]{1,10})(?:\/([0-9]{1,10}))?$/.exec(text);
  if (parts === null) return refused(`'${text}' is not start-stop or start-stop/step`);
  const [start = 0, stop = 0, step = 1] = parts
    .slice(1)
    .map((part) => (part === undefined ? 1 : Number(part)));
  if (Math.max(start, stop, step) > MAX_NUMBER) return refused(`'${text}' exceeds ${MAX_NUMBER}`);
  if (stop < start) return refused(`'${text}' runs backwards`);
  if (step === 0) return refused("step is 0");
  const count = Math.floor((stop - start) / step) + 1;
  if (count > MAX_GENERATED_RECORDS) {
    return refused(`'${text}' makes ${count} records, more than ${MAX_GENERATED_RECORDS}`);
  }
  return accepted({ start, stop, step });
}

type Base = "d" | "o" | "x" | "X" | "n" | "N";

/** Text as it stands, or the number in a form. */
type Part = string | { readonly offset: number; readonly width: number; readonly base: Base };

export interface Template {
  readonly token: Token;
  readonly parts: readonly Part[];
}

const PLAIN: Part = { offset: 0, width: 0, base: "d" };

export function parseTemplate(token: Token): ValueParse<Template> {
  const { text } = token;
  if (!text.includes("$")) return accepted({ token, parts: [text] });
  const parts: Part[] = [];
  let plain = "";
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    const next = text.charAt(at + 1);
    if (character === "\\") {
      plain += next === "$" ? "$" : character + next;
      at++;
    } else if (character !== "$") {
      plain += character;
    } else if (next === "$") {
      plain += "$";
      at++;
    } else {
      if (plain !== "") parts.push(plain);
      plain = "";
      const end = next === "{" ? text.indexOf("}", at) : at;
      const form = next === "{" ? parseForm(text.slice(at + 2, end)) : accepted(PLAIN);
      if (end === -1 || !form.ok) {
        return form.ok || end === -1 ? refused(`'${text}' has an unclosed '\${'`) : form;
      }
      parts.push(form.value);
      at = end;
    }
  }
  if (plain !== "") parts.push(plain);
  return accepted({ token, parts });
}

function parseForm(text: string): ValueParse<Part> {
  const parts = /^([-+]?[0-9]{1,10})(?:,([0-9]{1,3})(?:,([doxXnN]))?)?$/.exec(text);
  const width = Number(parts?.[2] ?? 0);
  if (parts === null || width > MAX_WIDTH) {
    return refused(`'\${${text}}' is not \${offset,width,base} with base d, o, x, X, n or N`);
  }
  const base = BASES.find((candidate) => candidate === parts[3]) ?? "d";
  return accepted<Part>({ offset: Number(parts[1]), width, base });
}

const BASES: readonly Base[] = ["d", "o", "x", "X", "n", "N"];

/** The token of one number; `undefined` where an offset makes the number negative. */
export function expand({ token, parts }: Template, number: number): Token | undefined {
  let text = "";
  for (const part of parts) {
    if (typeof part === "string") text += part;
    else if (number + part.offset < 0) return undefined;
    else text += formatNumber(number + part.offset, part.width, part.base);
  }
  return { ...token, text };
}

function formatNumber(number: number, width: number, base: Base): string {
  switch (base) {
    case "d":
      return String(number).padStart(width, "0");
    case "o":
      return number.toString(8).padStart(width, "0");
    case "x":
      return number.toString(16).padStart(width, "0");
    case "X":
      return number.toString(16).toUpperCase().padStart(width, "0");
    case "n":
      return nibbles(number, width);
    case "N":
      return nibbles(number, width).toUpperCase();
  }
}

/** The width counts dots as well as digits, as in BIND: an even one ends in a dot. */
function nibbles(number: number, width: number): string {
  const digits = Array.from(number.toString(16)).reverse();
  let text = digits.join(".");
  while (text.length < width) text += text.endsWith(".") ? "0" : ".";
  return text;
}
