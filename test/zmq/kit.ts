/**
 * Sockets of ZeroMQ for tests, and chance that comes the same way every time.
 */
import type { SocketType } from '../../src/zmq/constants.ts';
import { Context, LINGER, type Socket } from '../../src/zmq/index.ts';

/** A context whose sockets do not wait for their messages to leave when they are closed. */
export function quickContext(): Context {
  const context = new Context();
  context.setsockopt(LINGER, 0);
  return context;
}

/** Two sockets that are connected, on a port that the system chose; the first one is bound. */
export function linked(
  context: Context,
  bound: SocketType,
  connected: SocketType,
): [bound: Socket, connected: Socket] {
  const one = context.socket(bound);
  const other = context.socket(connected);
  other.connect(`tcp://127.0.0.1:${one.bindToRandomPort('tcp://127.0.0.1')}`);
  return [one, other];
}

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
