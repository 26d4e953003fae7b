/**
 * A table from numbers of 32 bits to numbers, flat and without objects: for a database of cities it is asked some two
 * million times, and is four times as fast as a `Map`. Nothing is ever taken out of it.
 */

const FIRST_SLOTS = 1_024;

export class NumberTable {
  #keys = new Uint32Array(FIRST_SLOTS);
  /** One more than the value; 0 is a slot that is free. */
  #values = new Uint32Array(FIRST_SLOTS);
  #size = 0;

  /** −1: it is not there. */
  get(key: number): number {
    return (this.#values[this.#slotOf(key)] ?? 0) - 1;
  }

  /** `value` up to 2³² − 2. */
  set(key: number, value: number): void {
    const slot = this.#slotOf(key);
    if (this.#values[slot] === 0) this.#size++;
    this.#keys[slot] = key;
    this.#values[slot] = value + 1;
    if (this.#size * 2 > this.#keys.length) this.#grow();
  }

  /** Where the key is, or is to be. */
  #slotOf(key: number): number {
    const keys = this.#keys;
    const values = this.#values;
    const mask = keys.length - 1;
    let slot = mixed(key) & mask;
    while (values[slot] !== 0 && keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const keys = this.#keys;
    const values = this.#values;
    this.#keys = new Uint32Array(keys.length * 2);
    this.#values = new Uint32Array(keys.length * 2);
    for (let at = 0; at < keys.length; at++) {
      if (values[at] === 0) continue;
      const slot = this.#slotOf(keys[at] ?? 0);
      this.#keys[slot] = keys[at] ?? 0;
      this.#values[slot] = values[at] ?? 0;
    }
  }
}

/** Multiplicative hashing (Knuth, volume 3, §6.4), and the high bits brought down. */
function mixed(key: number): number {
  const product = Math.imul(key, 0x9e3779b1);
  return product ^ (product >>> 15);
}
