/** What is due next: a binary heap by time. Its order among equals does not matter. */

export interface Due {
  dueMs: number;
}

export class DueHeap<T extends Due> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = items[parentAt];
      if (parent === undefined || parent.dueMs <= item.dueMs) {
        break;
      }
      items[at] = parent;
      at = parentAt;
    }
    items[at] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) {
      return first;
    }
    let at = 0;
    for (;;) {
      const leftAt = 2 * at + 1;
      const left = items[leftAt];
      const right = items[leftAt + 1];
      const childAt =
        right !== undefined && left !== undefined && right.dueMs < left.dueMs ? leftAt + 1 : leftAt;
      const child = items[childAt];
      if (child === undefined || child.dueMs >= last.dueMs) {
        break;
      }
      items[at] = child;
      at = childAt;
    }
    items[at] = last;
    return first;
  }

  /** Another set altogether. */
  replace(items: Iterable<T>): void {
    this.#items.length = 0;
    for (const item of items) {
      this.push(item);
    }
  }
}
