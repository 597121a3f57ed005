/**
 * Context variables: values that belong to a task, and are inherited by the tasks and callbacks it starts.
 *
 * A `Context` holds an immutable map and replaces it on `set`, so that copying one, which happens for each task and each callback, costs
 * one small object whatever it holds. Source: Python docs, "contextvars"; PEP 567.
 */
import { asyncTask } from './async-scope.ts';
import { KeyError, LookupError, RuntimeError, ValueError } from './errors.ts';
import { running } from './running.ts';

const MISSING: unique symbol = Symbol('Token.MISSING');

/** What a context holds. It is never changed, only replaced, so sharing it is copying it. */
export type Values = ReadonlyMap<ContextVar<unknown>, unknown>;
const EMPTY: Values = new Map();

/**
 * A variable whose value depends on the context, in which it is read.
 *
 * ```ts
 * const requestId = new asyncio.ContextVar<string>('requestId', { default: 'none' });
 * const token = requestId.set('r1');
 * requestId.get(); // 'r1'
 * requestId.reset(token);
 * ```
 */
export class ContextVar<T> {
  readonly name: string;
  readonly #default: T | typeof MISSING;

  constructor(name: string, options?: { readonly default: T }) {
    if (typeof name !== 'string')
      throw new TypeError(`context variable name must be a string, not ${typeof name}`);
    this.name = name;
    this.#default = options !== undefined && 'default' in options ? options.default : MISSING;
  }

  /**
   * The value in the current context; where there is none, `fallback`, else the variable's default.
   * @throws {LookupError} where there is no value, no fallback and no default.
   */
  get(): T;
  get<F>(fallback: F): T | F;
  get(...fallback: [] | [unknown]): unknown {
    const values = currentValues();
    const value = values.get(this as ContextVar<unknown>);
    if (value !== undefined || values.has(this as ContextVar<unknown>)) return value;
    if (fallback.length > 0) return fallback[0];
    if (this.#default !== MISSING) return this.#default;
    throw new LookupError(`${this}: has no value in this context; set one, or give the variable a default`);
  }

  /** Set the value in the current context. The token takes it back through `reset`, or at the end of a `using` block. */
  set(value: T): Token<T> {
    const context = currentContext();
    const key = this as ContextVar<unknown>;
    const old = context._values.has(key) ? (context._values.get(key) as T) : MISSING;
    const values = new Map(context._values);
    values.set(key, value);
    context._values = values;
    return new Token<T>(this, old, context);
  }

  /**
   * Give the variable the value that it had before the `set` which made `token`.
   * @throws {ValueError} where the token belongs to another variable or was made in another context.
   * @throws {RuntimeError} where the token has been used.
   */
  reset(token: Token<T>): void {
    if (!(token instanceof Token))
      throw new TypeError('expected an instance of Token: what ContextVar.set() returned');
    token._restore(this);
  }

  toString(): string {
    return `<ContextVar name='${this.name}'>`;
  }
}

/** What `ContextVar.set` returns: how to take the value back. Disposable, so `using token = variable.set(value)` does it by itself. */
export class Token<T> {
  /** Stands for "had no value" in `oldValue`. */
  static readonly MISSING: typeof MISSING = MISSING;
  readonly var: ContextVar<T>;
  readonly oldValue: T | typeof MISSING;
  readonly #context: Context;
  #used = false;

  /** @internal */
  constructor(variable: ContextVar<T>, oldValue: T | typeof MISSING, context: Context) {
    this.var = variable;
    this.oldValue = oldValue;
    this.#context = context;
  }

