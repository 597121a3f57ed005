/**
 * Errors of the operating system, as Python names and words them.
 *
 * A host's error (Node's, with `code`, a negative `errno` and `syscall`) becomes the class of Python that its code has, and keeps the
 * original as its `cause`. Source: PEP 3151; Python docs, "Built-in Exceptions", "OS exceptions"; "socket", `gaierror`.
 */
import util from 'node:util';
import {
  BlockingIOError,
  BrokenPipeError,
  ChildProcessError,
  ConnectionAbortedError,
  ConnectionRefusedError,
  ConnectionResetError,
  FileExistsError,
  FileNotFoundError,
  InterruptedError,
  IsADirectoryError,
  NotADirectoryError,
  OSError,
  type OSErrorFields,
  PermissionError,
  ProcessLookupError,
  TimeoutError,
} from '../core/errors.ts';
import { toSSLError } from './ssl-errors.ts';

/** A name or an address could not be looked up. */
export class gaierror extends OSError {
  override get name(): string {
    return 'gaierror';
  }
}

type ErrorClass = new (message?: string, fields?: OSErrorFields) => OSError;

const CLASSES: Readonly<Record<string, ErrorClass>> = {
  EAGAIN: BlockingIOError,
  EALREADY: BlockingIOError,
  EINPROGRESS: BlockingIOError,
  ECONNREFUSED: ConnectionRefusedError,
  ECONNRESET: ConnectionResetError,
  ECONNABORTED: ConnectionAbortedError,
  EPIPE: BrokenPipeError,
  ESHUTDOWN: BrokenPipeError,
  ETIMEDOUT: TimeoutError,
  ENOENT: FileNotFoundError,
  EEXIST: FileExistsError,
  EISDIR: IsADirectoryError,
  ENOTDIR: NotADirectoryError,
  EACCES: PermissionError,
  EPERM: PermissionError,
  ESRCH: ProcessLookupError,
  ECHILD: ChildProcessError,
  EINTR: InterruptedError,
};

/** What `getaddrinfo` answers, by the names that hosts give it: the number and text of the C library. */
const LOOKUPS: Readonly<Record<string, readonly [errno: number, text: string]>> = {
  ENOTFOUND: [-2, 'Name or service not known'],
  EAI_NONAME: [-2, 'Name or service not known'],
  EAI_AGAIN: [-3, 'Temporary failure in name resolution'],
  EAI_FAIL: [-4, 'Non-recoverable failure in name resolution'],
  EAI_NODATA: [-5, 'No address associated with hostname'],
  EAI_SERVICE: [-8, 'Servname not supported for ai_socktype'],
  EAI_ADDRFAMILY: [-9, 'Address family for hostname not supported'],
};

/** What hosts put on their errors. */
interface HostError {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly syscall?: unknown;
}

/**
 * The error of Python for an error of the host; what is not the operating system's comes back as it is.
 * @param what says what failed, in place of the system's own text; it is given that text, and the number before it.
 */
export function toOSError(error: unknown, what?: (text: string, errno: number) => string): unknown {
  if (!(error instanceof Error) || error instanceof OSError) return error;
  const { code, errno, syscall } = error as HostError;
  if (typeof code !== 'string') return error;
  const sslError = toSSLError(error);
  if (sslError !== null) return sslError;
  const lookup = syscall === 'getaddrinfo' ? (LOOKUPS[code] ?? [0, error.message]) : undefined;
  if (lookup !== undefined) {
    const fields = { code, errno: lookup[0], syscall: 'getaddrinfo', cause: error };
    return new gaierror(`[Errno ${lookup[0]}] ${lookup[1]}`, fields);
  }
  if (typeof errno !== 'number' || typeof syscall !== 'string') return error;
  const number = Math.abs(errno);
  const text = textOf(errno, code);
  const message = `[Errno ${number}] ${what === undefined ? text : what(text, number)}`;
  return new (CLASSES[code] ?? OSError)(message, { code, errno: number, syscall, cause: error });
}

/** Where libuv's words are other than those of the C library. */
const TEXTS: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EAGAIN: 'Resource temporarily unavailable',
  EINPROGRESS: 'Operation now in progress',
  EBADF: 'Bad file descriptor',
  EAFNOSUPPORT: 'Address family not supported by protocol',
  EHOSTUNREACH: 'No route to host',
  ENOTCONN: 'Transport endpoint is not connected',
};

/** What the C library says of an error; libuv says the same, but begins with a small letter. */
function textOf(errno: number, code: string): string {
  const text = TEXTS[code] ?? (util as Partial<typeof util>).getSystemErrorMessage?.(errno) ?? code;
  return text.charAt(0).toUpperCase() + text.slice(1);
}
