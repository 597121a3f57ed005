/**
 * The exceptions of asyncio, under Python's names.
 *
 * Each class has a stable `name` (on its prototype, so that minifiers cannot change it) and `args`, as in Python; `message` is what
 * Python's `str(error)` gives. `BaseException` marks what ordinary error handling should let through: `CancelledError`,
 * `KeyboardInterrupt` and `SystemExit` (Python docs, "Built-in Exceptions", "Exception hierarchy"; "asyncio Exceptions").
 */

/** Root of what is not an ordinary failure: cancellation and requests to leave the program. */
export class BaseException extends Error {
  override get name(): string {
    return 'BaseException';
  }

  /** The arguments that the exception was made with. */
  readonly args: readonly unknown[];

  constructor(...args: readonly unknown[]) {
    // Without a message of its own an error is made in half the time, and cancellations are made by the thousand.
    if (args.length === 0) super();
    else super(String(args[0]));
    this.args = args;
  }
}

/**
 * The task was cancelled. Let it pass on after cleaning up: swallowing it breaks timeouts and task groups.
 *
 * Source: Python docs, "asyncio Exceptions", `CancelledError`.
 */
export class CancelledError extends BaseException {
  override get name(): string {
    return 'CancelledError';
  }
}

/** Ctrl-C, or another request by the user to end the program. */
export class KeyboardInterrupt extends BaseException {
  override get name(): string {
    return 'KeyboardInterrupt';
  }
}

/** A request to end the program with an exit status. */
export class SystemExit extends BaseException {
  override get name(): string {
    return 'SystemExit';
  }

  /** The exit status: `undefined` means 0; anything that is no integer is printed and means 1. */
  get code(): unknown {
    return this.args[0];
  }
}

/** A rule of the library was broken in a way that no other class describes. */
export class RuntimeError extends Error {
  override get name(): string {
    return 'RuntimeError';
  }
}

/** What was asked for does not exist on this loop, reactor or platform. */
export class NotImplementedError extends RuntimeError {
  override get name(): string {
    return 'NotImplementedError';
  }
}

/** The running program waits for something that nothing can ever bring about. */
export class DeadlockError extends RuntimeError {
  override get name(): string {
    return 'DeadlockError';
  }
}

/** The barrier was reset or aborted while tasks waited at it. */
export class BrokenBarrierError extends RuntimeError {
  override get name(): string {
    return 'BrokenBarrierError';
  }
}

/** `sendfile` cannot be used for this transport or file. */
export class SendfileNotAvailableError extends RuntimeError {
  override get name(): string {
    return 'SendfileNotAvailableError';
  }
}

/** An argument has the right type and a value that cannot be used. */
export class ValueError extends Error {
  override get name(): string {
    return 'ValueError';
  }
}

/** A number is greater or smaller than what it stands for can be, such as a port. */
export class OverflowError extends Error {
  override get name(): string {
    return 'OverflowError';
  }
}

/** A key, index or context variable has no value. */
export class LookupError extends Error {
  override get name(): string {
    return 'LookupError';
  }
}

/** A mapping has no such key. */
export class KeyError extends LookupError {
  override get name(): string {
    return 'KeyError';
  }
}

/** The future is not in a state that allows the operation (a result set twice, a result asked for too early). */
export class InvalidStateError extends Error {
  override get name(): string {
    return 'InvalidStateError';
  }
}

/** `Queue.getNowait()` found the queue empty. */
export class QueueEmpty extends Error {
  override get name(): string {
    return 'QueueEmpty';
  }
}

/** `Queue.putNowait()` found the queue full. */
export class QueueFull extends Error {
  override get name(): string {
    return 'QueueFull';
  }
}

/** The queue was shut down. */
export class QueueShutDown extends Error {
  override get name(): string {
    return 'QueueShutDown';
  }
}

/** The input ended where more was needed. */
export class EOFError extends Error {
  override get name(): string {
    return 'EOFError';
  }
}

/** A stream ended before the bytes that were asked for had come. */
export class IncompleteReadError extends EOFError {
  override get name(): string {
    return 'IncompleteReadError';
  }

  /** What had been read when the stream ended. */
  readonly partial: Uint8Array;
  /** How many bytes were expected, or `null` where the number is not known (a separator was awaited). */
  readonly expected: number | null;

