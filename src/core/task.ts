/**
 * `Task`: a coroutine that the loop drives.
 *
 * A task is itself an entry of the ready queue: being woken allocates nothing. It has one door, `_step(throwing, error)`, for value, error
 * and cancellation; everything that a task can do between two suspensions goes through it. Who may touch its fields:
 * - `_waiter`: the future it is suspended on. Set in `#suspend`, cleared in `_run`; read by `cancel` and by those who look on.
 * - `_mustCancel`: a cancellation that the coroutine has not been told of. Set by `cancel`, on the task where nothing that it awaits could be
 *   cancelled, and on each of its strands that gives way; cleared by the step, of the task or of such a strand, that delivers it, and by
 *   `uncancel`. Its message stands in `_value` meanwhile.
 * - `_cancelRequests`: raised by `cancel`, lowered by `uncancel`, and by nothing else.
 * - `_strands`: what its async functions await now (see `thenable.ts`); only strands themselves add and remove.
 *
 * Order is part of the contract, and it is CPython's: the first step runs in the next iteration, one step a wake-up, a wake-up in the
 * iteration after the one that completed the awaited future. Source: Python docs, "Coroutines and Tasks", "Task Object".
 */

import { type AsyncScope, asyncTask, captureScopeUnless } from './async-scope.ts';
import type { Coroutine, Suspension } from './awaitable.ts';
import { badSuspension } from './bad-suspension.ts';
import { Context, currentContext, currentValues, type Values } from './context.ts';
import {
  CoroutineObject,
  FunctionCoroutine,
  generatorNext,
  generatorThrow,
  isCoroutine,
  isGenerator,
} from './coroutine.ts';
import { CancelledError, isExit, RuntimeError } from './errors.ts';
import { CANCELLED, FAILED, FINISHED, Future, PENDING } from './future.ts';
import type { Entry } from './handle.ts';
import { InlineFuture } from './inline.ts';
import { describe } from './repr.ts';
import { running } from './running.ts';
import type { Scheduler } from './scheduler.ts';
import { noteSuspension, suspensionOf } from './sources.ts';
import { framesOf, parseStack, type StackFrame, writeStack } from './stack.ts';

/** Options of a new task. */
export interface TaskOptions {
  /** The name; `Task-1`, `Task-2`, ... by default. */
  readonly name?: string | undefined;
  /** The context to run in; by default a copy of the current one. */
  readonly context?: Context | undefined;
  /** Run the first step at once, on the caller's stack. */
  readonly eagerStart?: boolean | undefined;
}

/** What the constructor takes: the loop besides, and for a strand, which is not listed and starts when it is told to, its surroundings. */
interface ConstructorOptions extends TaskOptions {
  readonly loop?: Scheduler | undefined;
  /** @internal The async context of its creation, where that is known. */
  readonly scope?: AsyncScope | null;
  /** @internal */
  readonly strand?: { readonly context: Context | undefined; readonly scope: AsyncScope };
}

let lastNumber = 0;

export class Task<T> extends Future<T> implements Entry {
  /** @internal */
  readonly _coro: Coroutine<T> | CoroutineObject<T>;
  /** @internal */
  _context: Context | Values;
  /** @internal */
  _waiter: Future<unknown> | null = null;
  /** @internal */
  _mustCancel = false;
  /** @internal */
  _cancelRequests = 0;
  /** @internal Neighbours in the loop's list of tasks. */
  _previous: Task<unknown> | null = null;
  /** @internal */
  _next: Task<unknown> | null = null;
  /** @internal The tracked coroutine that the task's own, untracked one waits for. */
  _inner: CoroutineObject<unknown> | null = null;
  readonly #isGenerator: boolean;
  #name: string | number;
  #scope: AsyncScope | null;
  /** What async functions and host APIs need of it. */
  #native: { strands: Set<Task<unknown>> | null; controller: AbortController | null } | null = null;

  /**
   * Make tasks with `createTask`, `TaskGroup.createTask` or `loop.createTask`; the constructor is for task factories.
   * @throws {TypeError} where `coro` is no coroutine.
   */
  constructor(coro: Coroutine<T> | CoroutineObject<T>, options: ConstructorOptions = {}) {
    super(options);
    if (!isCoroutine(coro)) throw new TypeError(`a coroutine was expected, got ${describe(coro)}`);
    const { name, context, eagerStart, strand, scope } = options;
    this._coro = coro instanceof CoroutineObject && !coro._adopt() ? refused(coro) : coro;
    this.#isGenerator = isGenerator(this._coro);
    if (strand !== undefined) {
      this.#name = 0;
      this.#scope = strand.scope;
      this._context = strand.context ?? currentContext();
      return;
    }
    this.#name = name ?? ++lastNumber;
    this._context = context ?? currentValues();
    this.#scope = scope === undefined ? captureScopeUnless(this._loop._home) : scope;
    if (eagerStart === true && this._loop.isRunning()) {
      this.#startEagerly();
    } else {
      this._loop._registerTask(this);
      this._loop._enqueueChecked(this);
    }
  }

