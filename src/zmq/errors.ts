/**
 * What can go wrong with ZeroMQ, under pyzmq's names. Each error has the `errno` that libzmq gave, its name as `code`, and libzmq's words for it.
 *
 * Source: pyzmq's documentation, "zmq", "Exceptions"; man zmq_errno(3).
 */
import { constants as os } from 'node:os';
import { EAGAIN, EFSM, EMTHREAD, ENOCOMPATPROTO, ENOTSOCK, ETERM } from './constants.ts';

/** libzmq's words, where they are not the system's; and those that this room says itself. */
const WORDS: ReadonlyMap<number, readonly [code: string, words: string]> = new Map([
  [EFSM, ['EFSM', 'Operation cannot be accomplished in current state']],
  [ENOCOMPATPROTO, ['ENOCOMPATPROTO', 'The protocol is not compatible with the socket type']],
  [ETERM, ['ETERM', 'Context was terminated']],
  [EMTHREAD, ['EMTHREAD', 'No thread available']],
  [EAGAIN, ['EAGAIN', 'Resource temporarily unavailable']],
  [ENOTSOCK, ['ENOTSOCK', 'Socket operation on non-socket']],
]);

/** An operation of ZeroMQ failed. */
export class ZMQError extends Error {
  override get name(): string {
    return 'ZMQError';
  }

  /** libzmq's number of the error; 0 where there is none. */
  readonly errno: number;
  /** Its name, such as `'EADDRINUSE'`. */
  readonly code: string;
  /** What the number means, in words. */
  readonly strerror: string;

  constructor(errno: number, message?: string, options?: ErrorOptions) {
    const [code, words] = WORDS.get(errno) ?? [nameOf(errno), `error ${errno}`];
    super(message ?? words, options);
    this.errno = errno;
    this.code = code;
    this.strerror = message ?? words;
  }
}

/** It cannot be done now: nothing has come, or nothing can be taken; or the time of `RCVTIMEO` or `SNDTIMEO` is over. */
export class Again extends ZMQError {
  override get name(): string {
    return 'Again';
  }

  constructor(message?: string, options?: ErrorOptions) {
    super(EAGAIN, message, options);
  }
}

/** The context of the socket was terminated. */
export class ContextTerminated extends ZMQError {
  override get name(): string {
    return 'ContextTerminated';
  }

  constructor(message?: string, options?: ErrorOptions) {
    super(ETERM, message, options);
  }
}

/** No port of the range could be bound. */
export class ZMQBindError extends ZMQError {
  override get name(): string {
    return 'ZMQBindError';
  }
}

/** What the engine threw, as an error of this room. @param about what was tried, where libzmq's words alone do not tell. */
export function toZMQError(error: unknown, about?: string): ZMQError {
  if (error instanceof ZMQError) return error;
  const { errno, message, address } = error as { errno?: number; message?: string; address?: string };
  if (errno === EAGAIN) return new Again(undefined, { cause: error });
  if (errno === ETERM) return new ContextTerminated(undefined, { cause: error });
  const [, known = message ?? 'unknown error'] = WORDS.get(errno ?? 0) ?? [];
  const where = address === undefined ? '' : ` (addr='${address}')`;
  return new ZMQError(errno ?? 0, `${known}${where}${about === undefined ? '' : `: ${about}`}`, {
    cause: error,
  });
}

function nameOf(errno: number): string {
  return Object.entries(os.errno).find(([, number]) => number === errno)?.[0] ?? 'EUNKNOWN';
}
