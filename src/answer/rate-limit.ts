/**
 * Response rate limiting: whoever sends queries with the address of a victim is to get little out of us. Responses over
 * UDP are counted by the client's network and by kind; what exceeds the rate is held back, and one in `slip` of those is
 * sent cut short, so that a real client comes back over TCP, or with a cookie, where nothing is limited.
 *
 * What is kept of a network and a kind is one number, the time until which it has had its share (the generic cell rate
 * algorithm, ITU-T I.371): every response moves it on by 1/rate seconds. It may be up to a second ahead of the clock; then
 * it is limited, and asking on moves it further, up to the window. So a flood gets a second's worth and then nothing until
 * it pauses, and a client below its rate notices nothing.
 *
 * ```
 * table   one for all threads, in shared memory, of a fixed size: buckets of 4 entries, each bucket a cache line
 *   entry TAG: who, hashed; 0: free · DUE: the time above, in 1/256 ms, modulo 2³² · HELD: how many were held back · –
 * ```
 *
 * Who is not found takes the place in its bucket of the one that was quiet for longest. Threads change an entry by
 * compare-and-exchange; two that take the same place at one moment may lose each other's count, which lets a response
 * more through. A time from hours ago can look like one of the last seconds, one in a thousand: a few responses less.
 */

import { RCODE } from "../dns/types.ts";
import type { ClientAddress } from "./client-address.ts";
import { isInNetworks } from "./client-network.ts";
import type { Reply } from "./reply.ts";
import type { RateLimitSettings } from "./settings.ts";

/** What becomes of a response. */
export const RATE_VERDICT = { pass: 0, drop: 1, slip: 2 } as const;
export type RateVerdict = (typeof RATE_VERDICT)[keyof typeof RATE_VERDICT];

/** Kinds of responses, each limited by itself. */
const KIND = { answer: 0, nodata: 1, nxdomain: 2, referral: 3, error: 4 } as const;

const ENTRY = { tag: 0, due: 1, held: 2, words: 4 } as const;
const BUCKET_ENTRIES = 4;
const BUCKET_WORDS = BUCKET_ENTRIES * ENTRY.words;
const UNITS_PER_MS = 256;
const UNITS_PER_SECOND = 1_000 * UNITS_PER_MS;
/** Where as many threads get in one's way, its response is not counted. */
const MOST_ATTEMPTS = 8;

/** Room for as many networks and kinds, rounded up to a power of two; 16 octets each. */
export function createRateTable(entries: number): SharedArrayBuffer {
  const buckets = 2 ** Math.ceil(Math.log2(Math.max(1, entries / BUCKET_ENTRIES)));
  return new SharedArrayBuffer(buckets * BUCKET_WORDS * Int32Array.BYTES_PER_ELEMENT);
}

export class RateLimit {
  readonly #settings: RateLimitSettings;
  readonly #table: Int32Array;
  readonly #bucketMask: number;
  /** What a response moves the time on by. */
  readonly #step: number;
  /** How far ahead of the clock the time may get. */
  readonly #most: number;

  constructor(settings: RateLimitSettings) {
    this.#settings = settings;
    this.#table = new Int32Array(settings.table);
    this.#bucketMask = this.#table.length / BUCKET_WORDS - 1;
    this.#step = Math.max(1, Math.round(UNITS_PER_SECOND / settings.responsesPerSecond));
    this.#most = settings.windowSeconds * UNITS_PER_SECOND;
  }

  /** Counts a response that is about to be sent, and says what becomes of it. */
  judge(reply: Reply, client: ClientAddress, nowMs: number): RateVerdict {
    const { exempt, slip } = this.#settings;
    if (isInNetworks(exempt, client)) return RATE_VERDICT.pass;
    const now = (nowMs * UNITS_PER_MS) | 0;
    const entry = this.#entryOf(client, kindOf(reply), now);
    if (this.#advance(entry, now) + this.#step <= UNITS_PER_SECOND) return RATE_VERDICT.pass;
    if (slip === 0) return RATE_VERDICT.drop;
    const held = Atomics.add(this.#table, entry + ENTRY.held, 1);
    return ((held + 1) >>> 0) % slip === 0 ? RATE_VERDICT.slip : RATE_VERDICT.drop;
  }

  /** Moves the time on by one response, and says how far ahead of the clock it was. */
  #advance(entry: number, now: number): number {
    const table = this.#table;
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const due = Atomics.load(table, entry + ENTRY.due);
      let ahead = (due - now) | 0;
      // In the past, or further ahead than anything gets unless the clock was set back.
      if (ahead < 0 || ahead > this.#most) ahead = 0;
      const next = (now + Math.min(ahead + this.#step, this.#most)) | 0;
      if (Atomics.compareExchange(table, entry + ENTRY.due, due, next) === due) return ahead;
    }
    return 0;
  }

  /** Its place in the table; it is given one where it has none. */
  #entryOf(client: ClientAddress, kind: number, now: number): number {
    const { seed, ipv4PrefixBits, ipv6PrefixBits } = this.#settings;
    const prefixBits = client.length === 4 ? ipv4PrefixBits : ipv6PrefixBits;
    let bucketHash = mix(seed, kind * 32 + client.length);
    let tagHash = mix(~seed, kind);
    for (let bits = 0; bits < prefixBits; bits += 32) {
      const word = wordAt(client.octets, bits >>> 3) & maskOf(prefixBits - bits);
      bucketHash = mix(bucketHash, word);
      tagHash = mix(tagHash, word ^ bucketHash);
    }
    const tag = tagHash === 0 ? 1 : tagHash;
    const bucket = ((bucketHash ^ (bucketHash >>> 15)) & this.#bucketMask) * BUCKET_WORDS;
    return this.#claim(bucket, tag, now);
  }

  #claim(bucket: number, tag: number, now: number): number {
    const table = this.#table;
    let quietest = bucket;
    let longestQuiet = -Infinity;
    for (let entry = bucket; entry < bucket + BUCKET_WORDS; entry += ENTRY.words) {
      const known = Atomics.load(table, entry + ENTRY.tag);
      if (known === tag) return entry;
      const quiet = known === 0 ? Infinity : (now - Atomics.load(table, entry + ENTRY.due)) | 0;
      if (quiet <= longestQuiet) continue;
      longestQuiet = quiet;
      quietest = entry;
    }
    Atomics.store(table, quietest + ENTRY.due, now);
    Atomics.store(table, quietest + ENTRY.held, 0);
    Atomics.store(table, quietest + ENTRY.tag, tag);
    return quietest;
  }
}

function kindOf({ rcode, answerCount, truncated, authoritative }: Reply): number {
  if (rcode === RCODE.NXDOMAIN) return KIND.nxdomain;
  if (rcode !== RCODE.NOERROR) return KIND.error;
  if (answerCount > 0) return KIND.answer;
  if (!authoritative) return KIND.referral;
  return truncated ? KIND.answer : KIND.nodata;
}

/** The upper `bits` bits of a word; all of them from 32 on. */
function maskOf(bits: number): number {
  return bits >= 32 ? -1 : -1 << (32 - bits);
}

function wordAt(octets: Uint8Array, at: number): number {
  const high = ((octets[at] ?? 0) << 24) | ((octets[at + 1] ?? 0) << 16);
  return high | ((octets[at + 2] ?? 0) << 8) | (octets[at + 3] ?? 0);
}

/** Two rounds of multiplication: every bit of the word reaches all of the hash. */
function mix(hash: number, word: number): number {
  const once = Math.imul(hash ^ word, 0x85eb_ca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2_ae35);
  return twice ^ (twice >>> 16);
}
