/**
 * The scheduler: ready queue, timers, debugging and error reports; all of an event loop but the outside world.
 *
 * One iteration, which `turn` runs and which is CPython's: the timers that are due join the ready queue; what is in the queue at that
 * moment runs; what is added meanwhile waits for the next iteration.
 *
 *     turn ──> [ due timers -> ready ] ──> run the entries that were ready ──> stopped? ──> more ready? ──┐
 *               ^                            │ an entry resumed an async function:                         │
 *               │                            └─> leave the stack, so that its continuations run (HOP)      │
 *               └───────────────────────────────────────────── within the budget of time ─────────────────┘
 *
 * An iteration can be left in the middle and taken up again. That is how the order of effects is the same for async functions, which go on in
 * microtasks, as for generators: after each entry that resumed an async function the microtasks are drained before the next entry
 * runs. The scheduler imports no I/O; a `Reactor` gives it the time and calls `turn`.
 * Source: Python docs, "Event Loop".
 */
import { type AsyncScope, captureScope, captureScopeUnless } from './async-scope.ts';
import type { Awaitable, Coroutine, CoroutineLike, Waitable } from './awaitable.ts';
import type { Context } from './context.ts';
import {
  type CoroutineObject,
  isCoroutine,
  isCoroutineFunction,
  LazyCoroutine,
  toCoroutine,
} from './coroutine.ts';
import { ensureFutureOn } from './ensure-future.ts';
import { ErrorReports, type ExceptionContext, type ExceptionHandler } from './error-reports.ts';
import { DeadlockError, isExit, RuntimeError, ValueError } from './errors.ts';
import { Failures } from './failures.ts';
import { Future } from './future.ts';
import { formatAwaitGraph } from './graph.ts';
import { type Callback, type Entry, Handle, TimerHandle } from './handle.ts';
import { reportUnawaited } from './never-awaited.ts';
import { AGAIN, type Driven, HOP, type Next, type Reactor, STOPPED } from './reactor.ts';
import { ReadyQueue } from './ready.ts';
import { describe } from './repr.ts';
import { running } from './running.ts';
import { sourceOf } from './sources.ts';
import { captureStack } from './stack.ts';
import { Strand } from './strand.ts';
import { Task, type TaskOptions } from './task.ts';
import { type Timed, TimerHeap } from './timers.ts';
import { warn } from './warn.ts';

/** Timers due within this many seconds from now count as due: the resolution of the clock. */
const CLOCK_RESOLUTION = 1e-9;
/** How long one turn may take, in milliseconds, before the host's own events get their chance. */
const BUDGET = 1;
/** How many entries run between two looks at the clock; a power of two. */
const ENTRIES_PER_LOOK = 64;

/** Makes the tasks of a loop: gets the loop, the coroutine, and the options given to `createTask`. */
export type TaskFactory = <T>(
  loop: Scheduler,
  coro: Coroutine<T> | CoroutineObject<T>,
  options: TaskOptions,
) => Task<T>;

/** What the loop needs of an executor: see `setDefaultExecutor`. */
export interface ExecutorLike {
  submit(fn: (...args: never[]) => unknown, ...args: unknown[]): PromiseLike<unknown>;
  shutdown(options?: { readonly wait?: boolean; readonly cancelFutures?: boolean }): unknown;
}

/** What `shutdownAsyncgens` closes: an async iterator with `return`. */
type Closable = AsyncIterator<unknown> & { return(): PromiseLike<unknown> };

const debugByDefault: boolean =
  ((globalThis as { process?: { env?: Record<string, string> } }).process?.env?.['ASYNCIO_DEBUG'] ?? '') !==
  '';

export class Scheduler implements Driven {
  /** In debug mode, callbacks and steps that take at least this long, in seconds, are reported. */
  slowCallbackDuration = 0.1;
  /** @internal */
  readonly _reactor: Reactor;
  /** @internal */
  readonly _failures: Failures = new Failures(this);
  /** @internal */
  _debug: boolean = debugByDefault;
  /** @internal An entry resumed an async function: drain the microtasks before the next entry. */
  _hop = false;
  /** @internal How many native async functions run as parts of tasks. */
  _asyncCalls = 0;
  /** @internal How many wrapped promises are waited for. */
  _foreign = 0;
  /** @internal The async context that turns run in. */
  _home: AsyncScope | null = null;

