/**
 * The scheduler: all of an event loop but the outside world. It adds to the turns of the loop what is scheduled (callbacks, futures, tasks),
 * how errors are reported, and how it ends. It imports no I/O; a `Reactor` gives it the time and drives it.
 *
 * Source: Python docs, "Event Loop".
 */
import { type AsyncScope, captureScopeUnless } from './async-scope.ts';
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
import { type Callback, Handle, TimerHandle } from './handle.ts';
import { reportUnawaited } from './never-awaited.ts';
import type { Driven } from './reactor.ts';
import { describe } from './repr.ts';
import { running } from './running.ts';
import { type Closable, closeAsyncgens, DefaultExecutor, type ExecutorLike } from './shutdown.ts';
import { captureStack } from './stack.ts';
import { Strand } from './strand.ts';
import { Task, type TaskOptions } from './task.ts';
import { TaskList } from './task-list.ts';
import { Turns } from './turns.ts';

/** Makes the tasks of a loop: gets the loop, the coroutine, and the options given to `createTask`. */
export type TaskFactory = <T>(
  loop: Scheduler,
  coro: Coroutine<T> | CoroutineObject<T>,
  options: TaskOptions,
) => Task<T>;

export class Scheduler extends Turns {
  /** @internal */
  readonly _failures: Failures = new Failures(this);
  /** The options of a task that was given none. */
  readonly #plain = { loop: this };
  readonly #reports: ErrorReports = new ErrorReports(this);
  readonly #asyncgens = new Set<Closable>();
  #waitedFor: Future<unknown> | null = null;
  readonly #tasks = new TaskList();
  #taskFactory: TaskFactory | null = null;
  readonly #executor = new DefaultExecutor();

  // ---- running ------------------------------------------------------------------------------------------------------------------

  /** Run until `stop()`. @throws {RuntimeError} at once, where this or another loop runs already, or this one is closed. */
  runForever(): Promise<void> {
    this._begin();
    return new Promise<void>((resolve, reject) => {
      this._reactor.start(this, (failure) => {
        this._end();
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
    this._checkClosed();
    this._checkNotRunning();
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
    this._checkClosed();
    this._checkNotRunning();
    const future = this.#runTarget(awaitable);
    this._begin();
    try {
      block(this);
    } catch (error) {
      this.#abandon(future, !isSame(future, awaitable));
      throw error;
    } finally {
      this._end();
    }
    return this.#outcome(future);
  }

  /**
   * Close the loop: what is still scheduled is dropped, and what was lost on the way (exceptions nobody asked for, pending tasks) is reported.
   * @throws {RuntimeError} while the loop runs.
   */
  close(): void {
    if (this.isRunning()) throw new RuntimeError('Cannot close a running event loop: stop() it first');
    if (this.isClosed()) return;
    this._failures.reportAll();
    reportUnawaited(this);
    for (const task of this._tasks()) {
      this.callExceptionHandler({ message: 'Task was destroyed but it is pending!', task });
    }
    this.#tasks.clear();
    this.#executor.abandon();
    this._closeTurns();
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

  /** @internal */
  _idle(): void {
    this._failures.settle();
  }

  /** For the reactor: see `Driven`. */
  dependsOnHost(): boolean {
    return this._foreign > 0 || this.#tasks.toArray().some((task) => task._waitsForHost());
  }

  /** A frozen snapshot: how many entries are ready to run, how many timers are set, and how many tasks are not done. */
  statistics(): { readonly ready: number; readonly timers: number; readonly tasks: number } {
    return Object.freeze({ ...this._scheduled, tasks: this.#tasks.toArray().length });
  }

  /** For the reactor: what to tell when nothing can become ready any more. */
  deadlock(): unknown {
    if (this.#waitedFor === null) return null;
    return new DeadlockError(
      `deadlock: the program waits, and no timer, connection, job or other handle could ever wake it\n${formatAwaitGraph(this._tasks())}`,
    );
  }

  // ---- scheduling ---------------------------------------------------------------------------------------------------------------

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

  /** @internal Is `callLater` its own? Where it was replaced, `sleep` must go through it. */
  get _isPlain(): boolean {
    return this.callLater === Scheduler.prototype.callLater;
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
    this._checkClosed();
    const timer = new TimerHandle(when, callback, args, this, context);
    this._addTimer(timer);
    return timer;
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
    this._checkClosed();
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
    this.#tasks.add(task);
  }

  /** @internal */
  _unregisterTask(task: Task<unknown>): void {
    this.#tasks.remove(task);
  }

  /** @internal The tasks that are not done, oldest first. */
  _tasks(): Task<unknown>[] {
    return this.#tasks.toArray();
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

  /** @internal An async iterator is being iterated; the loop closes it if it is left open. */
  _asyncgenStarted(iterator: Closable): void {
    this.#asyncgens.add(iterator);
  }

  /** @internal */
  _asyncgenEnded(iterator: Closable): void {
    this.#asyncgens.delete(iterator);
  }

  /** Close the async generators whose iteration (`asyncFor`) was left unfinished. */
  shutdownAsyncgens(): CoroutineObject<void> {
    return new LazyCoroutine(closeAsyncgens, undefined, [this, this.#asyncgens]);
  }

  /** Let `executor` do what is given to no executor in particular. */
  setDefaultExecutor(executor: ExecutorLike): void {
    this.#executor.set(executor);
  }

  /** @internal The default executor; `make` makes it where there is none. */
  _defaultExecutor(make: () => ExecutorLike): ExecutorLike {
    return this.#executor.get(make);
  }

  /**
   * Shut the default executor down and wait for its jobs. It cannot be used afterwards.
   * @param options.timeout how long to wait, in seconds; without it, as long as it takes. When it runs out, a warning is given and the
   * jobs are left alone.
   */
  shutdownDefaultExecutor(options: { readonly timeout?: number | null } = {}): CoroutineObject<void> {
    return this.#executor.shutdown(this, options.timeout ?? null);
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
