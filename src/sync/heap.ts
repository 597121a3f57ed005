/**
 * A binary heap: the smallest item first, of equal ones the one that came first. Adding and taking cost O(log n).
 *
 * Items are compared as Python compares them: numbers, bigints, strings, booleans and dates by value, arrays item by item.
 */

/** An order, as for `Array.sort`. */
export type Compare<T> = (a: T, b: T) => number;

/**
 * Python's order of simple values and of arrays of them.
 * @throws {TypeError} where two values have no order.
 */
export function defaultCompare(a: unknown, b: unknown): number {
  if (Array.isArray(a) && Array.isArray(b)) {
    const length = Math.min(a.length, b.length);
    for (let i = 0; i < length; i++) {
      const order = defaultCompare(a[i], b[i]);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  }
  if (a === b) return 0;
  if (!comparable(a, b)) {
    throw new TypeError(
      `'<' not supported between ${typeOf(a)} and ${typeOf(b)}: give the PriorityQueue a compare function`,
    );
  }
  const x = a as number;
  const y = b as number;
  return x < y ? -1 : x > y ? 1 : 0;
}

function comparable(a: unknown, b: unknown): boolean {
  if (typeof a === 'string' || typeof b === 'string') return typeof a === typeof b;
  return isOrdered(a) && isOrdered(b);
}

/** Numbers of all kinds, and objects that say what they are worth, such as dates. */
function isOrdered(value: unknown): boolean {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return true;
  return typeof value === 'object' && value !== null && typeof value.valueOf() !== 'object';
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

export class Heap<T> {
  readonly #items: { readonly item: T; readonly order: number }[] = [];
  readonly #compare: Compare<T>;
  #next = 0;

  constructor(compare: Compare<T>) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    const items = this.#items;
    const entry = { item, order: this.#next++ };
    let index = items.length;
    // Find the place first: a comparison that throws must leave the heap as it was.
    const path: number[] = [];
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#before(entry, items[parent] as typeof entry)) break;
      path.push(parent);
      index = parent;
    }
    items.push(entry);
    let hole = items.length - 1;
    for (const parent of path) {
      items[hole] = items[parent] as typeof entry;
      hole = parent;
    }
    items[hole] = entry;
  }

  /** Take the smallest item. The caller has seen that there is one. */
  take(): T {
    const items = this.#items;
    const first = items[0] as { item: T; order: number };
    const last = items.pop() as typeof first;
    if (items.length > 0) this.#down(last);
    return first.item;
  }

  #down(entry: { readonly item: T; readonly order: number }): void {
    const items = this.#items;
    const half = items.length >> 1;
    let index = 0;
    while (index < half) {
      let child = 2 * index + 1;
      if (
        child + 1 < items.length &&
        this.#before(items[child + 1] as typeof entry, items[child] as typeof entry)
      )
        child++;
      if (!this.#before(items[child] as typeof entry, entry)) break;
      items[index] = items[child] as typeof entry;
      index = child;
    }
    items[index] = entry;
  }

  #before(
    a: { readonly item: T; readonly order: number },
    b: { readonly item: T; readonly order: number },
  ): boolean {
    const order = this.#compare(a.item, b.item);
    return order < 0 || (order === 0 && a.order < b.order);
  }
}