  /** @internal The task whose steps these are: itself, but for a strand. */
  get _owner(): Task<unknown> | null {
    return this as Task<unknown>;
  }

  /** The name of the task. */
  getName(): string {
    return typeof this.#name === 'string' ? this.#name : `Task-${this.#name}`;
  }

  setName(name: string): void {
    this.#name = String(name);
  }

  /** The coroutine that the task drives. */
  getCoro(): Coroutine<T> | CoroutineObject<T> {
    return this._coro;
  }

  /** The context that the task runs in. */
  getContext(): Context {
    const own = this._context;
    if (own instanceof Context) return own;
    const context = Context._of(own);
    this._context = context;
    if (running.task === (this as Task<unknown>) && running.context === own) running.context = context;
    return context;
  }

  /**
   * A signal that aborts when the task is cancelled, made on first use: give it to `fetch` and its like.
   * A task that is un-cancelled gets a new signal.
   */
  get signal(): AbortSignal {
    this.#native ??= { strands: null, controller: null };
    this.#native.controller ??= new AbortController();
    if (this._cancelRequests > 0) this.#abort();
    return this.#native.controller.signal;
  }

  /**
   * Ask the task to end: a `CancelledError` is thrown where it waits, or at its next suspension. It may clean up, and it may refuse.
   * @param message given to the `CancelledError`.
   * @returns false where the task is done.
   */
  override cancel(message?: unknown): boolean {
    if (this._state !== PENDING) {
      this._markRetrieved();
      return false;
    }
    // Down the tasks that wait for one another, without using the stack for it: such a chain can be long.
    const asked: Task<unknown>[] = [this as Task<unknown>];
    let seen: Set<Task<unknown>> | null = null;
    for (let task = asked.pop(); task !== undefined; task = asked.pop()) {
      task.#request();
      let reached = false;
      for (const part of task.#suspendedParts()) {
        const waiter = part._waiter as Future<unknown>;
        if (!(waiter instanceof Task && waiter.cancel === Task.prototype.cancel)) {
          reached = waiter.cancel(message) || reached;
        } else if (waiter._state === PENDING) {
          seen ??= new Set();
          seen.add(task);
          if (seen.has(waiter) && waiter._leadsTo(task)) part.#tellNow(message);
          else asked.push(waiter as Task<unknown>);
          reached = true;
        }
      }
      for (const part of task.#native?.strands ?? []) if (part._hasGivenWay) part.#owe(message);
      if (!reached) task.#owe(message);
    }
    return true;
  }

  /** Remember a cancellation until the next step or suspension. What gives way, or runs, can be told no sooner. */
  #owe(message: unknown): void {
    this._mustCancel = true;
    this._value = message ?? undefined;
  }

