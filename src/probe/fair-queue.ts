/**
 * Who waits for a free slot: a queue for each monitor, served in turn, so that a monitor whose thousand targets all
 * hang cannot keep the others waiting. Each target waits once at most (the wheel sees to that), which bounds the whole.
 */

/** A line that never empties is cut down when so many at its front have been served, and they are half of it. */
const COMPACT_FROM = 1_024;

export class FairQueue<T> {
  /** The order of a Map is the order of the turns: served first, then put last. */
  readonly #lines = new Map<string, Line<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(lineName: string, item: T): void {
    const line = this.#lines.get(lineName) ?? { items: [], head: 0 };
    line.items.push(item);
    this.#lines.set(lineName, line);
    this.#size++;
  }

  shift(): T | undefined {
    for (const [name, line] of this.#lines) {
      this.#lines.delete(name);
      const item = line.items[line.head++];
      if (line.head >= COMPACT_FROM && line.head * 2 >= line.items.length) {
        line.items.splice(0, line.head);
        line.head = 0;
      }
      if (line.head < line.items.length) {
        this.#lines.set(name, line);
      }
      this.#size--;
      return item;
    }
    return undefined;
  }

  clear(): void {
    this.#lines.clear();
    this.#size = 0;
  }
}

/** Items before `head` have been served; shifting an array would move all the others. */
interface Line<T> {
  readonly items: T[];
  head: number;
}
