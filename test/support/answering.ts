/** The answer path in a test: asks with octets, gets octets, and watches what lies around the slot. */

import {
  type Answer,
  type AnswerSettings,
  Counters,
  createAnswer,
  type Image,
  type SettingsCell,
  TRANSPORT,
  type Transport,
} from "../../src/answer/answer.ts";
import { createClientAddress, setClientAddress } from "../../src/answer/client-address.ts";
import { DEFAULT_SETTINGS } from "../../src/answer/settings.ts";
import { MAX_TCP_ANSWER_OCTETS, MAX_UDP_ANSWER_OCTETS } from "../../src/answer/transport.ts";
import type { KeyedHash } from "../../src/dns/tsig-key.ts";

export const NSID = new TextEncoder().encode("node-1");
export const SETTINGS: AnswerSettings = { ...DEFAULT_SETTINGS, nsid: NSID };
export const NOW_MS = Date.UTC(2026, 10, 22);
const GUARD_OCTETS = 64;
const GUARD = 0xa5;

export interface Asker {
  readonly counters: Counters;
  readonly answer: Answer;
  /** The reply, or `undefined` for none. Throws where an octet outside of the slot has changed. */
  readonly ask: (query: Uint8Array, from?: AskFrom) => Uint8Array | undefined;
}

export interface AskFrom {
  readonly transport?: Transport;
  readonly client?: string;
}

/** A reproducible source of numbers in [0, 1): mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a test may set otherwise than the rest. */
export interface AskerSetup {
  readonly random?: () => number;
  readonly now?: () => number;
  readonly settings?: SettingsCell;
  readonly keyedHash?: KeyedHash;
}

export function createAsker(
  image: () => Image,
  {
    random = seededRandom(7),
    now = () => NOW_MS,
    settings = { current: SETTINGS },
    ...more
  }: AskerSetup = {},
): Asker {
  const counters = new Counters();
  const answer = createAnswer({ random, now, counters, settings, ...more });
  const client = createClientAddress();
  const buffer = new Uint8Array(GUARD_OCTETS * 2 + MAX_TCP_ANSWER_OCTETS);
  return {
    counters,
    answer,
    ask: (query, { transport = TRANSPORT.udp, client: from = "127.0.0.1" } = {}) => {
      const room =
        transport === TRANSPORT.udp ? Math.max(MAX_UDP_ANSWER_OCTETS, query.length) : MAX_TCP_ANSWER_OCTETS;
      const slotEnd = GUARD_OCTETS + room;
      buffer.fill(GUARD, 0, GUARD_OCTETS);
      buffer.fill(GUARD, GUARD_OCTETS + query.length, slotEnd + GUARD_OCTETS);
      buffer.set(query, GUARD_OCTETS);
      if (!setClientAddress(client, from)) throw new Error(`no address: ${from}`);
      const length = answer(buffer, GUARD_OCTETS, query.length, client, transport, image());
      for (let at = 0; at < GUARD_OCTETS; at++) {
        if (buffer[at] !== GUARD || buffer[slotEnd + at] !== GUARD)
          throw new Error("A guard octet has changed");
      }
      return length === 0 ? undefined : buffer.slice(GUARD_OCTETS, GUARD_OCTETS + length);
    },
  };
}