  constructor(partial: Uint8Array, expected: number | null) {
    super(
      `${partial.length} bytes read on a total of ${expected === null ? 'undefined' : expected} expected bytes`,
    );
    this.partial = partial;
    this.expected = expected;
  }
}

/** The separator was not found within the reader's limit. Nothing is lost: the bytes stay in the reader. */
export class LimitOverrunError extends Error {
  override get name(): string {
    return 'LimitOverrunError';
  }

  /** How many bytes should be consumed before trying again. */
  readonly consumed: number;

  constructor(message: string, consumed: number) {
    super(message);
    this.consumed = consumed;
  }
}

/** What the operating system reported, when an error of it is made: Node's fields of the same names. */
export interface OSErrorFields {
  /** The symbolic code, such as `'ECONNREFUSED'`. */
  readonly code?: string | undefined;
  /** The error number, positive as in Python and C. */
  readonly errno?: number | undefined;
  /** The system call that failed. */
  readonly syscall?: string | undefined;
  /** The error that this one was made from. */
  readonly cause?: unknown;
}

/** The operating system refused an operation. */
export class OSError extends Error {
  override get name(): string {
    return 'OSError';
  }

  readonly code: string | undefined;
  readonly errno: number | undefined;
  readonly syscall: string | undefined;

  constructor(message?: string, fields: OSErrorFields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = fields.code;
    this.errno = fields.errno;
    this.syscall = fields.syscall;
  }
}

/** The time limit of an operation ran out. In Python this is the built-in `TimeoutError`. */
export class TimeoutError extends OSError {
  override get name(): string {
    return 'TimeoutError';
  }
}

/** Base of the errors of a connection. */
export class ConnectionError extends OSError {
  override get name(): string {
    return 'ConnectionError';
  }
}

/** Nothing listens at the address. */
export class ConnectionRefusedError extends ConnectionError {
  override get name(): string {
    return 'ConnectionRefusedError';
  }
}

/** The peer reset the connection. */
export class ConnectionResetError extends ConnectionError {
  override get name(): string {
    return 'ConnectionResetError';
  }
}

/** This side or the system between aborted the connection. */
export class ConnectionAbortedError extends ConnectionError {
  override get name(): string {
    return 'ConnectionAbortedError';
  }
}

/** The other end of a pipe or socket has been closed for writing to it. */
export class BrokenPipeError extends ConnectionError {
  override get name(): string {
    return 'BrokenPipeError';
  }
}

/** There is no such file, directory or program. */
export class FileNotFoundError extends OSError {
  override get name(): string {
    return 'FileNotFoundError';
  }
}

/** There is such a file or directory already. */
export class FileExistsError extends OSError {
  override get name(): string {
    return 'FileExistsError';
  }
}

/** It is a directory, where a file was needed. */
export class IsADirectoryError extends OSError {
  override get name(): string {
    return 'IsADirectoryError';
  }
}

/** It is no directory, where one was needed. */
export class NotADirectoryError extends OSError {
  override get name(): string {
    return 'NotADirectoryError';
  }
}

/** The rights to do it are missing. */
export class PermissionError extends OSError {
  override get name(): string {
    return 'PermissionError';
  }
}

/** There is no such process (any more). */
export class ProcessLookupError extends OSError {
  override get name(): string {
    return 'ProcessLookupError';
  }
}

/** There is no such child process (any more). */
export class ChildProcessError extends OSError {
  override get name(): string {
    return 'ChildProcessError';
  }
}

/** A signal interrupted a call of the system. */
export class InterruptedError extends OSError {
  override get name(): string {
    return 'InterruptedError';
  }
}

/** The operation would block, on a socket that must not. */
export class BlockingIOError extends OSError {
  override get name(): string {
    return 'BlockingIOError';
  }
}

/** Does `error` ask for the whole program to end, so that no handler may keep it? */
export function isExit(error: unknown): error is KeyboardInterrupt | SystemExit {
  return error instanceof KeyboardInterrupt || error instanceof SystemExit;
}

/** Make an error without paying for a stack trace, for those that are made by the thousand (cancellation). */
export function withoutStack<E>(make: () => E): E {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}