  /** It waits in a circle of tasks, which nothing but this can end: wait no more. */
  #tellNow(message: unknown): void {
    this._waiter?._removeWaiter(this);
    this._waiter = null;
    this.#owe(message);
    this._loop._enqueue(this);
  }

  #cancelDelivered(): void {
    this._mustCancel = false;
    if (this._owner !== null) this._owner._mustCancel = false;
  }

  /** How many requests to cancel are pending: calls of `cancel()` less calls of `uncancel()`. */
  cancelling(): number {
    return this._cancelRequests;
  }

  /** Take back one request to cancel, after the `CancelledError` was caught on purpose. @returns how many remain. */
  uncancel(): number {
    if (this._cancelRequests > 0) {
      this._cancelRequests--;
      if (this._cancelRequests === 0) {
        this._mustCancel = false;
        if (this.#native !== null) {
          this.#native.controller = null;
          for (const strand of this.#native.strands ?? []) strand._mustCancel = false;
        }
      }
    }
    return this._cancelRequests;
  }

  /** Tasks get their result from their coroutine: this throws a `RuntimeError`. */
  override setResult(_result: T): never {
    throw new RuntimeError('Task does not support setResult(): return from its coroutine instead');
  }

  /** Tasks get their exception from their coroutine: this throws a `RuntimeError`. */
  override setException(_exception: unknown): never {
    throw new RuntimeError(
      'Task does not support setException(): throw from its coroutine, or cancel() the task',
    );
  }

  /**
   * The coroutines that are suspended in this task, outermost first; for one that runs, its call stack; for one that failed, where.
   * With debug mode on, each frame has the file and line where it is suspended; without it, coroutines made by `coroutine()` are shown by name.
   */
  getStack(options: { readonly limit?: number | undefined } = {}): StackFrame[] {
    const frames = this.#frames();
    const { limit } = options;
    if (limit === undefined) return frames;
    return this._state === PENDING ? frames.slice(-limit) : frames.slice(0, limit);
  }

  /** Print the stack to `file`, by default the standard error output. */
  printStack(
    options: { readonly limit?: number | undefined; readonly file?: { write(text: string): unknown } } = {},
  ): void {
    const title =
      this._state === FAILED ? 'Traceback for' : this._state === PENDING ? 'Stack for' : 'No stack for';
    writeStack(`${title} ${this}`, this.getStack(options), options.file);
  }

  #frames(): StackFrame[] {
    if (this._state === FAILED)
      return this._value instanceof Error ? parseStack(this._value.stack).reverse() : [];
    if (this._state !== PENDING) return [];
    if (running.task === (this as Task<unknown>)) return parseStack(new Error().stack).reverse();
    return this.#suspendedFrames();
  }

  /** Its own coroutines, and those that its async functions await. */
  #suspendedFrames(): StackFrame[] {
    const tracked = framesOf(this._coro instanceof FunctionCoroutine ? this._coro : this._inner);
    const suspendedAt = this._waiter === null ? undefined : suspensionOf(this);
    const frames = suspendedAt === undefined ? tracked : parseStack(suspendedAt).reverse();
    const innermost = tracked.at(-1);
    // An async function that awaits has left the stack; it is known by name if at all.
    if (suspendedAt !== undefined && this._waiter instanceof InlineFuture && innermost !== undefined)
      frames.push(innermost);
    for (const strand of this.#native?.strands ?? []) frames.push(...strand.#suspendedFrames());
    return frames;
  }

  /** @internal Called by the ready queue, and by what this task waits for inline. */
  _run(): void {
    const waiter = this._waiter;
    this._waiter = null;
    let throwing = false;
    let error: unknown;
    if (waiter !== null && waiter._state !== FINISHED) {
      throwing = true;
      error = waiter._state === CANCELLED ? waiter._makeCancelledError() : waiter._retrieve();
    }
    // The end of an async function is no suspension: what it returned or threw comes first.
    const debtor = this._mustCancel ? this : (this._owner ?? this);
    if (debtor._mustCancel && !(waiter instanceof InlineFuture)) {
      if (!(throwing && error instanceof CancelledError)) {
        throwing = true;
        error = debtor._makeCancelledError();
      }
      this.#cancelDelivered();
    }
    this._step(throwing, error);
  }

  /** @internal The one door: go on with the coroutine, to its next suspension or its end. */
  _step(throwing: boolean, error: unknown): void {
    // Each step has the async context of the task, and what it changes of that (enterWith) stays with it.
    const scope = this.#scope ?? this._loop._home;
    if (scope === null) this.#advance(throwing, error);
    else scope.runInAsyncScope(this.#advance, this, throwing, error);
  }

  #advance(throwing: boolean, error: unknown): void {
    const outerTask = running.task;
    const outerContext = running.context;
    const outerFrame = running.frame;
    const context = this._context;
    running.task = this._owner;
    running.context = context;
    running.frame = null;
    let step: IteratorResult<Suspension, T> | null = null;
    let thrown: unknown;
    try {
      if (this.#isGenerator) {
        step = throwing ? generatorThrow.call(this._coro, error) : generatorNext.call(this._coro, undefined);
      } else step = throwing ? this._coro.throw(error) : this._coro.next(undefined);
    } catch (problem) {
      thrown = problem;
    }
    // The step may have asked for a context of its own.
    if (running.context !== context) this._context = running.context as Context;
    running.task = outerTask;
    running.context = outerContext;
    running.frame = outerFrame;
    if (step === null) this._threw(thrown);
    else if (step.done === true) this._returned(step.value);
    else this.#suspend(step.value);
  }

  #suspend(suspension: Suspension | undefined): void {
    if (suspension === null || suspension === undefined) {
      this._giveWay();
    } else if (
      suspension instanceof Future &&
      suspension === running.awaited &&
      suspension._loop === this._loop &&
      !this.#isSelf(suspension)
    ) {
      running.awaited = null;
      this._waiter = suspension;
      if (this._loop._debug) noteSuspension(this, running.awaitedAt);
      suspension._addWaiter(this);
      // A cancellation that is owed is delivered where the task waits now; an async function passes it on to what it awaits next.
      const debtor = this._mustCancel ? this : (this._owner ?? this);
      if (debtor._mustCancel && suspension.cancel(debtor._value)) this.#cancelDelivered();
    } else {
      // The coroutine is told in the next iteration, as if it had waited for a future that failed.
      this._waiter = Object.assign(new Future<never>({ loop: this._loop }), {
        _state: FAILED,
        _value: badSuspension(this._owner ?? this, this._loop, suspension),
      });
      this._loop._enqueue(this);
    }
  }

  /** @internal Go on in the next iteration. */
  _giveWay(): void {
    this._loop._enqueue(this);
  }

  /** @internal Is it a strand that waits for the next iteration, and for nothing else? */
  get _hasGivenWay(): boolean {
    return false;
  }

  #isSelf(future: Future<unknown>): boolean {
    return future === (this._owner as Future<unknown>);
  }

  /** @internal The coroutine returned. */
  _returned(value: T): void {
    this._loop._unregisterTask(this);
    if (this._mustCancel) {
      this._mustCancel = false;
      super.cancel(this._value);
    } else {
      this._complete(FINISHED, value);
    }
  }

  /** @internal The coroutine threw. */
  _threw(error: unknown): void {
    this._loop._unregisterTask(this);
    if (error instanceof CancelledError) {
      // Whoever asks first gets this very error.
      this._complete(CANCELLED, error);
    } else {
      this._fail(error);
      if (isExit(error)) throw error;
    }
  }

  override _makeCancelledError(): CancelledError {
    const error = this._value;
    if (this._state !== CANCELLED || !(error instanceof CancelledError)) return super._makeCancelledError();
    this._value = undefined;
    return error;
  }

  #startEagerly(): void {
    this._loop._registerTask(this);
    this._step(false, undefined);
  }

  #request(): void {
    this._cancelRequests++;
    if (this.#native !== null) this.#abort();
  }

  #abort(): void {
    this.#native?.controller?.abort(new CancelledError('the task was cancelled'));
  }

  /** @internal */
  _addStrand(strand: Task<unknown>): void {
    this.#native ??= { strands: null, controller: null };
    this.#native.strands ??= new Set();
    this.#native.strands.add(strand);
  }

  /** @internal */
  _removeStrand(strand: Task<unknown>): void {
    this.#native?.strands?.delete(strand);
  }

  /** @internal What the task waits for: its own future, or what its async functions await. */
  _waitsFor(): Future<unknown>[] {
    return this.#suspendedParts().map((part) => part._waiter as Future<unknown>);
  }

  /** Itself and its strands, as far as they are suspended. Where one waits for an async function, that function's own strands are where it waits. */
  #suspendedParts(): Task<unknown>[] {
    const parts: Task<unknown>[] = [];
    for (const part of this.#native?.strands ?? []) if (part.#isSuspended()) parts.push(part);
    if (this.#isSuspended()) parts.push(this as Task<unknown>);
    return parts;
  }

  #isSuspended(): boolean {
    return this._waiter !== null && !(this._waiter instanceof InlineFuture);
  }

  /** @internal Does the task wait for `other`, be it through other tasks? */
  _leadsTo(other: Task<unknown>): boolean {
    const found = new Set<Future<unknown>>([this as Task<unknown>]);
    for (const future of found) {
      if (future === other) return true;
      if (future instanceof Task) for (const waiter of future._waitsFor()) found.add(waiter);
    }
    return false;
  }

  /** @internal Does an async function of this task await something of the host, and nothing of the library? */
  _waitsForHost(): boolean {
    const strands = [...(this.#native?.strands ?? [])];
    // Each async function that runs is waited for here or by a strand, and has a strand for what it awaits of the library.
    const calls = [this, ...strands].filter(({ _waiter }) => _waiter instanceof InlineFuture);
    return calls.length > strands.length;
  }

  override _describeState(): string {
    const state = super._describeState();
    const cut = state.indexOf(' ');
    const [word, rest] = cut < 0 ? [state, ''] : [state.slice(0, cut), state.slice(cut)];
    const shown = this._state === PENDING && this._cancelRequests > 0 ? 'cancelling' : word;
    const coro = this._coro instanceof CoroutineObject ? this._coro.name : '<generator>';
    const [waiter] = this._waitsFor();
    const waits =
      waiter === undefined ? '' : ` waitFor=<${waiter.constructor.name} ${STATES[waiter._state]}>`;
    return `${shown} name='${this.getName()}' coro=${coro}${waits}${rest}`;
  }
}

/** Driving a coroutine that someone else drives fails at the first step, as in Python. */
function* refused<T>(coro: CoroutineObject<T>): Coroutine<T> {
  throw coro._reused();
}

const STATES = ['pending', 'cancelled', 'finished', 'finished'];

/** The task that is running, or `null` outside of any; with `loop`, only a task of that loop. */
export function currentTask(loop?: Scheduler | null): Task<unknown> | null {
  const task = running.task ?? asyncTask();
  const wanted = loop ?? running.loop;
  if (wanted === null) throw new RuntimeError('no running event loop');
  return task !== null && task._loop === wanted ? task : null;
}
