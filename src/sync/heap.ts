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
  const worth: unknown = (value as { valueOf?: unknown } | null | undefined)?.valueOf;
  return typeof worth === 'function' && typeof worth.call(value) !== 'object' && typeof value === 'object';
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

/** An item, and its number in the order of coming. */
interface Item<T> {
  readonly item: T;
  readonly order: number;
}

export class Heap<T> {
  readonly #items: Item<T>[] = [];
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
    // The way is found before anything is moved: a comparison that throws must leave the heap as it was.
    const way: number[] = [];
    for (let hole = items.length; hole > 0; ) {
      const parent = (hole - 1) >> 1;
      if (!this.#before(entry, items[parent] as Item<T>)) break;
      way.push(parent);
      hole = parent;
    }
    items.push(entry);
    this.#place(entry, items.length - 1, way);
  }

  /** Take the smallest item. The caller has seen that there is one. */
  take(): T {
    const items = this.#items;
    const first = items[0] as Item<T>;
    const last = items.at(-1) as Item<T>;
    const length = items.length - 1;
    const way: number[] = [];
    for (let hole = 0; 2 * hole + 1 < length; ) {
      let child = 2 * hole + 1;
      if (child + 1 < length && this.#before(items[child + 1] as Item<T>, items[child] as Item<T>)) child++;
      if (!this.#before(items[child] as Item<T>, last)) break;
      way.push(child);
      hole = child;
    }
    items.pop();
    if (length > 0) this.#place(last, 0, way);
    return first.item;
  }

  /** Move what is on the way from `hole` by one step towards it, and put `entry` at its end. */
  #place(entry: Item<T>, hole: number, way: readonly number[]): void {
    let free = hole;
    for (const next of way) {
      this.#items[free] = this.#items[next] as Item<T>;
      free = next;
    }
    this.#items[free] = entry;
  }

  #before(a: Item<T>, b: Item<T>): boolean {
    const order = this.#compare(a.item, b.item);
    return order < 0 || (order === 0 && a.order < b.order);
  }
}
