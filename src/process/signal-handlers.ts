/**
 * `addSignalHandler` and `removeSignalHandler`; and who else of a loop wants to know of signals.
 *
 * A loop watches a signal once, from the first that wants it to the last. What the signal does otherwise, such as ending the process, it
 * does not do meanwhile. Source: Python docs, "Event Loop", "Unix signals"; asyncio/unix_events.py (3.14).
 */
import { isMainThread } from 'node:worker_threads';
import { isCoroutine, isCoroutineFunction } from '../core/coroutine.ts';
import { RuntimeError } from '../core/errors.ts';
import { type Callback, Handle } from '../core/handle.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { outsideOfTasks, processesOf } from './room.ts';
import { checkSignal, type Signal } from './signal-names.ts';

/** Who is told of a signal on the host's stack. */
type Listener = (signal: number) => void;

/** One signal of one loop. */
interface Watched {
  handle: Handle | null;
  readonly listeners: Set<Listener>;
  readonly end: () => void;
}

const tables = new WeakMap<Scheduler, Map<number, Watched>>();

/** Is `signal` taken care of by `loop`, so that nobody else should? */
export function handlesSignal(loop: Scheduler, signal: Signal): boolean {
  return !loop.isClosed() && tables.get(loop)?.has(checkSignal(signal)) === true;
}

/**
 * Call `callback` with `args` in the loop whenever the signal comes, in place of the handler that it has.
 * @throws {ValueError} where there is no such signal; {RuntimeError} where it cannot be caught.
 */
export function addSignalHandler<A extends readonly unknown[]>(
  loop: Scheduler,
  signal: Signal,
  callback: Callback<A>,
  args: A,
): void {
  if (isCoroutine(callback) || isCoroutineFunction(callback)) {
    throw new TypeError(
      'coroutines cannot be used with addSignalHandler(): pass a function that calls createTask()',
    );
  }
  if (typeof callback !== 'function') {
    throw new TypeError(`a callable object was expected by addSignalHandler(), got ${describe(callback)}`);
  }
  const number = checkSignal(signal);
  loop._checkClosed();
  const handle = new Handle(callback as Callback<never[]>, args, loop, null);
  watch(loop, number).handle = handle;
}

/**
 * Let the signal do what it does otherwise.
 * @returns whether it had a handler.
 * @throws {ValueError} where there is no such signal.
 */
export function removeSignalHandler(loop: Scheduler, signal: Signal): boolean {
  const number = checkSignal(signal);
  const watched = tables.get(loop)?.get(number);
  if (watched === undefined || watched.handle === null) return false;
  watched.handle = null;
  endIfUnused(loop, number, watched);
  return true;
}

/** Tell `listener` of the signal too. @returns a function that ends that. */
export function listen(loop: Scheduler, signal: number, listener: Listener): () => void {
  const watched = watch(loop, signal);
  watched.listeners.add(listener);
  return () => {
    if (watched.listeners.delete(listener)) endIfUnused(loop, signal, watched);
  };
}

function watch(loop: Scheduler, signal: number): Watched {
  let table = tables.get(loop);
  if (table === undefined) {
    table = new Map();
    tables.set(loop, table);
  }
  let watched = table.get(signal);
  if (watched === undefined) {
    watched = { handle: null, listeners: new Set(), end: begin(loop, signal) };
    table.set(signal, watched);
  }
  return watched;
}

function begin(loop: Scheduler, signal: number): () => void {
  const processes = processesOf(loop, 'addSignalHandler');
  if (!isMainThread) throw new RuntimeError('signals can be handled in the main thread only');
  try {
    return outsideOfTasks(() => processes.watchSignal(signal, () => came(loop, signal)));
  } catch (error) {
    throw new RuntimeError(`sig ${signal} cannot be caught`, { cause: error });
  }
}

function endIfUnused(loop: Scheduler, signal: number, watched: Watched): void {
  if (watched.handle !== null || watched.listeners.size > 0) return;
  tables.get(loop)?.delete(signal);
  watched.end();
}

function came(loop: Scheduler, signal: number): void {
  const watched = tables.get(loop)?.get(signal);
  if (watched === undefined || loop.isClosed()) return;
  const { handle } = watched;
  if (handle?.cancelled() === true) removeSignalHandler(loop, signal);
  else if (handle !== null) loop._enqueueChecked(handle);
  for (const listener of [...watched.listeners]) listener(signal);
}
