/**
 * `proxy`: passes on whatever comes, between two sockets, both ways.
 *
 * It is a coroutine, not the thread that libzmq's own is: cancel it to end it. A message that was received and could not be passed on is put back, so it
 * is not lost. Source: man zmq_proxy(3).
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, coroutine } from '../core/coroutine.ts';
import { ValueError } from '../core/errors.ts';
import { FINISHED, type Future } from '../core/future.ts';
import { describe } from '../core/repr.ts';
import { asyncWith } from '../structured/async-with.ts';
import { TaskGroup } from '../structured/task-group.ts';
import { READ_ONLY, WRITE_ONLY } from './kinds.ts';
import { Socket } from './socket.ts';

/** Pass on messages between `frontend` and `backend`, and a copy of each to `capture`, until it is cancelled. */
export const proxy: (frontend: Socket, backend: Socket, capture?: Socket | null) => CoroutineObject<void> =
  coroutine(function* proxy(
    frontend: Socket,
    backend: Socket,
    capture: Socket | null = null,
  ): Coroutine<void> {
    for (const [name, socket] of Object.entries({ frontend, backend, capture })) {
      if (!(socket instanceof Socket) && (name !== 'capture' || socket !== null))
        throw new TypeError(`proxy(): ${name} must be a socket of asyncio-ts/zmq, not ${describe(socket)}`);
    }
    const ways = [
      [frontend, backend],
      [backend, frontend],
    ] as const;
    const open = ways.filter(
      ([from, to]) => !WRITE_ONLY.has(from.socketType) && !READ_ONLY.has(to.socketType),
    );
    if (open.length === 0)
      throw new ValueError(`proxy() cannot pass on anything between ${frontend} and ${backend}, either way`);
    if (capture !== null && READ_ONLY.has(capture.socketType))
      throw new ValueError(`proxy(): ${capture} cannot be sent the copies`);
    yield* asyncWith(new TaskGroup(), function* (group) {
      for (const [from, to] of open) group.createTask(passOn(from, to, capture));
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
