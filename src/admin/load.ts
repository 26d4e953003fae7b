/**
 * What keeps a set of zones from being served though no word of it is wrong, and how a person overrules that. The daemon
 * judges (`daemon/reloading`); the API, the status, the metrics and the command line tell of it.
 *
 * | check       | refuses                                                      | is asked                              |
 * | ----------- | ------------------------------------------------------------ | ------------------------------------- |
 * | `expect`    | a set in which an `$EXPECT` does not hold                    | at every load                         |
 * | `max-shift` | a set that sends more of a name's clients elsewhere than that | at every load, where it is configured |
 *
 * A consent is to one set: what is read next is judged anew, unless it is the same to the octet.
 */

import type { SentTo } from "../policy/shift.ts";

export const LOAD_CHECKS = ["expect", "max-shift"] as const;
export type LoadCheck = (typeof LOAD_CHECKS)[number];

/** For a word that is none of them. */
export function unknownCheck(word: string): string {
  return `'${word}' is none of ${LOAD_CHECKS.join(", ")}`;
}

/** A reload that a person asks for although a check may refuse the set. */
export interface ReloadWish {
  readonly despite: readonly LoadCheck[];
  readonly reason: string;
  readonly owner: string;
}

/** What was overruled of the set that is served. */
export interface Consent {
  /** Those that would have refused it. */
  readonly checks: readonly LoadCheck[];
  readonly reason: string;
  readonly owner: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** `zone/moves` has the same shapes. */
export interface PlannedShareView extends SentTo {
  readonly endpoint: string;
}

/** A class of clients of a name of whom more would move than is allowed. */
export interface MoveView {
  readonly name: string;
  readonly type: "A" | "AAAA";
  /** As `--client` takes it; `null` is a client of whom nothing is known. */
  readonly client: string | null;
  /** From 0 to 1. */
  readonly shift: number;
  readonly before: readonly PlannedShareView[];
  readonly after: readonly PlannedShareView[];
  /** Whether so many move as things are, or once everything is up. */
  readonly health: "now" | "all-up";
}

/** Why a set is not served. */
export interface LoadRefusal {
  /** `zones`: its files are faulty. */
  readonly check: "zones" | LoadCheck;
  /** In one line. */
  readonly message: string;
  /** By `max-shift`: those that move most, most first. */
  readonly moves: readonly MoveView[];
}
