/** First in, first out, in a ring that grows by doubling: adding and taking cost O(1), and a taken slot keeps nothing alive. */

export class Deque<T> {
  #ring: (T | undefined)[] = [undefined, undefined, undefined, undefined];
  #head = 0;
  size = 0;

  push(item: T): void {
    const { length } = this.#ring;
    if (this.size === length) this.#grow();
    this.#ring[(this.#head + this.size) & (this.#ring.length - 1)] = item;
    this.size++;
  }

  /** Take the first item. The caller has seen that there is one. */
  take(): T {
    const item = this.#ring[this.#head] as T;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.size--;
    return item;
  }

  /** The first item, which stays; `undefined` where there is none. */
  peek(): T | undefined {
    return this.#ring[this.#head];
  }

  #grow(): void {
    const old = this.#ring;
    const ring: (T | undefined)[] = [];
    for (let i = 0; i < this.size; i++) ring.push(old[(this.#head + i) & (old.length - 1)]);
    while (ring.length < old.length * 2) ring.push(undefined);
    this.#ring = ring;
    this.#head = 0;
  }
}
