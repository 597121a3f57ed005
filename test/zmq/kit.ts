/**
 * Sockets of ZeroMQ for tests.
 */

import type { SocketType } from '../../src/zmq/constants.ts';
import type { Context, Socket } from '../../src/zmq/index.ts';

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
