/**
 * Random numbers for drawing answers: sfc32 (Chris Doty-Humphrey, PractRand), 128 bits of state. It is here, and not a
 * function that is handed in, because a number that crosses a call is an object to the runtime now and then, an
 * allocation in a path that has none. The seed is handed in. Good for shares, no use for secrets.
 */

const STATE_WORDS = 4;
const WARM_UP = 12;

export class Generator {
  readonly #state = new Int32Array(STATE_WORDS);

  /** `random` yields numbers in [0, 1). */
  constructor(random: () => number) {
    for (let index = 0; index < STATE_WORDS; index++) this.#state[index] = Math.floor(random() * 2 ** 32);
    for (let count = 0; count < WARM_UP; count++) this.next();
  }

  /** The next 32 bits, signed. */
  next(): number {
    const state = this.#state;
    const one = state[0] ?? 0;
    const two = state[1] ?? 0;
    const three = state[2] ?? 0;
    const counter = state[3] ?? 0;
    const sum = (((one + two) | 0) + counter) | 0;
    state[3] = counter + 1;
    state[0] = two ^ (two >>> 9);
    state[1] = three + (three << 3);
    state[2] = ((three << 21) | (three >>> 11)) + sum;
    return sum;
  }
}
