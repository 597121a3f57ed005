/**
 * Coroutines that were made and never awaited: the mistake that `yield*` or `await` was forgotten.
 *
 * Told as a `RuntimeWarning` (`coroutine 'x' was never awaited`) when the object is collected and, in debug mode, at the latest when the
 * loop closes, then with the stack of where it was made. Source: Python docs, "Developing with asyncio", "Detect never-awaited coroutines".
 */
import type { CoroutineObject } from './coroutine.ts';
import type { Scheduler } from './scheduler.ts';
import { warn } from './warn.ts';

interface Unawaited {
  readonly name: string;
  readonly source: string | undefined;
  readonly loop: Scheduler | null;
  told: boolean;
}

const collected = new FinalizationRegistry<Unawaited>(report);
/** Those made in debug mode, to be told about when their loop closes. */
const made = new WeakMap<CoroutineObject<unknown>, Unawaited>();
const open = new Set<Unawaited>();

function report(unawaited: Unawaited): void {
  open.delete(unawaited);
  if (unawaited.told) return;
  unawaited.told = true;
  const where = unawaited.source === undefined ? '' : `\nCoroutine created at\n${unawaited.source}`;
  warn(
    `coroutine '${unawaited.name}' was never awaited: put yield* or await before it, or give it to createTask()${where}`,
    'RuntimeWarning',
  );
}

/** `coro` was made, with `loop` running. */
export function noteCreated(coro: CoroutineObject<unknown>, loop: Scheduler | null): void {
  const debug = loop?._debug === true;
  const unawaited: Unawaited = {
    name: coro.name,
    source: debug ? loop._captureStack() : undefined,
    loop,
    told: false,
  };
  coro._noted = true;
  collected.register(coro, unawaited, coro);
  if (!debug) return;
  open.add(unawaited);
  made.set(coro, unawaited);
}

/** `coro` was awaited, made a task, or closed. */
export function noteAwaited(coro: CoroutineObject<unknown>): void {
  coro._noted = false;
  collected.unregister(coro);
  const unawaited = made.get(coro);
  if (unawaited !== undefined) open.delete(unawaited);
}

/** `loop` closes: what was made under it in debug mode will not be awaited any more. */
export function reportUnawaited(loop: Scheduler): void {
  for (const unawaited of [...open]) if (unawaited.loop === loop) report(unawaited);
}
