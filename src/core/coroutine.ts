/**
 * Lazy coroutine objects: what the library's own `async def` functions return, and what `coroutine(fn)` makes of yours.
 *
 * Nothing runs until the object is awaited (`yield*`, `await`) or made a task, and it can be awaited once. Three kinds:
 * - `LazyCoroutine`: around a generator function of the library, which `yield*` then drives directly, at no cost a step;
 * - `FunctionCoroutine`: around a function of the user's, generator or async, with a name and a place in the visible stack of its task;
 * - `Sleep` (in `sleep.ts`), written out by hand because it is the most frequent of all.
 *
 * Source: Python docs, "Coroutines and Tasks"; PEP 492.
 */
import { runAsTask } from './async-scope.ts';
import type { Awaitable, Coroutine, CoroutineLike, ResultOf, Suspension } from './awaitable.ts';
import { RuntimeError } from './errors.ts';
import { InlineFuture } from './inline.ts';
import { noteAwaited, noteCreated } from './never-awaited.ts';
import { describe } from './repr.ts';
import { running } from './running.ts';
import { promiseOf } from './thenable.ts';

const CREATED = 0;
/** A task will drive it. */
const ADOPTED = 1;
const STARTED = 2;
const CLOSED = 3;

/** A coroutine that can be awaited in both styles, or driven as a generator. */
export abstract class CoroutineObject<T> implements Awaitable<T> {
  /** @internal */
  _stage: typeof CREATED | typeof ADOPTED | typeof STARTED | typeof CLOSED = CREATED;
  /** @internal Will somebody be told if it is never awaited? */
  _noted = false;

  /** The name of the coroutine function. */
  abstract get name(): string;

  /** @internal What runs, made when it starts. */
  abstract _begin(): Iterator<Suspension, T, unknown>;

  /** Run to the next suspension. For tasks; await the object instead. */
  abstract next(value?: unknown): IteratorResult<Suspension, T>;
  /** Go on with `error` thrown where it is suspended. For tasks. */
  abstract throw(error: unknown): IteratorResult<Suspension, T>;
  /** End it where it is suspended, as `close()`. */
  abstract return(value?: T): IteratorResult<Suspension, T>;

  [Symbol.iterator](): Iterator<Suspension, T, unknown> {
    this._claim();
    return this._begin();
  }

  then<R1 = T, R2 = never>(
    onFulfilled?: ((value: T) => R1 | PromiseLike<R1>) | null,
    onRejected?: ((reason: unknown) => R2 | PromiseLike<R2>) | null,
  ): Promise<R1 | R2> {
    return promiseOf<T>(this).then(onFulfilled, onRejected);
  }

  /** `then` for the exception alone. */
  catch<R = never>(onRejected?: ((reason: unknown) => R | PromiseLike<R>) | null): Promise<T | R> {
    return this.then(undefined, onRejected);
  }

  /** A promise like this coroutine, that runs `onFinally` when it is done. */
  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.then().finally(onFinally);
  }

  /** End the coroutine: run its `finally` blocks if it is suspended, and never run it if it has not started. */
  close(): void {
    if (this._noted) noteAwaited(this);
    if (this._stage === STARTED) this.return(undefined as T);
    this._stage = CLOSED;
  }

  /** @internal Has it not started yet? */
  get _isNew(): boolean {
    return this._stage <= ADOPTED;
  }

  /** @internal Take the one right to run it, for `yield*`. */
  _claim(): void {
    if (this._stage !== CREATED) throw this._reused();
    this._start();
  }

  /** @internal Take the one right to run it, for a task. @returns whether it was to be had. */
  _adopt(): boolean {
    if (this._stage !== CREATED) return false;
    this._stage = ADOPTED;
    if (this._noted) noteAwaited(this);
    return true;
  }

  /** @internal Begin, for whoever has the right to. */
  _start(): void {
    if (!this._isNew) throw this._reused();
    this._stage = STARTED;
    if (this._noted) noteAwaited(this);
  }

  /** @internal */
  _reused(): RuntimeError {
    return new RuntimeError(
      `cannot reuse already awaited coroutine '${this.name}': call the function again for another one`,
    );
  }

  toString(): string {
    return `<coroutine ${this.name}>`;
  }
}

