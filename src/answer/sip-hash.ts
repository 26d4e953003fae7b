/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012): 64 bits of proof that whoever made some octets has the key. Its words are
 * of 64 bits and little-endian; here each is two of 32. One object a key, with the state in it, so that nothing is made
 * for a message.
 */

/** Words of the state, low half first: v0, v1, v2, v3. */
const V0 = 0;
const V1 = 2;
const V2 = 4;
const V3 = 6;
/** «somepseudorandomlygeneratedbytes», as words of the state. */
const INITIAL: readonly number[] = [
  0x7073_6575, 0x736f_6d65, 0x6e64_6f6d, 0x646f_7261, 0x6e65_7261, 0x6c79_6765, 0x7974_6573, 0x7465_6462,
];
const ROUNDS_A_WORD = 2;
const LAST_ROUNDS = 4;

export const SIP_HASH_KEY_OCTETS = 16;

export class SipHash {
  /** The hash of the message before, as its octets stand: in little-endian words. */
  low = 0;
  high = 0;
  readonly #initial = new Int32Array(8);
  readonly #state = new Int32Array(8);

  /** Of 16 octets. */
  constructor(key: Uint8Array) {
    for (let word = 0; word < 8; word++) {
      // v0 and v2 take the key's first half, v1 and v3 its second.
      this.#initial[word] = (INITIAL[word] ?? 0) ^ littleEndian(key, (word & 3) * 4);
    }
  }

  /** Hashes octets [0, length) into `low` and `high`. */
  hash(octets: Uint8Array, length: number): void {
    const state = this.#state;
    for (let word = 0; word < 8; word++) state[word] = this.#initial[word] ?? 0;
    const whole = length & ~7;
    for (let at = 0; at < whole; at += 8) this.#take(littleEndian(octets, at), littleEndian(octets, at + 4));
    // What is left over, and the length in the last octet.
    let low = 0;
    let high = length << 24;
    for (let at = whole; at < length; at++) {
      const octet = (octets[at] ?? 0) << ((at & 3) * 8);
      if (at - whole < 4) low |= octet;
      else high |= octet;
    }
    this.#take(low, high);
    state[V2] = (state[V2] ?? 0) ^ 0xff;
    mix(state, LAST_ROUNDS);
    this.low = (state[V0] ?? 0) ^ (state[V1] ?? 0) ^ (state[V2] ?? 0) ^ (state[V3] ?? 0);
    this.high = (state[V0 + 1] ?? 0) ^ (state[V1 + 1] ?? 0) ^ (state[V2 + 1] ?? 0) ^ (state[V3 + 1] ?? 0);
  }

  #take(low: number, high: number): void {
    const state = this.#state;
    state[V3] = (state[V3] ?? 0) ^ low;
    state[V3 + 1] = (state[V3 + 1] ?? 0) ^ high;
    mix(state, ROUNDS_A_WORD);
    state[V0] = (state[V0] ?? 0) ^ low;
    state[V0 + 1] = (state[V0 + 1] ?? 0) ^ high;
  }
}

function littleEndian(octets: Uint8Array, at: number): number {
  const low = (octets[at] ?? 0) | ((octets[at + 1] ?? 0) << 8);
  return low | ((octets[at + 2] ?? 0) << 16) | ((octets[at + 3] ?? 0) << 24);
}

/** SipRound, so many times. */
function mix(state: Int32Array, rounds: number): void {
  for (let round = 0; round < rounds; round++) {
    addRotateXor(state, V0, V1, 13);
    swap(state, V0);
    addRotateXor(state, V2, V3, 16);
    addRotateXor(state, V0, V3, 21);
    addRotateXor(state, V2, V1, 17);
    swap(state, V2);
  }
}

/** a += b; b = (b rotated left by fewer than 32 bits) ^ a. */
function addRotateXor(state: Int32Array, a: number, b: number, bits: number): void {
  const bLow = state[b] ?? 0;
  const bHigh = state[b + 1] ?? 0;
  const low = ((state[a] ?? 0) + bLow) | 0;
  const carry = low >>> 0 < bLow >>> 0 ? 1 : 0;
  const high = ((state[a + 1] ?? 0) + bHigh + carry) | 0;
  state[a] = low;
  state[a + 1] = high;
  state[b] = ((bLow << bits) | (bHigh >>> (32 - bits))) ^ low;
  state[b + 1] = ((bHigh << bits) | (bLow >>> (32 - bits))) ^ high;
}

/** Rotates by 32 bits. */
function swap(state: Int32Array, at: number): void {
  const low = state[at] ?? 0;
  state[at] = state[at + 1] ?? 0;
  state[at + 1] = low;
}
