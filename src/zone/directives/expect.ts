/**
 * `$EXPECT owner TYPE [from ip|net|country:XX|continent:XX] [when ref=up|down|drain…] is ref[=share%]…|nodata|servfail`:
 * what must hold at every load. Parentheses only join lines here.
 */

import { type Name, parseName } from "../../dns/name.ts";
import { type Client, NOWHERE, UNKNOWN_CLIENT } from "../../geo/client.ts";
import { continentOf } from "../../geo/country.ts";
import type { AddressFamily } from "../../policy/model.ts";
import { accepted, readable, refused, type ValueParse } from "../key-values.ts";
import { type Token, withoutParentheses } from "../lexer.ts";
import type { ExpectedOutcome, SupposedState } from "../model.ts";
import { faultOfGlob, faultOfRef } from "../names.ts";
import type { ParserState } from "../parser-state.ts";
import { parseContinent, parseNetwork, parseRegion } from "../places.ts";
import { didYouMean } from "../suggest.ts";
import type { ExpectationEntry, RefSyntax } from "../syntax.ts";
import { type Directive, reportTooFew } from "./directive.ts";

const STATES = ["up", "down", "drain"] as const;
const CLAUSES = ["from", "when", "is"];
const FULL_PERCENT = 100;
/** As many as are free of the remainders of arithmetic. */
const MAX_DECIMALS = 9;

type Suppositions = ExpectationEntry["suppositions"];
type Outcome = Pick<ExpectationEntry, "outcome" | "outcomeRefs">;

export const EXPECT: Directive = {
  name: "$EXPECT",
  usage: "$EXPECT owner TYPE [from …] [when ref=state…] is ref[=share%]…",
  read(state, entry, keyword) {
    const faultsBefore = state.faultCount;
    const tokens = withoutParentheses(entry);
    const [, ownerToken, typeToken] = tokens;
    if (ownerToken === undefined || typeToken === undefined) {
      reportTooFew(state, EXPECT, ownerToken ?? keyword);
      return;
    }
    const owner = readOwner(state, ownerToken);
    const family = readFamily(state, typeToken);
    const { from, suppositions, outcome } = new ClauseReader(state, tokens, typeToken).read();
    if (owner === undefined || family === undefined || outcome === undefined) return;
    if (state.faultCount > faultsBefore) return;
    const position = state.position(keyword);
    const words = tokens.map((token) => (token.quoted ? `"${token.text}"` : token.text));
    const text = readable(words.join(" "));
    state.expectations.push({ position, text, owner, family, client: from, suppositions, ...outcome });
  },
};

function readOwner(state: ParserState, token: Token): Name | undefined {
  const parsed = parseName(token.text, state.current.origin);
  if (parsed.ok) return parsed.name;
  state.fault(token, "bad-name", `Cannot parse owner: ${parsed.message}`);
  return undefined;
}

function readFamily(state: ParserState, token: Token): AddressFamily | undefined {
  const type = token.text.toUpperCase();
  if (type === "A") return "ipv4";
  if (type === "AAAA") return "ipv6";
  const guess = didYouMean(token.text, ["A", "AAAA"]);
  state.fault(token, "bad-expected-type", `'${token.text}' cannot be expected: only A and AAAA can${guess}`);
  return undefined;
}

/** The clauses behind the type, each up to the word that begins the next. */
class ClauseReader {
  readonly #state: ParserState;
  readonly #tokens: readonly Token[];
  readonly #typeToken: Token;
  #at = 3;

  constructor(state: ParserState, tokens: readonly Token[], typeToken: Token) {
    this.#state = state;
    this.#tokens = tokens;
    this.#typeToken = typeToken;
  }

  read(): { from: Client; suppositions: Suppositions; outcome: Outcome | undefined } {
    let from: Client | undefined;
    let suppositions: Suppositions = [];
    const seen = new Set<string>();
    for (;;) {
      const token = this.#tokens[this.#at];
      if (token === undefined) break;
      this.#at++;
      const word = this.#clauseOf(token);
      if (word === undefined) continue;
      if (seen.has(word)) this.#state.fault(token, "duplicate-clause", `'${word}' is given twice`);
      seen.add(word);
      if (word === "is") {
        const outcome = this.#readOutcome(token, this.#tokens.slice(this.#at));
        return { from: from ?? UNKNOWN_CLIENT, suppositions, outcome };
      }
      const words = this.#wordsOfClause();
      if (word === "from") from = this.#readFrom(token, words);
      else suppositions = this.#readSuppositions(token, words);
    }
    const last = this.#tokens.at(-1) ?? this.#typeToken;
    this.#state.fault(last, "missing-clause", "$EXPECT does not say what is expected: 'is …' is missing");
    return { from: from ?? UNKNOWN_CLIENT, suppositions, outcome: undefined };
  }