  /** The options of a task that was given none. */
  readonly #plain = { loop: this };
  readonly #ready = new ReadyQueue();
  readonly #timers = new TimerHeap();
  readonly #reports: ErrorReports = new ErrorReports(this);
  readonly #asyncgens = new Set<Closable>();
  #left = 0;
  #iterating = false;
  #parked = false;
  #stopping = false;
  #closed = false;
  #runs = false;
  #waitedFor: Future<unknown> | null = null;
  #fatal: { readonly error: unknown } | null = null;
  #firstTask: Task<unknown> | null = null;
  #taskFactory: TaskFactory | null = null;
  #executor: ExecutorLike | null = null;
  #executorShutDown = false;

  constructor(reactor: Reactor) {
    this._reactor = reactor;
  }

  // ---- running ------------------------------------------------------------------------------------------------------------------

  /** Run until `stop()`. @throws {RuntimeError} at once, where this or another loop runs already, or this one is closed. */
  runForever(): Promise<void> {
    this.#begin();
    return new Promise<void>((resolve, reject) => {
      this._reactor.start(this, (failure) => {
        this.#end();
        if (failure === undefined) resolve();
        else reject(failure.error);
      });
    });
  }

  /**
   * Run until `awaitable` is done, and give its result.
   * @throws {RuntimeError} at once, where this or another loop runs already, or this one is closed.
   */
  runUntilComplete<T>(awaitable: Waitable<T>): Promise<T> {
    this.#checkClosed();
    this.#checkNotRunning();
    const future = this.#runTarget(awaitable);
    const owned = !isSame(future, awaitable);
    return this.runForever().then(
      () => this.#outcome(future),
      (error: unknown) => {
        this.#abandon(future, owned);
        throw error;
      },
    );
  }

  /**
   * Run until `coro` is done, without returning to the host: as Python's `run_until_complete`, it blocks and gives the result. Async functions
   * and promises cannot make progress meanwhile, so only generator coroutines run here.
   * @throws {NotImplementedError} where the loop's reactor cannot block.
   */
  _runBlocking<T>(awaitable: Waitable<T>, block: (driven: Driven) => void): T {
    this.#checkClosed();
    this.#checkNotRunning();
    const future = this.#runTarget(awaitable);
    this.#begin();
    try {
      block(this);
    } catch (error) {
      this.#abandon(future, !isSame(future, awaitable));
      throw error;
    } finally {
      this.#end();
    }
    return this.#outcome(future);
  }

  /** Is the loop running? */
  isRunning(): boolean {
    return this.#runs;
  }

  /** Was the loop closed? */
  isClosed(): boolean {
    return this.#closed;
  }

  /** Stop the loop at the end of this iteration. */
  stop(): void {
    this.#stopping = true;
    this.#unpark();
  }

  /**
   * Close the loop: what is still scheduled is dropped, and what was lost on the way (exceptions nobody asked for, pending tasks) is reported.
   * @throws {RuntimeError} while the loop runs.
   */
  close(): void {
    if (this.#runs) throw new RuntimeError('Cannot close a running event loop: stop() it first');
    if (this.#closed) return;
    this._failures.reportAll();
    reportUnawaited(this);
    for (const task of this._tasks()) {
      this.callExceptionHandler({ message: 'Task was destroyed but it is pending!', task });
    }
    this.#closed = true;
    this.#ready.clear();
    this.#timers.clear();
    this.#firstTask = null;
    this.#executorShutDown = true;
    this.#executor?.shutdown({ wait: false });
    this.#executor = null;
    this._reactor.close();
  }

  #begin(): void {
    this.#checkClosed();
    this.#checkNotRunning();
    this.#runs = true;
    running.loop = this;
    this._home = captureScope();
  }

  #end(): void {
    this.#runs = false;
    this.#parked = false;
    this.#stopping = false;
    this.#fatal = null;
    running.loop = null;
    this._failures.settle();
  }

