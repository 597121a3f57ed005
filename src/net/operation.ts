/**
 * A reactor's operation, as something to wait for: cancelling the wait cancels the operation, and nothing that it opened is left behind.
 */

import { captureScope } from '../core/async-scope.ts';
import type { Coroutine } from '../core/awaitable.ts';
import type { Done, Network, Operation } from '../core/channel.ts';
import { NotImplementedError } from '../core/errors.ts';
import { FINISHED } from '../core/future.ts';
import type { Scheduler } from '../core/scheduler.ts';

/**
 * The network of a loop.
 * @throws {NotImplementedError} where its reactor has none.
 */
export function networkOf(loop: Scheduler, method: string): Network {
  const { name, network } = loop._reactor;
  if (network !== undefined) return network;
  throw new NotImplementedError(`${method}(): the ${name} reactor has no network`);
}

/**
 * Wait for what `start` begins.
 * @param discard closes a result that came too late: the wait was cancelled when it was there already.
 */
export function* operate<T>(
  loop: Scheduler,
  start: (done: Done<T>) => Operation,
  discard: (value: T) => void,
): Coroutine<T> {
  const future = loop.createFuture<T>();
  // The events of what is opened here belong to no task, whoever asks for it.
  const operation = captureScope().runInAsyncScope(() =>
    start((outcome) => {
      if (!future.done()) {
        if ('value' in outcome) future.setResult(outcome.value);
        else future._fail(outcome.error);
      } else if ('value' in outcome) discard(outcome.value);
    }),
  );
  try {
    return yield* future;
  } catch (error) {
    operation.cancel();
    if (future._state === FINISHED) discard(future.result());
    throw error;
  }
}
