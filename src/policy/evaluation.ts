/** What `evaluate` returns: a probability distribution over what one answer may hold, and what it rests on. */

import type { Address, Endpoint } from "./model.ts";

/** One endpoint of a draw: its weight among the others, and those of its addresses that are answered. */
export interface Candidate {
  readonly endpoint: Endpoint;
  /** Above 0; relative to the other candidates of the draw. */
  readonly weight: number;
  /**
   * Addresses of the asked family that the rung admits, in the order of the zone file; empty for an endpoint that is answered
   * as CNAME, and for no other.
   */
  readonly addresses: readonly Address[];
}

/**
 * One way an answer can come out, with its probability: `answers` distinct endpoints are drawn from `candidates` by
 * weight without replacement. No candidates: the answer is NODATA.
 */
export interface Draw {
  /** Above 0, at most 1; the probabilities of an evaluation sum to 1. */
  readonly probability: number;
  /** At least 1; `Infinity` for every candidate. */
  readonly answers: number;
  readonly candidates: readonly Candidate[];
  /**
   * Below a `sticky`: the way from it to this draw. The client's network takes the place of chance at every step of it and
   * among the candidates. Absent: chance decides.
   */
  readonly sticky?: StickyWay;
}

export interface StickyWay {
  /** The same object for all the draws of one `sticky`. */
  readonly root: StickyRoot;
  /** From the outermost choice to the innermost. */
  readonly steps: readonly StickyStep[];
}

/** One `sticky` of one evaluation, told apart from others by being another object. */
export interface StickyRoot {
  readonly kind: "sticky";
}

/** One child among its siblings: those of the same parent have its steps up to here. */
export interface StickyStep {
  /** What it is, whatever its weight and health: by it a client finds its place again. */
  readonly key: string;
  /** Its part among its siblings; they sum to 1. */
  readonly part: number;
}

/**
 * The rung of the ladder of last resorts (CONTRACT.md, «What is up»): 1 up, 2 held back but passing or not yet probed,
 * 3 drained and passing, 4 everything that is neither forced down nor drained, or what `when-down` says instead.
 */
export type Rung = 1 | 2 | 3 | 4;

export interface Evaluation {
  readonly outcome: "answer" | "nodata" | "servfail";
  /** Empty for `servfail`; one draw without candidates for `nodata`; for `answer` some draw has candidates. */
  readonly draws: readonly Draw[];
  readonly ttlSeconds: number;
  readonly rung: Rung;
  /** Rung 4 with `when-down=open`: endpoints are answered that nothing says are alive. */
  readonly failingOpen: boolean;
  /** Pools that get more than their `capacity` of the policy's `demand`, in the order of the draws; empty without either. */
  readonly overCapacity: readonly string[];
  /**
   * While a pool is in its slow start: what the clients are answered by their position, each slice from the end of the one
   * before it, the last one up to 1. The draws above are the slices', by their width. Absent while all are answered alike.
   */
  readonly slices?: readonly Slice[];
}

export interface Slice {
  readonly upTo: number;
  readonly evaluation: Evaluation;
}

/** The probability that an endpoint is drawn first. */
export interface Share {
  readonly endpoint: Endpoint;
  readonly addresses: readonly Address[];
  /** From 0 to 1. */
  readonly share: number;
}

/** One step of the way to a decision, as `explain` prints it. */
export interface TraceNode {
  /** The expression or endpoint: `failover`, `frankfurt`, `frankfurt/fra-1`. */
  readonly node: string;
  /** `chosen`, `up`, `down`, `kept`, `dropped`, … */
  readonly decision: string;
  readonly reason: string;
  readonly children?: readonly TraceNode[];
}
