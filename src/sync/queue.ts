/**
 * `Queue`, `PriorityQueue`, `LifoQueue`: values from producers to consumers, with a limit that makes producers wait.
 *
 * Getters and putters are served in the order they came; one that is cancelled as it is woken passes the wake-up on. `put` and `get` cost O(1)
 * (O(log n) by priority). Source: Python docs, "Queues"; `shutdown` as in 3.13.
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { QueueEmpty, QueueFull, QueueShutDown, ValueError } from '../core/errors.ts';
import { Deque } from './deque.ts';
import { Event } from './event.ts';
import { type Compare, defaultCompare, Heap } from './heap.ts';
import { LoopBound } from './loop-bound.ts';
import { WaiterQueue } from './waiters.ts';

/** How a queue keeps what is in it. */
interface Store<T> {
  readonly size: number;
  push(item: T): void;
  take(): T;
}

export class Queue<T> extends LoopBound {
  readonly #maxsize: number;
  readonly #store: Store<T>;
  readonly #getters = new WaiterQueue();
  readonly #putters = new WaiterQueue();
  readonly #finished = new Event();
  #unfinished = 0;
  #shutDown = false;

  /** @param maxsize how many items it holds before `put` waits; zero or less means any number. */
  constructor(maxsize = 0, store: Store<T> = new Deque<T>()) {
    super();
    if (typeof maxsize !== 'number' || Number.isNaN(maxsize))
      throw new TypeError('Queue needs its maxsize as a number');
    this.#maxsize = maxsize;
    this.#store = store;
    this.#finished.set();
  }

  /** How many items it holds before `put` waits; zero or less means any number. */
  get maxsize(): number {
    return this.#maxsize;
  }

  /** How many items are in it. */
  qsize(): number {
    return this.#store.size;
  }

  empty(): boolean {
    return this.#store.size === 0;
  }

  /** Are there `maxsize` items in it? */
  full(): boolean {
    return this.#maxsize > 0 && this.#store.size >= this.#maxsize;
  }

  /**
   * Put an item in; wait for a free place where it is full.
   * @throws {QueueShutDown} where the queue was shut down.
   */
  put(item: T): CoroutineObject<void> {
    return new LazyCoroutine<void>(this.#put, this, [item]);
  }

  *#put(item: T): Coroutine<void> {
    while (this.full()) {
      if (this.#shutDown) throw new QueueShutDown();
      yield* this.#turn(this.#putters, () => !this.full());
    }
    this.putNowait(item);
  }

  /**
   * Put an item in without waiting.
   * @throws {QueueFull} where it is full; {QueueShutDown} where the queue was shut down.
   */
  putNowait(item: T): void {
    if (this.#shutDown) throw new QueueShutDown();
    if (this.full()) throw new QueueFull();
    this.#store.push(item);
    this.#unfinished++;
    this.#finished.clear();
    wakeNext(this.#getters);
  }

  /**
   * Take the next item; wait for one where it is empty.
   * @throws {QueueShutDown} where the queue was shut down and is empty.
   */
  get(): CoroutineObject<T> {
    return new LazyCoroutine<T>(this.#get, this);
  }

  *#get(): Coroutine<T> {
    while (this.empty()) {
      if (this.#shutDown) throw new QueueShutDown();
      yield* this.#turn(this.#getters, () => !this.empty());
    }
    return this.getNowait();
  }

  /**
   * Take the next item without waiting.
   * @throws {QueueEmpty} where it is empty; {QueueShutDown} where it is empty and was shut down.
   */
  getNowait(): T {
    if (this.empty()) {
      if (this.#shutDown) throw new QueueShutDown();
      throw new QueueEmpty();
    }
    const item = this.#store.take();
    wakeNext(this.#putters);
    return item;
  }

  /** Wait in line. Whoever was woken and cannot use it wakes the next. */
  *#turn(line: WaiterQueue, usable: () => boolean): Coroutine<void> {
    const waiter = line.join(this._getLoop());
    let woken = false;
    try {
      yield* waiter;
      woken = true;
    } finally {
      if (!woken) {
        waiter.cancel();
        line.leave(waiter);
        if (usable() && !waiter.cancelled()) wakeNext(line);
      }
    }
  }

  /**
   * An item that was taken is dealt with.
   * @throws {ValueError} where this is called more often than items were put in.
   */
  taskDone(): void {
    if (this.#unfinished <= 0) throw new ValueError('task_done() called too many times');
    this.#unfinished--;
    if (this.#unfinished === 0) this.#finished.set();
  }

  /** Wait until every item that was put in has been dealt with. */
  join(): CoroutineObject<void> {
    return new LazyCoroutine<void>(this.#join, this);
  }

  *#join(): Coroutine<void> {
    if (this.#unfinished > 0) yield* this.#finished.wait();
  }

  /**
   * Take no more items: `put` fails from now on, `get` when the queue is empty.
   * @param immediate drop what is in it as well, so that `get` fails at once.
   */
  shutdown(immediate = false): void {
    this.#shutDown = true;
    if (immediate) {
      while (!this.empty()) {
        this.#store.take();
        if (this.#unfinished > 0) this.#unfinished--;
      }
      if (this.#unfinished === 0) this.#finished.set();
    }
    while (wakeNext(this.#getters));
    while (wakeNext(this.#putters));
  }

  /** A frozen snapshot: the items in it, those not dealt with, and who waits. */
  statistics(): {
    readonly size: number;
    readonly unfinished: number;
    readonly getters: number;
    readonly putters: number;
  } {
    const { size } = this.#store;
    return Object.freeze({
      size,
      unfinished: this.#unfinished,
      getters: this.#getters.size,
      putters: this.#putters.size,
    });
  }

  override toString(): string {
    const parts = [`maxsize=${this.#maxsize}`, `qsize=${this.qsize()}`];
    if (this.#getters.size > 0) parts.push(`getters[${this.#getters.size}]`);
    if (this.#putters.size > 0) parts.push(`putters[${this.#putters.size}]`);
    if (this.#unfinished > 0) parts.push(`tasks=${this.#unfinished}`);
    if (this.#shutDown) parts.push('shutdown');
    return `<${this.constructor.name} ${parts.join(' ')}>`;
  }
}

/** Wake the first of the line that was not woken yet; it leaves the line with it. */
function wakeNext(line: WaiterQueue): boolean {
  for (let waiter = line.first; waiter !== null; waiter = line.first) {
    line.leave(waiter);
    if (!waiter.done()) {
      waiter.setResult(true);
      return true;
    }
  }
  return false;
}

/** A queue whose smallest item comes out first; of equal ones, the one that went in first. */
export class PriorityQueue<T> extends Queue<T> {
  /** @param compare the order, as for `Array.sort`; by default as Python compares: numbers, strings, dates, and arrays item by item. */
  constructor(maxsize = 0, compare: Compare<T> = defaultCompare) {
    super(maxsize, new Heap<T>(compare));
  }
}

/** A queue whose newest item comes out first. */
export class LifoQueue<T> extends Queue<T> {
  constructor(maxsize = 0) {
    const items: T[] = [];
    super(maxsize, {
      get size() {
        return items.length;
      },
      push: (item) => items.push(item),
      take: () => items.pop() as T,
    });
  }
}
