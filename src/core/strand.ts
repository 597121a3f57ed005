/**
 * One `await` of an async function, as a part of the task that runs the function.
 *
 * Inside a task what is awaited runs as a strand of that task: `currentTask()` is the task, cancelling the task cancels the strand, and the
 * promise settles in the very iteration in which the wait ends. `Promise.all` of several awaitables makes several strands of one task.
 * Outside of any task a strand only carries a future's outcome to a promise.
 */
import { captureFullScope } from './async-scope.ts';
import type { Coroutine } from './awaitable.ts';
import type { CoroutineObject } from './coroutine.ts';
import { FINISHED } from './future.ts';
import type { Scheduler } from './scheduler.ts';
import { Task } from './task.ts';

export class Strand<T> extends Task<T> {
  readonly #owner: Task<unknown> | null;
  readonly #resolve: (value: T) => void;
  readonly #reject: (reason: unknown) => void;
  #gaveWay = false;

  constructor(
    coro: Coroutine<T> | CoroutineObject<T>,
    loop: Scheduler,
    owner: Task<unknown> | null,
    resolve: (value: T) => void,
    reject: (reason: unknown) => void,
  ) {
    super(coro, { loop, strand: { context: owner?.getContext(), scope: captureFullScope() } });
    this.#owner = owner;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  override get _owner(): Task<unknown> | null {
    return this.#owner;
  }

  /** Begin on the stack of `then`. */
  start(): void {
    this.#owner?._addStrand(this);
    this._step(false, undefined);
  }

  override _giveWay(): void {
    this.#gaveWay = true;
    super._giveWay();
  }

  override get _hasGivenWay(): boolean {
    return this.#gaveWay;
  }

  override _run(): void {
    this.#gaveWay = false;
    super._run();
  }

  override _returned(value: T): void {
    this.#end();
    this.#resolve(value);
  }

  override _threw(error: unknown): void {
    this.#end();
    this.#reject(error);
  }

  #end(): void {
    this._state = FINISHED;
    this.#owner?._removeStrand(this);
    this._loop._hop = true;
  }
}