  #checkNotRunning(): void {
    if (this.#runs) throw new RuntimeError('This event loop is already running');
    if (running.loop !== null)
      throw new RuntimeError('Cannot run the event loop while another loop is running');
  }

  /** @internal */
  _checkClosed(): void {
    this.#checkClosed();
  }

  #checkClosed(): void {
    if (this.#closed) throw new RuntimeError('Event loop is closed');
  }

  #runTarget<T>(awaitable: Waitable<T>): Future<T> {
    const future = ensureFutureOn(this, awaitable);
    this.#waitedFor = future;
    future.addDoneCallback(this.#stopWhenDone);
    return future;
  }

  readonly #stopWhenDone = (future: Future<unknown>): void => {
    if (!future.cancelled() && isExit(future.exception())) return;
    this.stop();
  };

  #outcome<T>(future: Future<T>): T {
    future.removeDoneCallback(this.#stopWhenDone);
    this.#waitedFor = null;
    if (!future.done()) throw new RuntimeError('Event loop stopped before Future completed.');
    return future.result();
  }

  #abandon(future: Future<unknown>, owned: boolean): void {
    future.removeDoneCallback(this.#stopWhenDone);
    this.#waitedFor = null;
    // The error that ended the run may be the one of this very task: it has been told.
    if (owned) future._markRetrieved();
  }

  // ---- a turn -------------------------------------------------------------------------------------------------------------------

  /** @internal For the reactor: run what is ready. */
  turn(): Next {
    const home = this._home;
    return home === null ? this.#turn() : home.runInAsyncScope(this.#turn, this);
  }

  #turn(): Next {
    this.#parked = false;
    const ready = this.#ready;
    const end = performance.now() + BUDGET;
    let untilLook = ENTRIES_PER_LOOK;
    for (;;) {
      if (this.#fatal !== null) throw this.#fatal.error;
      if (!this.#iterating) {
        if (this.#timers.size > 0) this.#collectDue();
        if (ready.size === 0 && !this.#stopping) return this.#park();
        this.#left = ready.size;
        this.#iterating = true;
      }
      while (this.#left > 0) {
        this.#left--;
        const entry = ready.shift();
        if (this._debug) this.#runTimed(entry);
        else entry._run();
        if (this._hop) {
          this._hop = false;
          return HOP;
        }
        if (--untilLook === 0) {
          untilLook = ENTRIES_PER_LOOK;
          if (performance.now() > end) return AGAIN;
        }
      }
      this.#iterating = false;
      if (this.#stopping) return STOPPED;
      // Continuations that this iteration made ready through promises of the user's own belong to it as well.
      if (this._asyncCalls > 0 && ready.size > 0) return HOP;
    }
  }

  #park(): Next {
    this._failures.settle();
    this.#parked = true;
    return this.#timers.deadline();
  }

  #unpark(): void {
    if (!this.#parked) return;
    this.#parked = false;
    this._reactor.wake();
  }

  #collectDue(): void {
    const end = this._reactor.time() + CLOCK_RESOLUTION;
    for (let timer = this.#timers.shiftDue(end); timer !== null; timer = this.#timers.shiftDue(end))
      this.#ready.push(timer);
  }

  #runTimed(entry: Entry): void {
    const start = performance.now();
    // What it is must be told as it was before it ran: afterwards a handle may have been emptied.
    const what = entry instanceof Handle || entry instanceof Task ? entry : null;
    entry._run();
    const seconds = (performance.now() - start) / 1000;
    if (seconds < this.slowCallbackDuration) return;
    const origin = what === null ? undefined : sourceOf(what);
    const source = origin === undefined ? '' : `\n  created at\n${origin}`;
    warn(`Executing ${what ?? 'a callback'} took ${seconds.toFixed(3)} seconds${source}`, 'RuntimeWarning');
  }

  /** @internal Run an entry now, outside of the ready queue; what it throws ends the run. */
  _runNow(entry: Entry): void {
    try {
      entry._run();
    } catch (error) {
      this.#fatal = { error };
      this.#unpark();
    }
  }

  /** @internal Put an entry into the ready queue. */
  _enqueue(entry: Entry): void {
    this.#ready.push(entry);
    if (this.#parked) this.#unpark();
  }

  /** @internal The same, where the loop may be closed. */
  _enqueueChecked(entry: Entry): void {
    if (this.#closed) this.#checkClosed();
    this.#ready.push(entry);
    if (this.#parked) this.#unpark();
  }

  /** @internal An `await` in an async function. */
  _await<T>(
    awaitable: Awaitable<T>,
    owner: Task<unknown> | null,
    resolve: (value: T) => void,
    reject: (reason: unknown) => void,
  ): void {
    let target = awaitable;
    if (owner === null && !(target instanceof Future)) {
      if (running.loop === null) throw new RuntimeError('no running event loop');
      target = this.createTask(toDriver(awaitable));
    }
    new Strand<T>(toDriver(target), this, owner, resolve, reject).start();
  }

  /** @internal For the reactor. */
  get waitsOutside(): boolean {
    return this._asyncCalls > 0 || this._foreign > 0;
  }

  /** @internal For the reactor. */
  deadlock(): unknown {
    if (this.#waitedFor === null) return null;
    return new DeadlockError(
      `deadlock: the program waits, and no timer, connection, job or other handle could ever wake it\n${formatAwaitGraph(this._tasks())}`,
    );
  }

  // ---- scheduling ---------------------------------------------------------------------------------------------------------------

  /** The loop's clock, in seconds. It has nothing to do with the time of day. */
  time(): number {
    return this._reactor.time();
  }

  /** Call `callback` with `args` in the next iteration, in a copy of the current context. */
  callSoon<A extends readonly unknown[]>(callback: Callback<A>, ...args: A): Handle {
    this.#checkCallback(callback, 'callSoon');
    return this._soon(callback as Callback<never[]>, args, null);
  }

  /**
   * The same as `callSoon`. In Python it is the one that other threads may use; a worker thread has loops of its own, so here it serves
   * callbacks of the host, which `callSoon` serves as well.
   */
  callSoonThreadsafe<A extends readonly unknown[]>(callback: Callback<A>, ...args: A): Handle {
    this.#checkCallback(callback, 'callSoonThreadsafe');
    return this._soon(callback as Callback<never[]>, args, null);
  }

  /** Call `callback` with `args` after `delay` seconds; zero or less means as soon as may be. */
  callLater<A extends readonly unknown[]>(delay: number, callback: Callback<A>, ...args: A): TimerHandle {
    this.#checkTime(delay, 'delay', 'callLater');
    this.#checkCallback(callback, 'callLater');
    return this._timer(this._reactor.time() + delay, callback as Callback<never[]>, args, null);
  }

  /** Call `callback` with `args` at the time `when` of the loop's clock, in seconds. */
  callAt<A extends readonly unknown[]>(when: number, callback: Callback<A>, ...args: A): TimerHandle {
    this.#checkTime(when, 'when', 'callAt');
    this.#checkCallback(callback, 'callAt');
    return this._timer(when, callback as Callback<never[]>, args, null);
  }

  /** @internal */
  _soon(callback: Callback<never[]>, args: readonly unknown[], context: Context | null): Handle {
    const handle = new Handle(callback, args, this, context);
    this._enqueueChecked(handle);
    return handle;
  }

  /** @internal */
  _timer(
    when: number,
    callback: Callback<never[]>,
    args: readonly unknown[],
    context: Context | null,
  ): TimerHandle {
    this.#checkClosed();
    const timer = new TimerHandle(when, callback, args, this, context);
    this._addTimer(timer);
    return timer;
  }

  /** @internal */
  _addTimer(timer: Timed): void {
    this.#timers.push(timer);
    // A loop that waits for a later deadline must be told of this one.
    if (this.#parked) this.#unpark();
  }

  /** @internal */
  _timerCancelled(): void {
    this.#timers.noteCancelled();
  }

  #checkCallback(callback: unknown, method: string): void {
    if (typeof callback !== 'function')
      throw new TypeError(`a callable object was expected by ${method}(), got ${describe(callback)}`);
    if (isCoroutineFunction(callback)) {
      throw new TypeError(
        `coroutines cannot be used with ${method}(): nothing would wait for ${describe(callback)}; use createTask()`,
      );
    }
  }

  #checkTime(seconds: unknown, what: string, method: string): void {
    if (typeof seconds !== 'number')
      throw new TypeError(`${method}() needs ${what} in seconds, as a number, not ${describe(seconds)}`);
    if (Number.isNaN(seconds))
      throw new ValueError(`${method}() needs ${what} in seconds, not NaN (not a number)`);
  }

  // ---- futures and tasks --------------------------------------------------------------------------------------------------------

  /** A future of this loop. */
  createFuture<T>(): Future<T> {
    return new Future<T>({ loop: this });
  }

  /**
   * Make a task of a coroutine; it starts in the next iteration.
   * @throws {TypeError} where `coro` is no coroutine (a promise has started already: no task can own it).
   */
  createTask<T>(coro: CoroutineLike<T>, options?: TaskOptions): Task<T> {
    this.#checkClosed();
    const driven = toCoroutine(coro);
    const factory = this.#taskFactory;
    if (factory !== null)
      return factory(this, driven, options instanceof ReadyOptions ? {} : (options ?? {}));
    if (options === undefined) return new Task<T>(driven, this.#plain);
    return new Task<T>(driven, options instanceof ReadyOptions ? options : { ...options, loop: this });
  }

  /** @internal Options for several tasks that are made at once: what they share is found out once. */
  _taskOptions(): TaskOptions {
    return new ReadyOptions(this, captureScopeUnless(this._home));
  }

  /** Let `factory` make the tasks of this loop; `null` for the default. */
  setTaskFactory(factory: TaskFactory | null): void {
    if (factory !== null && typeof factory !== 'function') {
      throw new TypeError(`task factory must be a callable or null, got ${describe(factory)}`);
    }
    this.#taskFactory = factory;
  }

  getTaskFactory(): TaskFactory | null {
    return this.#taskFactory;
  }

  /** @internal */
  _registerTask(task: Task<unknown>): void {
    const first = this.#firstTask;
    task._next = first;
    if (first !== null) first._previous = task;
    this.#firstTask = task;
  }

  /** @internal */
  _unregisterTask(task: Task<unknown>): void {
    const { _previous: previous, _next: next } = task;
    if (previous !== null) previous._next = next;
    else if (this.#firstTask === task) this.#firstTask = next;
    if (next !== null) next._previous = previous;
    task._previous = null;
    task._next = null;
  }

  /** @internal The tasks that are not done, oldest first. */
  _tasks(): Task<unknown>[] {
    const tasks: Task<unknown>[] = [];
    for (let task = this.#firstTask; task !== null; task = task._next) tasks.push(task);
    return tasks.reverse();
  }

  // ---- errors and debugging -----------------------------------------------------------------------------------------------------

  /** Let `handler(loop, context)` take the errors that nobody else can; `null` for the default. */
  setExceptionHandler(handler: ExceptionHandler | null): void {
    this.#reports.setHandler(handler);
  }

  getExceptionHandler(): ExceptionHandler | null {
    return this.#reports.handler;
  }

  /** Report an error that nobody else can take. */
  callExceptionHandler(context: ExceptionContext): void {
    this.#reports.report(context);
  }

  /** What is done without a handler of one's own: the message and the error go to the standard error output. */
  defaultExceptionHandler(context: ExceptionContext): void {
    this.#reports.print(context);
  }

  /** Is debug mode on? It is at first where the environment variable `ASYNCIO_DEBUG` is set and not empty. */
  getDebug(): boolean {
    return this._debug;
  }

  /** Debug mode: stacks of creation, slow callbacks, coroutines that were never awaited. */
  setDebug(enabled: boolean): void {
    this._debug = Boolean(enabled);
  }

  /** @internal */
  _captureStack(): string {
    return captureStack(this._captureStack);
  }

  // ---- shutting down ------------------------------------------------------------------------------------------------------------

  /** @internal An async generator is being iterated; the loop closes it if it is left open. */
  _asyncgenStarted(iterator: Closable): void {
    this.#asyncgens.add(iterator);
  }

  /** @internal */
  _asyncgenEnded(iterator: Closable): void {
    this.#asyncgens.delete(iterator);
  }

  /** Close the async generators whose iteration (`asyncFor`) was left unfinished. */
  shutdownAsyncgens(): CoroutineObject<void> {
    return new LazyCoroutine(this.#shutdownAsyncgens, this);
  }

  *#shutdownAsyncgens(): Coroutine<void> {
    const open = [...this.#asyncgens];
    this.#asyncgens.clear();
    for (const asyncgen of open) {
      try {
        yield* ensureFutureOn(this, asyncgen.return());
      } catch (exception) {
        this.callExceptionHandler({
          message: `an error occurred during closing of asynchronous generator ${describe(asyncgen)}`,
          exception,
          asyncgen,
        });
      }
    }
  }

  /** Let `executor` do what is given to no executor in particular. */
  setDefaultExecutor(executor: ExecutorLike): void {
    const candidate: Partial<ExecutorLike> | null | undefined = executor;
    if (typeof candidate?.submit !== 'function' || typeof candidate.shutdown !== 'function') {
      throw new TypeError(`executor must have submit() and shutdown(), got ${describe(executor)}`);
    }
    if (this.#executorShutDown) throw new RuntimeError('Executor shutdown has been called');
    this.#executor = executor;
  }

  /**
   * Shut the default executor down and wait for its jobs. It cannot be used afterwards.
   * @param options.timeout how long to wait, in seconds; without it, as long as it takes. When it runs out, a warning is given and the
   * jobs are left alone.
   */
  shutdownDefaultExecutor(options: { readonly timeout?: number | null } = {}): CoroutineObject<void> {
    return new LazyCoroutine(this.#shutdownDefaultExecutor, this, [options.timeout ?? null]);
  }

  *#shutdownDefaultExecutor(timeout: number | null): Coroutine<void> {
    this.#executorShutDown = true;
    const executor = this.#executor;
    this.#executor = null;
    if (executor === null) return;
    const ended = this.createFuture<boolean>();
    const settle = (result: boolean) => {
      if (!ended.done()) ended.setResult(result);
    };
    const timer = timeout === null ? null : this.callLater(timeout, settle, false);
    const shutdown = ensureFutureOn(this, Promise.resolve(executor.shutdown({ wait: true })));
    shutdown.addDoneCallback(() => settle(true));
    const inTime = yield* ended;
    timer?.cancel();
    if (inTime) {
      shutdown.result();
      return;
    }
    warn(`The executor did not finish joining its threads within ${timeout} seconds.`, 'RuntimeWarning');
    executor.shutdown({ wait: false });
  }
}

/** Options of tasks that are made together. */
class ReadyOptions implements TaskOptions {
  readonly eagerStart = false;
  readonly loop: Scheduler;
  readonly scope: AsyncScope | null;

  constructor(loop: Scheduler, scope: AsyncScope | null) {
    this.loop = loop;
    this.scope = scope;
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b;
}

/** What drives `awaitable`: itself where it is a coroutine, else the iterator that `yield*` would use. */
function toDriver<T>(awaitable: Awaitable<T>): Coroutine<T> | CoroutineObject<T> {
  return (isCoroutine(awaitable) ? awaitable : awaitable[Symbol.iterator]()) as Coroutine<T>;
}