/** A coroutine of the library's own. */
export class LazyCoroutine<T> extends CoroutineObject<T> {
  readonly #fn: (...args: never[]) => Coroutine<T>;
  readonly #self: unknown;
  readonly #args: readonly unknown[];
  #iterator: Iterator<Suspension, T, unknown> | null = null;

  constructor(fn: (...args: never[]) => Coroutine<T>, self: unknown, args: readonly unknown[] = NONE) {
    super();
    this.#fn = fn;
    this.#self = self;
    this.#args = args;
    if (running.loop?._debug === true) noteCreated(this, running.loop);
  }

  get name(): string {
    // Many are private methods behind a public one of the same name.
    return this.#fn.name.replace('#', '');
  }

  _begin(): Iterator<Suspension, T, unknown> {
    return this.#fn.apply(this.#self, this.#args as never[]);
  }

  next(value?: unknown): IteratorResult<Suspension, T> {
    if (this.#iterator === null) {
      this._start();
      this.#iterator = this._begin();
    }
    return this.#iterator.next(value);
  }

  throw(error: unknown): IteratorResult<Suspension, T> {
    return throwInto(this, this.#iterator, error);
  }

  return(value?: T): IteratorResult<Suspension, T> {
    return returnFrom(this, this.#iterator, value);
  }
}

const NONE: readonly unknown[] = [];

function throwInto<T>(
  coro: CoroutineObject<T>,
  iterator: Iterator<Suspension, T, unknown> | null,
  error: unknown,
): IteratorResult<Suspension, T> {
  if (iterator === null) coro._start();
  if (iterator?.throw === undefined) {
    coro._stage = CLOSED;
    throw error;
  }
  return iterator.throw(error);
}

function returnFrom<T>(
  coro: CoroutineObject<T>,
  iterator: Iterator<Suspension, T, unknown> | null,
  value: T | undefined,
): IteratorResult<Suspension, T> {
  if (iterator === null) coro.close();
  return iterator?.return === undefined ? { done: true, value: value as T } : iterator.return(value);
}

/** What a function of the user's returns when it is called as a coroutine function. */
type Started<T> = Coroutine<T> | Awaitable<T> | PromiseLike<T>;

/** A coroutine around a function of the user's. Keeps its place in the visible stack of its task while it is suspended. */
export class FunctionCoroutine<T> extends CoroutineObject<T> implements Iterator<Suspension, T, unknown> {
  readonly #fn: (...args: never[]) => Started<T>;
  readonly #self: unknown;
  readonly #args: readonly unknown[];
  #iterator: Iterator<Suspension, T, unknown> | null = null;
  /** @internal The tracked coroutine that this one waits for. */
  _inner: CoroutineObject<unknown> | null = null;

  readonly #plainAllowed: boolean;

  /** @param plainAllowed may the function also return something that is not to be awaited? It is then the result. */
  constructor(
    fn: (...args: never[]) => Started<T>,
    self: unknown,
    args: readonly unknown[],
    plainAllowed = false,
  ) {
    super();
    this.#fn = fn;
    this.#self = self;
    this.#args = args;
    this.#plainAllowed = plainAllowed;
  }

  get name(): string {
    return this.#fn.name || '<anonymous>';
  }

  _begin(): Iterator<Suspension, T, unknown> {
    return this;
  }

  next(value?: unknown): IteratorResult<Suspension, T> {
    const outer = this.#enter();
    let suspended = false;
    try {
      if (this.#iterator === null) {
        if (this._isNew) this._start();
        this.#iterator = this.#start();
      }
      const step = this.#iterator.next(value);
      suspended = step.done !== true;
      return step;
    } finally {
      this.#leave(outer, suspended);
    }
  }

  throw(error: unknown): IteratorResult<Suspension, T> {
    const outer = this.#enter();
    let suspended = false;
    try {
      const step = throwInto(this, this.#iterator, error);
      suspended = step.done !== true;
      return step;
    } finally {
      this.#leave(outer, suspended);
    }
  }

  return(value?: T): IteratorResult<Suspension, T> {
    const outer = this.#enter();
    let suspended = false;
    try {
      const step = returnFrom(this, this.#iterator, value);
      suspended = step.done !== true;
      return step;
    } finally {
      this.#leave(outer, suspended);
    }
  }

  #start(): Iterator<Suspension, T, unknown> {
    const call = () => this.#fn.apply(this.#self, this.#args as never[]);
    if (isGeneratorFunction(this.#fn)) return call() as Coroutine<T>;
    return startFunction(call, this, this.#plainAllowed);
  }

  #enter(): CoroutineObject<unknown> | null {
    const outer = running.frame;
    running.frame = this;
    return outer;
  }

  #leave(outer: CoroutineObject<unknown> | null, suspended: boolean): void {
    const task = running.task;
    const inner = suspended ? this : null;
    running.frame = outer;
    if (outer instanceof FunctionCoroutine) outer._inner = inner;
    else if (task !== null && task._coro !== this) task._inner = inner;
    if (!suspended) this._stage = CLOSED;
  }
}

/**
 * Call a function that may be async. What it returns at once, a promise, is waited for as a part of the current task; a coroutine or
 * awaitable is run in its place.
 */
function startFunction<T>(
  call: () => Started<T>,
  coro: CoroutineObject<T>,
  plainAllowed: boolean,
): Iterator<Suspension, T, unknown> {
  const task = running.task;
  const loop = running.loop;
  if (loop === null) throw new RuntimeError('no running event loop');
  const started: unknown = task === null ? call() : runAsTask(task, call);
  if (isAwaitable<T>(started)) return started[Symbol.iterator]();
  if (isPromiseLike<T>(started)) {
    loop._hop = true;
    return new InlineFuture<T>(loop, started)[Symbol.iterator]();
  }
  if (plainAllowed) return plain(started as T);
  throw new TypeError(
    `a coroutine was expected from ${coro.name}(), got ${describe(started)}: pass a generator or async function`,
  );
}

function* plain<T>(value: T): Coroutine<T> {
  return value;
}

const generatorFunctionPrototype: object = Object.getPrototypeOf(function* () {});
const generatorPrototype: Generator<never, never, unknown> = (
  generatorFunctionPrototype as { readonly prototype: never }
).prototype;
const asyncFunctionPrototype: object = Object.getPrototypeOf(async () => {});

/**
 * The generator's own `next` and `throw`. Called directly they cost a third of a lookup on the object: each generator function, each closure even,
 * gives its generators a prototype of their own, so that a lookup soon misses every cache.
 */
export const generatorNext: (this: unknown, value?: unknown) => IteratorResult<Suspension, never> =
  generatorPrototype.next as never;
export const generatorThrow: (this: unknown, error: unknown) => IteratorResult<Suspension, never> =
  generatorPrototype.throw as never;

const hasPrototype = Object.prototype.isPrototypeOf;

/** Is `value` the generator of a generator function? */
export function isGenerator(value: unknown): value is Coroutine<unknown> {
  return hasPrototype.call(generatorPrototype, value as object);
}

/** Is `fn` written as `function*`? */
export function isGeneratorFunction(fn: unknown): boolean {
  return typeof fn === 'function' && Object.getPrototypeOf(fn) === generatorFunctionPrototype;
}

/** The functions that `coroutine()` made. */
const wrapped = new WeakSet<object>();

/** Does calling `fn` give a coroutine: a generator function, an async function, or what `coroutine()` made? */
export function isCoroutineFunction(fn: unknown): boolean {
  if (typeof fn !== 'function') return false;
  return isGeneratorFunction(fn) || Object.getPrototypeOf(fn) === asyncFunctionPrototype || wrapped.has(fn);
}

/** Is `value` a coroutine that a task can drive: a generator, or a lazy coroutine object? */
export function isCoroutine(value: unknown): value is Coroutine<unknown> | CoroutineObject<unknown> {
  if (isGenerator(value) || value instanceof CoroutineObject) return true;
  if (typeof value !== 'object' || value === null) return false;
  const it = value as Partial<Generator>;
  return (
    typeof it.next === 'function' &&
    typeof it.throw === 'function' &&
    typeof it[Symbol.iterator] === 'function'
  );
}

/** Can `value` be awaited with `yield*`: a coroutine, a future, or an object with both protocols? */
export function isAwaitable<T>(value: unknown): value is Awaitable<T> {
  if (isCoroutine(value)) return true;
  if (typeof value !== 'object' || value === null) return false;
  const candidate = value as Partial<Awaitable<T>>;
  return typeof candidate.then === 'function' && typeof candidate[Symbol.iterator] === 'function';
}

export function isPromiseLike<T>(value: unknown): value is PromiseLike<T> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  return typeof (value as Partial<PromiseLike<T>>).then === 'function';
}

/** What `coroutine()` makes of a function: the same parameters, and a lazy coroutine object instead of a generator or promise. */
export type CoroutineFunction<F> = F extends (...args: infer A) => infer R
  ? (...args: A) => CoroutineObject<ResultOf<R>>
  : never;

/**
 * Make a coroutine function of a generator function or an async function: calling it runs nothing and gives a lazy coroutine object, which
 * works with `yield*` and `await`, has a name, shows in `Task.printStack()`, and is reported if it is never awaited.
 *
 * ```ts
 * const greet = asyncio.coroutine(function* greet(name: string) {
 *   yield* asyncio.sleep(0.1);
 *   return `hello ${name}`;
 * });
 * ```
 */
export function coroutine<F extends (...args: never[]) => Started<unknown>>(fn: F): CoroutineFunction<F>;
export function coroutine<A extends readonly unknown[], T>(
  fn: (...args: A) => Started<T>,
): (...args: A) => CoroutineObject<T>;
export function coroutine(
  fn: (...args: never[]) => Started<unknown>,
): (...args: never[]) => CoroutineObject<unknown> {
  if (typeof fn !== 'function')
    throw new TypeError(`coroutine() needs a generator function or an async function, not ${describe(fn)}`);
  const make = function (this: unknown, ...args: never[]): CoroutineObject<unknown> {
    const coro = new FunctionCoroutine(fn, this, args);
    noteCreated(coro, running.loop);
    return coro;
  };
  Object.defineProperty(make, 'name', { value: fn.name, configurable: true });
  Object.defineProperty(make, 'length', { value: fn.length, configurable: true });
  wrapped.add(make);
  return make;
}

/**
 * The coroutine of something that can be started: itself, or what a coroutine function stands for. An async function starts with the
 * task's first step, a generator function is called now (which runs nothing).
 */
export function toCoroutine<T>(startable: CoroutineLike<T>): Coroutine<T> | CoroutineObject<T> {
  if (isCoroutine(startable)) return startable as Coroutine<T> | CoroutineObject<T>;
  if (typeof startable === 'function') {
    if (isGeneratorFunction(startable)) return startable() as Coroutine<T>;
    return new FunctionCoroutine<T>(startable as () => Started<T>, undefined, NONE);
  }
  throw new TypeError(`a coroutine was expected, got ${describe(startable)}${adviceFor(startable)}`);
}

function adviceFor(value: unknown): string {
  if (isPromiseLike(value)) {
    return ': it has already started, so no task can own it; pass the function itself (async () => ...), or use ensureFuture() or wrapFuture()';
  }
  return ': call a generator function, or pass a generator or async function';
}
