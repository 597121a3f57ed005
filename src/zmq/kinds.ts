/**
 * What the kinds of sockets are called, and what each cannot do.
 *
 * Source: man zmq_socket(3).
 */
import { PUB, PULL, PUSH, type SocketType, SUB } from './constants.ts';

/** The kinds that only receive, and those that only send. */
export const READ_ONLY: ReadonlySet<SocketType> = new Set<SocketType>([SUB, PULL]);
export const WRITE_ONLY: ReadonlySet<SocketType> = new Set<SocketType>([PUB, PUSH]);

/** Their names, by their numbers. */
export const KIND_NAMES: readonly string[] = [
  'PAIR',
  'PUB',
  'SUB',
  'REQ',
  'REP',
  'DEALER',
  'ROUTER',
  'PULL',
  'PUSH',
  'XPUB',
  'XSUB',
  'STREAM',
];
