/**
 * Extended DNS errors (RFC 8914): why an answer is what it is, for the person who debugs. One an answer at most, only to
 * those who sent an OPT, and only where there is room for it beside the answer.
 *
 * | what is the matter                                         | code                 | text            |
 * | ---------------------------------------------------------- | -------------------- | --------------- |
 * | a policy answers what is held back, or not yet probed      | 0 Other              | says so         |
 * | a policy answers what is drained                           | 0 Other              | says so         |
 * | all endpoints of a policy are down, and it fails open      | 0 Other              | says so         |
 * | all endpoints of a policy are down, and `when-down` answers | 0 Other             | says so         |
 * | the zone files are faulty, and an earlier set is served    | 3 Stale Answer       | says so         |
 * | the image is not there yet that explaining needs           | 14 Not Ready         |                 |
 * | the client may not ask for this                            | 18 Prohibited        |                 |
 * | the name is in none of our zones                           | 20 Not Authoritative |                 |
 * | an operation or a type that we do not serve                | 21 Not Supported     |                 |
 *
 * What a policy has to say goes before the zones' age, as it says more about this answer.
 */

export interface ExtendedError {
  /** The metrics' label. */
  readonly label: string;
  readonly code: number;
  readonly text: Uint8Array;
}

/** `Reply.extendedError`: an index of the list below; 0 is none. */
export const EXTENDED_ERROR = {
  none: 0,
  heldBack: 1,
  drained: 2,
  failingOpen: 3,
  allDown: 4,
  stale: 5,
  notReady: 6,
  prohibited: 7,
  notAuthoritative: 8,
  notSupported: 9,
} as const;

const utf8 = new TextEncoder();

function extendedError(label: string, code: number, text = ""): ExtendedError {
  return { label, code, text: utf8.encode(text) };
}

export const EXTENDED_ERRORS: readonly ExtendedError[] = [
  extendedError("none", 0),
  extendedError("held-back", 0, "no endpoint is up: answering some that are held back or not yet probed"),
  extendedError("drained", 0, "no endpoint is up: answering some that are drained"),
  extendedError("failing-open", 0, "all endpoints down: failing open"),
  extendedError("all-down", 0, "all endpoints down"),
  extendedError("stale", 3, "the zone files are faulty: an earlier set is served"),
  extendedError("not-ready", 14),
  extendedError("prohibited", 18),
  extendedError("not-authoritative", 20),
  extendedError("not-supported", 21),
];

/** By rung of a table that answers; rungs begin with 1. */
export const ERROR_OF_RUNG = Uint8Array.of(
  EXTENDED_ERROR.none,
  EXTENDED_ERROR.none,
  EXTENDED_ERROR.heldBack,
  EXTENDED_ERROR.drained,
  EXTENDED_ERROR.failingOpen,
);
