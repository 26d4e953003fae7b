/**
 * DNS cookies (RFC 7873), made as RFC 9018 has it, so that servers of other makes behind the same address accept them:
 *
 * ```
 * option  client cookie (8) | version 1 (1) | reserved 0 (3) | seconds (4) | hash (8)
 * hash    SipHash-2-4 of all that is before it and the client's address, by a secret of 16 octets
 * ```
 *
 * | what the query brings               | judged   | what the answer takes back             |
 * | ----------------------------------- | -------- | -------------------------------------- |
 * | no cookie                           | `absent` | none                                   |
 * | a client's part alone               | `client` | a new server's part                    |
 * | a server's part that is not ours    | `bad`    | a new one                              |
 * | one of ours, older than an hour, or from more than five minutes ahead (RFC 9018 §4.3) | `bad` | a new one |
 * | one of ours, half an hour old, or by an earlier secret | `good` | a new one |
 * | any other of ours                   | `good`   | the same again                         |
 *
 * A query without a good cookie is answered like any other: what RFC 7873 §5.2.3 leaves to the server is decided so,
 * because clients that begin are many, and BADCOOKIE would cost each of them another round. Where responses are limited
 * the good ones pass, and BADCOOKIE is what others get instead of a response cut short (`answer/rate-limit`).
 */

import type { ClientAddress } from "./client-address.ts";
import type { QueryCookie } from "./query.ts";
import { SipHash } from "./sip-hash.ts";

export type CookieVerdict = "absent" | "client" | "bad" | "good";

export const CLIENT_COOKIE_OCTETS = 8;
/** Both parts, as we make them. */
export const WHOLE_COOKIE_OCTETS = 24;
const VERSION = 1;
const VERSION_AT = 8;
const SECONDS_AT = 12;
const HASH_AT = 16;
const MOST_AGE_SECONDS = 3_600;
const RENEW_AGE_SECONDS = 1_800;
const MOST_AHEAD_SECONDS = 300;
const MS_PER_SECOND = 1_000;

/** Made once for each answer path; holds the cookie of the answer under way. */
export class Cookies {
  /** What goes back, whole. */
  readonly answer = new Uint8Array(WHOLE_COOKIE_OCTETS);
  /** Whether cookies are answered at all. */
  enabled = false;
  #hashes: readonly SipHash[] = [];
  /** What is hashed: a cookie up to its hash, then the address. */
  readonly #message = new Uint8Array(HASH_AT + 16);

  configure(secrets: readonly Uint8Array[]): void {
    this.#hashes = secrets.map((secret) => new SipHash(secret));
    this.enabled = secrets.length > 0;
  }

  /** Judges the cookie of a query, and makes the one that its answer takes back. */
  judge(cookie: QueryCookie, client: ClientAddress, now: () => number): CookieVerdict {
    if (cookie.length === 0 || !this.enabled) return "absent";
    const seconds = Math.floor(now() / MS_PER_SECOND) | 0;
    const hashedBy = this.#secretOf(cookie, client, seconds);
    if (hashedBy === 0 && ((seconds - secondsOf(cookie.octets)) | 0) < RENEW_AGE_SECONDS) {
      for (let at = 0; at < WHOLE_COOKIE_OCTETS; at++) this.answer[at] = cookie.octets[at] ?? 0;
      return "good";
    }
    this.#make(cookie, client, seconds);
    if (hashedBy >= 0) return "good";
    return cookie.length === CLIENT_COOKIE_OCTETS ? "client" : "bad";
  }

  /** The number of the secret that made it; −1 for none, or where its time is over or to come. */
  #secretOf({ octets, length }: QueryCookie, client: ClientAddress, seconds: number): number {
    if (length !== WHOLE_COOKIE_OCTETS || octets[VERSION_AT] !== VERSION) return -1;
    const age = (seconds - secondsOf(octets)) | 0;
    if (age > MOST_AGE_SECONDS || age < -MOST_AHEAD_SECONDS) return -1;
    const messageOctets = this.#prepare(octets, client);
    for (let number = 0; number < this.#hashes.length; number++) {
      const hash = this.#hashes[number];
      if (hash === undefined) break;
      hash.hash(this.#message, messageOctets);
      // Both halves are always looked at: how much of it is right is nobody's business.
      const differs =
        (hash.low ^ littleEndian(octets, HASH_AT)) | (hash.high ^ littleEndian(octets, HASH_AT + 4));
      if (differs === 0) return number;
    }
    return -1;
  }

  #make({ octets }: QueryCookie, client: ClientAddress, seconds: number): void {
    const { answer } = this;
    for (let at = 0; at < CLIENT_COOKIE_OCTETS; at++) answer[at] = octets[at] ?? 0;
    answer[VERSION_AT] = VERSION;
    for (let at = VERSION_AT + 1; at < SECONDS_AT; at++) answer[at] = 0;
    for (let at = 0; at < 4; at++) answer[SECONDS_AT + at] = seconds >>> (24 - at * 8);
    const hash = this.#hashes[0];
    if (hash === undefined) return;
    hash.hash(this.#message, this.#prepare(answer, client));
    for (let at = 0; at < 4; at++) {
      answer[HASH_AT + at] = hash.low >>> (at * 8);
      answer[HASH_AT + 4 + at] = hash.high >>> (at * 8);
    }
  }

  /** Lays out what is hashed, and says how long it is. */
  #prepare(cookie: Uint8Array, client: ClientAddress): number {
    const message = this.#message;
    for (let at = 0; at < HASH_AT; at++) message[at] = cookie[at] ?? 0;
    for (let at = 0; at < client.length; at++) message[HASH_AT + at] = client.octets[at] ?? 0;
    return HASH_AT + client.length;
  }
}

function secondsOf(cookie: Uint8Array): number {
  const high = ((cookie[SECONDS_AT] ?? 0) << 24) | ((cookie[SECONDS_AT + 1] ?? 0) << 16);
  return high | ((cookie[SECONDS_AT + 2] ?? 0) << 8) | (cookie[SECONDS_AT + 3] ?? 0);
}

function littleEndian(octets: Uint8Array, at: number): number {
  const low = (octets[at] ?? 0) | ((octets[at + 1] ?? 0) << 8);
  return low | ((octets[at + 2] ?? 0) << 16) | ((octets[at + 3] ?? 0) << 24);
}