  /** @internal */
  _restore(variable: ContextVar<T>): void {
    if (this.#used) throw new RuntimeError(`${this} has already been used once`);
    if (this.var !== variable) throw new ValueError(`${this} was created by a different ContextVar`);
    const context = currentContext();
    if (this.#context !== context) throw new ValueError(`${this} was created in a different Context`);
    this.#used = true;
    const values = new Map(context._values);
    if (this.oldValue === MISSING) values.delete(variable as ContextVar<unknown>);
    else values.set(variable as ContextVar<unknown>, this.oldValue);
    context._values = values;
  }

  [Symbol.dispose](): void {
    this.var.reset(this);
  }

  toString(): string {
    return `<Token var=${this.var}>`;
  }
}

/** A mapping of context variables to values. Tasks and callbacks each run in one. */
export class Context {
  /** @internal */
  _values: Values;
  #entered = false;

  constructor() {
    this._values = EMPTY;
  }

  /** @internal */
  static _of(values: Values): Context {
    const context = new Context();
    context._values = values;
    return context;
  }

  /** Run `fn` in this context; what it sets stays here. */
  run<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): R {
    const entered = this.#entered || running.context === this;
    if (entered || (running.context === null && asyncTask()?._context === this)) {
      throw new RuntimeError(
        'cannot enter context: it is already entered; run in a copy of it (context.copy())',
      );
    }
    const outer = running.context;
    this.#entered = true;
    running.context = this;
    try {
      return fn(...args);
    } finally {
      running.context = outer;
      this.#entered = false;
    }
  }

  /** A context with the same values, which the two then change apart. */
  copy(): Context {
    return Context._of(this._values);
  }

  /** The value of `variable` here, else `fallback`. */
  get<T>(variable: ContextVar<T>): T | undefined;
  get<T, F>(variable: ContextVar<T>, fallback: F): T | F;
  get(variable: ContextVar<unknown>, fallback?: unknown): unknown {
    return this._values.has(variable) ? this._values.get(variable) : fallback;
  }

  /**
   * The value of `variable` here; Python's `context[variable]`.
   * @throws {KeyError} where it has none.
   */
  at<T>(variable: ContextVar<T>): T {
    if (!this._values.has(variable as ContextVar<unknown>)) throw new KeyError(String(variable));
    return this._values.get(variable as ContextVar<unknown>) as T;
  }

  has<T>(variable: ContextVar<T>): boolean {
    return this._values.has(variable as ContextVar<unknown>);
  }

  get size(): number {
    return this._values.size;
  }

  keys(): IterableIterator<ContextVar<unknown>> {
    return this._values.keys();
  }

  values(): IterableIterator<unknown> {
    return this._values.values();
  }

  items(): IterableIterator<[ContextVar<unknown>, unknown]> {
    return this._values.entries();
  }

  [Symbol.iterator](): IterableIterator<ContextVar<unknown>> {
    return this._values.keys();
  }
}

const base = new Context();

/**
 * The context of what runs now: of the step or callback on the stack, of the task whose `await` went on, else the program's own.
 *
 * A step or callback starts with bare values, shared with its creator; it gets a context of its own the first time that someone asks for it.
 */
export function currentContext(): Context {
  const now = running.context;
  if (now instanceof Context) return now;
  if (now === null) return asyncTask()?.getContext() ?? base;
  const { task } = running;
  // In a step the task's own context is meant, which someone else may have asked for meanwhile.
  const context = task?._context instanceof Context ? task._context : Context._of(now);
  if (task !== null) task._context = context;
  running.context = context;
  return context;
}

/** The values of the current context. */
export function currentValues(): Values {
  const now = running.context ?? asyncTask()?._context ?? base;
  return now instanceof Context ? now._values : now;
}

/** A copy of the current context. */
export function copyContext(): Context {
  return Context._of(currentValues());
}

/**
 * Call `fn` with two arguments in `context`, which may be entered already: for what happens on a connection or to a process, outside of any step.
 * Unlike `Context.run` it costs two stores and allocates nothing.
 */
export function callInContext<A, B, R>(context: Context, fn: (a: A, b: B) => R, a: A, b: B): R {
  const outer = running.context;
  running.context = context;
  try {
    return fn(a, b);
  } finally {
    running.context = outer;
  }
}
