/**
 * `connectReadPipe` and `connectWritePipe`: an end of a pipe that is open already, served by a protocol.
 *
 * Source: Python docs, "Event Loop", "Working with pipes"; asyncio/base_events.py.
 */
import type { Coroutine } from '../core/awaitable.ts';
import type { Channel } from '../core/channel.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import type { Future } from '../core/future.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { makeProtocol } from '../net/connect.ts';
import { toOSError } from '../net/os-error.ts';
import type { BaseProtocol, StreamProtocol } from '../net/protocols.ts';
import { ReadPipeTransport, WritePipeTransport } from './pipe-transports.ts';
import { outsideOfTasks, processesOf } from './room.ts';

/** An end of a pipe: its descriptor, or a socket of `node:net`, such as `process.stdin`. The transport owns it. */
export type PipeEnd = number | { readonly readable: boolean; readonly writable: boolean };

/** Read from `pipe`. */
export function connectReadPipe<P extends StreamProtocol>(
  loop: Scheduler,
  factory: () => P,
  pipe: PipeEnd,
): CoroutineObject<[transport: ReadPipeTransport, protocol: P]> {
  return new LazyCoroutine<[ReadPipeTransport, P]>(readPipe as never, undefined, [loop, factory, pipe]);
}

Object.defineProperty(readPipe, 'name', { value: 'connectReadPipe' });

function* readPipe<P extends StreamProtocol>(
  loop: Scheduler,
  factory: () => P,
  pipe: PipeEnd,
): Coroutine<[ReadPipeTransport, P]> {
  const where = 'connectReadPipe()';
  const protocol = makeProtocol(factory, where);
  const channel = open(pipe, where, (end) => processesOf(loop, 'connectReadPipe').openReadPipe(end));
  const transport = yield* connected(
    loop,
    (waiter) => new ReadPipeTransport(loop, channel, protocol, pipe, waiter),
  );
  return [transport, protocol];
}

/** Write to `pipe`. */
export function connectWritePipe<P extends BaseProtocol>(
  loop: Scheduler,
  factory: () => P,
  pipe: PipeEnd,
): CoroutineObject<[transport: WritePipeTransport, protocol: P]> {
  return new LazyCoroutine<[WritePipeTransport, P]>(writePipe as never, undefined, [loop, factory, pipe]);
}

Object.defineProperty(writePipe, 'name', { value: 'connectWritePipe' });

function* writePipe<P extends BaseProtocol>(
  loop: Scheduler,
  factory: () => P,
  pipe: PipeEnd,
): Coroutine<[WritePipeTransport, P]> {
  const where = 'connectWritePipe()';
  const protocol = makeProtocol(factory as unknown as () => StreamProtocol, where) as unknown as P;
  const channel = open(pipe, where, (end) => processesOf(loop, 'connectWritePipe').openWritePipe(end));
  const transport = yield* connected(
    loop,
    (waiter) => new WritePipeTransport(loop, channel, protocol, pipe, waiter),
  );
  return [transport, protocol];
}

function open(pipe: PipeEnd, where: string, opener: (pipe: number | object) => Channel): Channel {
  const known = typeof pipe === 'number' || (typeof pipe === 'object' && pipe !== null);
  if (!known) throw new TypeError(`${where} needs the descriptor of a pipe, not ${describe(pipe)}`);
  try {
    return outsideOfTasks(() => opener(pipe));
  } catch (error) {
    throw toOSError(error);
  }
}

/** Make a transport, and wait until its protocol knows of it. */
export function* connected<T extends ReadPipeTransport | WritePipeTransport>(
  loop: Scheduler,
  make: (waiter: Future<void>) => T,
): Coroutine<T> {
  const waiter = loop.createFuture<void>();
  const transport = make(waiter);
  try {
    yield* waiter;
  } catch (error) {
    transport.close();
    throw error;
  }
  return transport;
}
