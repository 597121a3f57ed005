/**
 * `proxy`: passes on whatever comes, between two sockets, both ways.
 *
 * It is a coroutine, not the thread that libzmq's own is: cancel it to end it. A message that was received and could not be passed on is put back, so it
 * is not lost. Source: man zmq_proxy(3).
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, coroutine } from '../core/coroutine.ts';
import { FINISHED, type Future } from '../core/future.ts';
import { asyncWith } from '../structured/async-with.ts';
import { TaskGroup } from '../structured/task-group.ts';
import { READ_ONLY, WRITE_ONLY } from './kinds.ts';
import type { Socket } from './socket.ts';

/** Pass on messages between `frontend` and `backend`, and a copy of each to `capture`, until it is cancelled. */
export const proxy: (frontend: Socket, backend: Socket, capture?: Socket | null) => CoroutineObject<void> =
  coroutine(function* proxy(
    frontend: Socket,
    backend: Socket,
    capture: Socket | null = null,
  ): Coroutine<void> {
    yield* asyncWith(new TaskGroup(), function* (group) {
      for (const [from, to] of [
        [frontend, backend],
        [backend, frontend],
      ] as const) {
        if (!WRITE_ONLY.has(from.socketType) && !READ_ONLY.has(to.socketType))
          group.createTask(passOn(from, to, capture));
      }
    });
  });

function* passOn(from: Socket, to: Socket, capture: Socket | null): Coroutine<never> {
  while (true) {
    const frames = yield* from.recvMultipart();
    let sent: Future<void> | null = null;
    try {
      sent = to.sendMultipart(frames, 0, { copy: false });
      yield* sent;
    } catch (error) {
      // Who was cancelled may hear of it after the message has gone.
      if (sent?._state !== FINISHED && !from.closed) from._putBack(frames);
      throw error;
    }
    if (capture !== null) yield* capture.sendMultipart(frames, 0, { copy: false });
  }
}
