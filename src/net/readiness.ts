/**
 * `addReader` and `addWriter`: call a function whenever a descriptor can be read from, or written to.
 *
 * The function runs as any callback of the loop does, in the iteration that follows. Source: Python docs, "Event Loop", "Watching file descriptors".
 */
import type { Descriptors, Direction } from '../core/descriptors.ts';
import { NotImplementedError, RuntimeError, ValueError } from '../core/errors.ts';
import { type Callback, type Entry, Handle } from '../core/handle.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { toOSError } from './os-error.ts';

/** A descriptor, or something that has one, such as a `Socket`. */
export type FileDescriptor = number | { fileno(): number };

/** The callbacks of a loop's descriptors. */
interface Callbacks {
  readonly read: Map<number, Pending>;
  readonly write: Map<number, Pending>;
}

const callbacks = new WeakMap<Scheduler, Callbacks>();

/** A callback in the ready queue, once at most. */
class Pending implements Entry {
  readonly handle: Handle;
  #queued = false;

  constructor(handle: Handle) {
    this.handle = handle;
  }

  /** For the reactor. */
  readonly ready = (): void => {
    if (this.#queued) return;
    this.#queued = true;
    this.handle._loop._enqueue(this);
  };

  /** @internal */
  _run(): void {
    this.#queued = false;
    this.handle._run();
  }
}

/** @throws {NotImplementedError} where the loop's reactor cannot watch descriptors. */
export function descriptorsOf(loop: Scheduler, method: string): Descriptors {
  const { name, descriptors } = loop._reactor;
  if (descriptors !== undefined) return descriptors;
  throw new NotImplementedError(
    `${method}(): the ${name} reactor cannot watch descriptors; the epoll reactor can, on the main thread of Linux with the package koffi`,
  );
}

/** @throws {ValueError} where it is none. */
export function toDescriptor(file: FileDescriptor): number {
  const fd: unknown =
    typeof (file as { fileno?: unknown } | null)?.fileno === 'function'
      ? (file as { fileno(): number }).fileno()
      : file;
  if (typeof fd !== 'number' || !Number.isInteger(fd)) {
    throw new ValueError(`Invalid file object: ${describe(file)} is no descriptor, and has no fileno()`);
  }
  if (fd < 0) throw new ValueError(`Invalid file descriptor: ${fd}`);
  return fd;
}

/** @throws {RuntimeError} where a transport has it. */
export function checkFree(descriptors: Descriptors, fd: number): void {
  if (descriptors.isUsed(fd))
    throw new RuntimeError(`File descriptor ${fd} is used by a transport of this loop`);
}

/**
 * Call `callback` with `args` whenever `file` is ready, in place of the callback before.
 * @throws {RuntimeError} where a transport has the descriptor, {ValueError} where it is none, {OSError} where it cannot be watched.
 */
export function addWatch(
  loop: Scheduler,
  direction: Direction,
  file: FileDescriptor,
  callback: Callback<never[]>,
  args: readonly unknown[],
): void {
  const method = direction === 'read' ? 'addReader' : 'addWriter';
  loop._checkClosed();
  const descriptors = descriptorsOf(loop, method);
  if (typeof callback !== 'function') {
    throw new TypeError(`a callable object was expected by ${method}(), got ${describe(callback)}`);
  }
  const fd = toDescriptor(file);
  checkFree(descriptors, fd);
  const pending = new Pending(new Handle(callback, args, loop, null));
  try {
    descriptors.watch(fd, direction, pending.ready);
  } catch (error) {
    throw toOSError(error);
  }
  const known = callbacksOf(loop)[direction];
  known.get(fd)?.handle.cancel();
  known.set(fd, pending);
}

/** Call nothing any more. @returns whether there was a callback. */
export function removeWatch(loop: Scheduler, direction: Direction, file: FileDescriptor): boolean {
  const descriptors = descriptorsOf(loop, direction === 'read' ? 'removeReader' : 'removeWriter');
  const fd = toDescriptor(file);
  if (loop.isClosed()) return false;
  checkFree(descriptors, fd);
  const known = callbacksOf(loop)[direction];
  known.get(fd)?.handle.cancel();
  known.delete(fd);
  return descriptors.watch(fd, direction, null);
}

function callbacksOf(loop: Scheduler): Callbacks {
  const known = callbacks.get(loop);
  if (known !== undefined) return known;
  const fresh = { read: new Map(), write: new Map() };
  callbacks.set(loop, fresh);
  return fresh;
}