  /** The clause that a word begins; a misspelt one is reported and taken for what it resembles. */
  #clauseOf(token: Token): string | undefined {
    if (CLAUSES.includes(token.text)) return token.text;
    const expected = "expected from, when or is";
    const guess = didYouMean(token.text, CLAUSES);
    this.#state.fault(token, "unknown-clause", `Unexpected '${token.text}' in $EXPECT: ${expected}${guess}`);
    this.#wordsOfClause();
    return undefined;
  }

  #wordsOfClause(): readonly Token[] {
    const start = this.#at;
    while (this.#at < this.#tokens.length && !CLAUSES.includes(this.#tokens[this.#at]?.text ?? ""))
      this.#at++;
    return this.#tokens.slice(start, this.#at);
  }

  #readFrom(clause: Token, words: readonly Token[]): Client | undefined {
    const [token, extra] = words;
    if (token === undefined) {
      this.#state.fault(
        clause,
        "missing-argument",
        "'from' needs an address, a network, country:XX or continent:XX",
      );
      return undefined;
    }
    if (extra !== undefined) {
      this.#state.fault(
        extra,
        "unexpected-argument",
        `Unexpected '${extra.text}': 'from' takes one client${didYouMean(extra.text, CLAUSES)}`,
      );
    }
    const parsed = parseFrom(token.text);
    if (parsed.ok) return parsed.value;
    this.#state.fault(token, "bad-client", `Cannot parse client: ${parsed.message}`);
    return undefined;
  }

  #readSuppositions(clause: Token, words: readonly Token[]): Suppositions {
    const suppositions: { ref: RefSyntax; state: SupposedState }[] = [];
    if (words.length === 0) {
      this.#state.fault(clause, "missing-argument", "'when' needs suppositions, such as frankfurt=down");
    }
    for (const token of words) {
      const equals = token.text.indexOf("=");
      const ref = equals === -1 ? token.text : token.text.slice(0, equals);
      const word = equals === -1 ? "" : token.text.slice(equals + 1);
      const supposed = STATES.find((candidate) => candidate === word);
      const fault = faultOfGlob(ref);
      if (fault !== undefined) this.#state.fault(token, "bad-ref", fault);
      if (supposed === undefined) {
        const guess = didYouMean(word, STATES);
        const message = `'${token.text}' supposes none of ${STATES.join(", ")}${guess}`;
        this.#state.fault(token, "unknown-state", message, equals + 1);
      } else if (suppositions.some((other) => other.ref.text === ref)) {
        this.#state.fault(token, "duplicate-ref", `'${ref}' is supposed twice`);
      } else suppositions.push({ ref: this.#refOf(token, ref), state: supposed });
    }
    return suppositions;
  }

  #refOf(token: Token, text: string): RefSyntax {
    return { text, position: this.#state.position(token) };
  }

  #readOutcome(clause: Token, words: readonly Token[]): Outcome | undefined {
    const [first, second] = words;
    if (first === undefined) {
      this.#state.fault(clause, "missing-argument", "'is' needs REFs, nodata or servfail");
      return undefined;
    }
    if (first.text === "nodata" || first.text === "servfail") {
      if (second !== undefined) {
        const message = `Unexpected '${second.text}': '${first.text}' is all of an outcome`;
        this.#state.fault(second, "unexpected-argument", message);
      }
      return { outcome: { kind: first.text }, outcomeRefs: [] };
    }
    return this.#readShares(words);
  }

  #readShares(words: readonly Token[]): Outcome {
    const shares: Extract<ExpectedOutcome, { kind: "shares" }>["shares"][number][] = [];
    const outcomeRefs: RefSyntax[] = [];
    for (const token of words) {
      const equals = token.text.indexOf("=");
      const ref = equals === -1 ? token.text : token.text.slice(0, equals);
      const fault = faultOfRef(ref);
      const share = equals === -1 ? accepted(WHOLE) : parseShare(token.text.slice(equals + 1));
      if (fault !== undefined) this.#state.fault(token, "bad-ref", fault);
      if (!share.ok)
        this.#state.fault(token, "bad-share", `Cannot parse share: ${share.message}`, equals + 1);
      if (outcomeRefs.some(({ text }) => text === ref)) {
        this.#state.fault(token, "duplicate-ref", `'${ref}' is expected twice`);
      }
      if (share.ok) shares.push({ ref, ...share.value });
      outcomeRefs.push(this.#refOf(token, ref));
    }
    return { outcome: { kind: "shares", shares }, outcomeRefs };
  }
}

interface Percentage {
  readonly percent: number;
  readonly decimals: number;
}

const WHOLE: Percentage = { percent: FULL_PERCENT, decimals: 0 };

function parseShare(text: string): ValueParse<Percentage> {
  const parts = /^([0-9]{1,3})(?:\.([0-9]+))?%$/.exec(text);
  if (parts === null || Number(text.slice(0, -1)) > FULL_PERCENT) {
    const guess = /^[0-9.]+$/.test(text) ? `; did you mean '${text}%'?` : "";
    return refused(`'${text}' is not a percentage from 0% to 100%${guess}`);
  }
  if ((parts[2]?.length ?? 0) > MAX_DECIMALS) {
    return refused(`'${text}' has more than ${MAX_DECIMALS} decimals, to which shares are compared`);
  }
  return accepted({ percent: Number(text.slice(0, -1)), decimals: parts[2]?.length ?? 0 });
}

/** A supposed country lies on its continent. Of an address the place is not known here: the geo database says it. */
function parseFrom(text: string): ValueParse<Client> {
  if (text.startsWith("country:")) {
    const region = parseRegion(text.slice("country:".length));
    if (!region.ok) return region;
    const { country, subdivision } = region.value;
    const place = { ...NOWHERE, country, subdivision, continent: continentOf(country) };
    return accepted({ network: undefined, place });
  }
  if (text.startsWith("continent:")) {
    const continent = parseContinent(text.slice("continent:".length));
    if (!continent.ok) return continent;
    const place = { ...NOWHERE, continent: continent.value };
    return accepted({ network: undefined, place });
  }
  const network = parseNetwork(text);
  if (network.ok) {
    return accepted({ network: network.value, place: undefined });
  }
  if (/[0-9]/.test(text) || text.includes("/")) return network;
  const guess = didYouMean(text.slice(0, text.indexOf(":") + 1), ["country:", "continent:"]);
  return refused(`'${text}' is none of an address, a network, country:XX and continent:XX${guess}`);
}
