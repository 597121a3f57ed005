/**
 * The JavaScript half of the bridge between CPython's tests and asyncio-ts: the functions that the Python half calls, as the module `_jsasyncio`.
 *
 * Two rules hold everywhere. A Python object inside JavaScript is a `Ref`, a number in a Python dictionary, never a proxy of Pyodide, which
 * would be destroyed behind our back. And no exception crosses a call: each side returns a `Thrown` and rethrows at home, JavaScript errors and
 * Python exceptions being kept one to one.
 *
 * Nothing here does asyncio's work; what is adapted is only how the two languages name and hand over things.
 */
import { currentContext } from '../../src/core/context.ts';
import { isExit } from '../../src/core/errors.ts';
import { DoneEntry, entryBehind } from '../../src/core/future.ts';
import { running } from '../../src/core/running.ts';
import { sourceOf } from '../../src/core/sources.ts';
import * as A from '../../src/index.ts';
import { FlowControlMixin } from '../../src/net/flow-control-mixin.ts';
import { Process } from '../../src/process/process.ts';
import { loopOf, setDrive } from './drive.ts';
import { fieldOf } from './private-fields.ts';
import {
  exists,
  startEcho,
  startTestServer,
  stopEcho,
  stopTestServer,
  unlink,
  unusedPort,
} from './surroundings.ts';

/** What the Python half gives to this one; each gets and returns bridged values. */
interface PythonHalf {
  step(coro: unknown, kind: number, value: unknown): unknown;
  call(fn: unknown, args: readonly unknown[]): unknown;
  awaitIter(awaitable: unknown): unknown;
  compare(a: unknown, b: unknown): unknown;
  equal(a: unknown, b: unknown): unknown;
  truthy(value: unknown): boolean;
  repr(value: unknown): string;
  name(value: unknown): string;
  stack(): string;
  log(text: string, error: unknown): void;
  warn(message: string, category: string): void;
  cause(exception: unknown): unknown;
  setCause(exception: unknown, cause: unknown): void;
}

let P: PythonHalf;

/** An exception on its way across a call. */
export class Thrown {
  readonly err: unknown;
  constructor(err: unknown) {
    this.err = err;
  }
}

function home<T>(result: T | Thrown): T {
  if (result instanceof Thrown) throw result.err;
  return result;
}

function guard(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return new Thrown(error);
  }
}

// ---- Python objects inside JavaScript ---------------------------------------------------------------------------------------------

/** A Python object, by its number. */
export class Ref {
  readonly h: number;
  constructor(h: number) {
    this.h = h;
  }

  toString(): string {
    return P.repr(this);
  }

  get name(): string {
    return P.name(this);
  }
}

const refs = new Map<number, WeakRef<Ref>>();
let freed: number[] = [];
const dropped = new FinalizationRegistry<number>((h) => {
  if (refs.get(h)?.deref() !== undefined) return;
  refs.delete(h);
  freed.push(h);
});

export function mkRef(h: number): Ref {
  let ref = refs.get(h)?.deref();
  if (ref === undefined) {
    ref = new Ref(h);
    refs.set(h, new WeakRef(ref));
    dropped.register(ref, h);
  }
  return ref;
}

/** The numbers that JavaScript does not hold any more. */
export function takeFreed(): string {
  const text = freed.join(' ');
  freed = [];
  return text;
}

const ids = new WeakMap<object, number>();
let nextId = 1;

export function jsId(object: object): number {
  let id = ids.get(object);
  if (id === undefined) {
    id = nextId++;
    ids.set(object, id);
  }
  return id;
}

interface Carrier {
  readonly py?: unknown;
}

/** Of a Python object its number, of any other object its identity below zero. */
export function info(object: object): number {
  if (object instanceof Ref) return object.h;
  const { py } = object as Carrier;
  return py instanceof Ref && !(object instanceof Error) ? py.h : -jsId(object);
}

/** A Python coroutine, as the generator that a task drives. */
export class PyCoro {
  readonly py: Ref;
  constructor(py: Ref) {
    this.py = py;
  }
  next(value?: unknown): unknown {
    return home(P.step(this.py, 0, value));
  }
  throw(error: unknown): unknown {
    return home(P.step(this.py, 1, error));
  }
  return(value?: unknown): unknown {
    return home(P.step(this.py, 2, value));
  }
  [Symbol.iterator](): this {
    return this;
  }
  toString(): string {
    return P.repr(this.py);
  }
}

/** Any other Python awaitable. It must have a `then` to count as one; nothing calls it. */
export class PyAwaitable {
  readonly py: Ref;
  constructor(py: Ref) {
    this.py = py;
  }
  [Symbol.iterator](): unknown {
    return home(P.awaitIter(this.py));
  }
  then(): never {
    throw new Error('bridge: a Python awaitable is awaited with yield*');
  }
}

export const mkCoro = (py: Ref): PyCoro => new PyCoro(py);
export const mkAwaitable = (py: Ref): PyAwaitable => new PyAwaitable(py);

type AnyFunction = (...args: unknown[]) => unknown;

const functions = new WeakMap<Ref, AnyFunction>();
/** Functions made for callables that Python takes as equal, such as two reads of one bound method, are one. */
const equals = new Map<number, WeakRef<AnyFunction>[]>();

/** A Python callable as a function; `hash` finds those that are equal to it. */
export function mkFn(py: Ref, hash: number): AnyFunction {
  const known = functions.get(py);
  if (known !== undefined) return known;
  const same = equals.get(hash) ?? [];
  for (const candidate of same) {
    const fn = candidate.deref() as (AnyFunction & Carrier) | undefined;
    if (fn !== undefined && P.equal(fn.py, py) === true) return fn;
  }
  const made = (...args: unknown[]): unknown => home(P.call(py, args));
  Object.defineProperty(made, 'name', { value: P.name(py) });
  const fn = Object.assign(made, { py });
  functions.set(py, fn);
  equals.set(hash, [...same.filter((one) => one.deref() !== undefined), new WeakRef<AnyFunction>(fn)]);
  return fn;
}

/** A function that is called once and compared with nothing. */
export const mkOnce =
  (py: Ref): AnyFunction =>
  (...args) =>
    home(P.call(py, args));

/** Stands for any Python coroutine function: the library must know it for one. */
export const coroutineFunction = function* coroutineFunction(): Generator<never, void, unknown> {};

export const defaultOption = (value: unknown): { default: unknown } => ({ default: value });

// ---- errors -----------------------------------------------------------------------------------------------------------------------

/** A Python exception that has no class here. Its cause is the one that Python keeps. */
class PyException extends Error {
  declare readonly py: Ref;
  override get name(): string {
    return P.name(this.py);
  }
}

/** The same for what Python does not count as an ordinary exception. */
class PyBaseException extends A.BaseException {
  declare readonly py: Ref;
  override get name(): string {
    return P.name(this.py);
  }
}

const errors = new Map<number, WeakRef<Error>>();

export function shareCause(error: Error): void {
  Object.defineProperty(error, 'cause', {
    configurable: true,
    get: () => P.cause((error as Carrier).py) ?? undefined,
    set: (cause: unknown) => P.setCause((error as Carrier).py, cause ?? null),
  });
}

type ErrorClass = new (...args: unknown[]) => Error;

/** The error of the Python exception `id`: of class `cls` of the library, or of none. */
export function errFor(id: number, py: Ref, cls: string, ordinary: boolean, args: unknown[]): Error {
  const known = errors.get(id)?.deref() as (Error & Carrier) | undefined;
  if (known?.py !== undefined) return known;
  const library = A as unknown as Record<string, ErrorClass>;
  const error =
    cls === ''
      ? new (ordinary ? PyException : PyBaseException)(...(args.slice(0, 1).map(String) as [string?]))
      : new (library[cls] as ErrorClass)(...args);
  bindErr(error, py, id);
  shareCause(error);
  return error;
}

export function bindErr(error: Error, py: Ref, id: number): void {
  Object.defineProperty(error, 'py', { value: py, configurable: true });
  errors.set(id, new WeakRef(error));
}

/** Name, arguments, cause, stack, Python exception and members of an error. */
export function errInfo(error: Error & Carrier): unknown[] {
  const { args, exceptions, partial, expected, consumed } = error as {
    args?: unknown[];
    exceptions?: unknown[];
    partial?: unknown;
    expected?: unknown;
    consumed?: unknown;
  };
  const given =
    args ??
    (partial !== undefined
      ? [partial, expected]
      : consumed !== undefined
        ? [error.message, consumed]
        : error.message === '' && !(error instanceof TypeError)
          ? []
          : [error.message]);
  const { code } = error as { code?: unknown };
  return [error.name, given, error.cause ?? null, error.stack, error.py ?? null, exceptions ?? null, code];
}

// ---- calls from Python ------------------------------------------------------------------------------------------------------------

let calls = 0;
/** How often Python has called the library. */
export const countCalls = (): number => calls;

type Bag = Record<string, unknown>;

export const thrown = (err: unknown): Thrown => new Thrown(err);
export const arr = (...items: unknown[]): unknown[] => items;
export const res = (done: boolean, value: unknown): { done: boolean; value: unknown } => ({ done, value });
export const get = (object: Bag, key: string): unknown => object[key];
export const set = (object: Bag, key: string, value: unknown): void => {
  object[key] = value;
};
export const has = (object: Bag, key: string): boolean => key in object;
export const len = (list: unknown[]): number => list.length;
export const at = (list: unknown[], i: number): unknown => list[i];
export const arrOf = (values: Iterable<unknown>): unknown[] => [...values];
export const setOf = (...items: unknown[]): Set<unknown> => new Set(items);
export const entries = (object: Bag): unknown[] => Object.entries(object).flat();
export const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list);

export function opts(...pairs: unknown[]): Bag {
  const bag: Bag = {};
  for (let i = 0; i < pairs.length; i += 2)
    if (pairs[i + 1] !== undefined) bag[pairs[i] as string] = pairs[i + 1];
  return bag;
}

/** Call a method; `inProto` passes over what Python put in its place. */
export function inv(object: Bag, method: string, ...args: unknown[]): unknown {
  calls++;
  return guard(() => (object[method] as AnyFunction)(...args));
}

export function invProto(object: Bag, method: string, ...args: unknown[]): unknown {
  calls++;
  const proto = Object.getPrototypeOf(object) as Bag;
  return guard(() => ((proto[method] ?? object[method]) as AnyFunction).apply(object, args));
}

export function mk(cls: string, ...args: unknown[]): unknown {
  calls++;
  return guard(() => new ((A as unknown as Bag)[cls] as new (...given: unknown[]) => object)(...args));
}

export function fn(name: string, ...args: unknown[]): unknown {
  calls++;
  return guard(() => ((A as unknown as Bag)[name] as AnyFunction)(...args));
}

export const callFn = (f: AnyFunction, ...args: unknown[]): unknown => guard(() => f(...args));
export const iterOf = (object: Iterable<unknown>): unknown => guard(() => object[Symbol.iterator]());

/** Drive a JavaScript iterator: 0 `next`, 1 `throw`, 2 `return`. */
export function step(it: Iterator<unknown>, kind: number, value: unknown): unknown {
  return guard(() => {
    if (kind === 0) return it.next(value);
    if (kind === 2) return it.return?.(value) ?? { done: true, value: undefined };
    if (it.throw === undefined) throw value;
    return it.throw(value);
  });
}

/** The outcome of a promise, for `run_sync`: never rejects. */
export async function settled(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    return [await promise];
  } catch (error) {
    return new Thrown(error);
  }
}

const kinds: readonly (readonly [new (...args: never[]) => object, string])[] = [
  [A.Task, 'task'],
  [A.Future, 'future'],
  [A.BaseEventLoop, 'loop'],
  [A.TimerHandle, 'timer'],
  [A.Handle, 'handle'],
  [Thrown, 'thrown'],
  [PyCoro, 'py'],
  [PyAwaitable, 'py'],
  [A.Context, 'context'],
  [A.ContextVar, 'contextvar'],
  [A.Token, 'token'],
  [A.Timeout, 'timeout'],
  [A.TaskGroup, 'taskgroup'],
  [A.Queue, 'queue'],
  [A.Lock, 'lock'],
  [A.StreamReaderProtocol, 'readerprotocol'],
  [A.StreamTransport, 'transport'],
  [A.UdpTransport, 'datagrams'],
  [A.SubprocessTransport, 'subprocess'],
  [Process, 'process'],
  [A.StreamReader, 'reader'],
  [A.StreamWriter, 'writer'],
  [A.Server, 'server'],
  [A.Socket, 'socket'],
  [Uint8Array, 'bytes'],
];

export function kind(object: unknown): string {
  if (object === null) return 'null';
  if (object instanceof Ref) return 'ref';
  if (typeof object === 'symbol') return 'symbol';
  for (const [cls, name] of kinds) if (object instanceof cls) return name;
  if (Array.isArray(object)) return 'array';
  if (object instanceof Set) return 'set';
  if (object instanceof Error) return 'error';
  if (typeof object === 'function') return (object as Carrier).py === undefined ? 'fn' : 'py';
  if (Object.getPrototypeOf(object) === Object.prototype) return 'dict';
  return typeof (object as { next?: unknown }).next === 'function' ? 'iter' : 'other';
}

/** A Python monkeypatch, or a method overridden in a Python subclass: an own property that calls it. */
export function override(object: Bag, name: string, py: Ref): void {
  Object.defineProperty(object, name, {
    value: (...args: unknown[]) => home(P.call(py, args)),
    configurable: true,
    writable: true,
    enumerable: false,
  });
}

export const unoverride = (object: Bag, name: string): void => {
  delete object[name];
};

// ---- what has no public door, under CPython's private names -------------------------------------------------------------------------

export const runningLoop = (): unknown => running.loop;
export const setRunningLoop = (loop: A.BaseEventLoop | null): void => {
  running.loop = loop;
};
export const chosenLoop = (): unknown => running.chosen;
export const context = (): A.Context => currentContext();
export const tokenMissing: unknown = A.Token.MISSING;
export const sourceTraceback = (object: object): string | undefined => sourceOf(object);
export const isExitError = isExit;

/** The callbacks of a future, in order: of a handle its function and context, of another entry the entry itself. */
export function callbacksOf(future: A.Future<unknown>): unknown[] {
  const list: unknown[] = [];
  for (const entry of future._waiters()) {
    if (entry instanceof A.Handle) list.push([entry._callback, entry.getContext()]);
    else list.push([entry instanceof DoneEntry ? 'watcher' : 'wakeup', null]);
  }
  return list;
}

/** Python's name of the state. */
export const stateOf = (future: A.Future<unknown>): string =>
  ['PENDING', 'CANCELLED', 'FINISHED', 'FINISHED'][future._state] as string;

/** The exception, without taking note that somebody asked. */
export const exceptionOf = (future: A.Future<unknown>): unknown =>
  future._state === 3 ? future._value : null;

/** Who waits for the future by other means than being suspended on it. */
export function awaitedBy(future: A.Future<unknown>): unknown[] {
  const known = future._awaitedBy;
  const waiters = new Set<unknown>(known === null ? [] : known instanceof Set ? known : [known]);
  for (const waiter of future._waiters()) {
    const entry = entryBehind(waiter);
    if (entry instanceof A.Task) waiters.add(entry._owner);
  }
  return [...waiters];
}

/** What stands below reader and writer. */
export const mkFlowControl = (loop: A.EventLoop): FlowControlMixin => new FlowControlMixin(loop);

/** A handle that is not scheduled. */
export const mkHandle = (...args: ConstructorParameters<typeof A.Handle>): A.Handle => new A.Handle(...args);
export const mkTimer = (...args: ConstructorParameters<typeof A.TimerHandle>): A.TimerHandle =>
  new A.TimerHandle(...args);

/** Python's `<`, as an order for the priority queue. */
export const pythonOrder = (a: unknown, b: unknown): number => home(P.compare(a, b)) as number;

/** The name by which a predicate's result is known to be true in Python. */
export const predicate =
  (f: AnyFunction): AnyFunction =>
  () => {
    const value = f();
    return (typeof value === 'object' || typeof value === 'function') && value !== null && !P.truthy(value)
      ? ''
      : value;
  };

/** A task factory for a constructor of Python's, which is called without `new`. */
export const eagerFactory = (make: unknown): unknown =>
  guard(() => {
    if (typeof make !== 'function') return A.createEagerTaskFactory(make as never);
    const made = function (this: unknown, ...args: unknown[]): unknown {
      return (make as AnyFunction)(...args);
    };
    return A.createEagerTaskFactory(made as never);
  });

/** The first Ctrl-C and the second, without the signal. */
export const interrupt = (): boolean => process.emit('SIGINT', 'SIGINT');
export const listeners = (name: string): number => process.listenerCount(name);

/** The private field `name` of an object of a class in `file`. */
export const field = (object: Bag, file: string, name: string): unknown => object[fieldOf(file, name)];

/** What is ready, in order. */
export const readyOf = (loop: Bag): unknown[] => [...(field(loop, 'turns', 'ready') as Iterable<unknown>)];

/** The timers that are set, in the order of the heap. */
export const timersOf = (loop: Bag): unknown[] => [
  ...(field(field(loop, 'turns', 'timers') as Bag, 'timers', 'timers') as Iterable<unknown>),
];

/** Who waits for a primitive, in order. */
export const waitersOf = (primitive: Bag, file: string, name: string): unknown[] => [
  ...(field(primitive, file, name) as Iterable<unknown>),
];

/** The tasks that a task group holds. */
export const tasksOf = (group: Bag): unknown[] =>
  (field(group, 'task-group', 'members') as ({ readonly task: unknown } | null)[]).flatMap(
    (member) => member?.task ?? [],
  );

/** What a reader holds. */
export function buffered(reader: Bag): Uint8Array {
  const queue = field(reader, 'stream-reader', 'queue') as Bag;
  const [chunks, head, start] = ['chunks', 'head', 'start'].map((name) => field(queue, 'byte-queue', name));
  return Buffer.concat((chunks as Uint8Array[]).slice(head as number)).subarray(start as number);
}

/** A transport of Python's, under the names of asyncio-ts. `call(method, ...args)` calls it. */
export function mkTransport(call: Ref, py: Ref): object {
  const methods: Bag = { py, toString: () => P.repr(py) };
  for (const [name, python] of TRANSPORT) {
    methods[name] = (...args: unknown[]) => home(P.call(call, [python, ...args]));
  }
  return methods;
}

const TRANSPORT = [
  ['write', 'write'],
  ['writelines', 'writelines'],
  ['writeEof', 'write_eof'],
  ['canWriteEof', 'can_write_eof'],
  ['close', 'close'],
  ['abort', 'abort'],
  ['isClosing', 'is_closing'],
  ['getExtraInfo', 'get_extra_info'],
  ['pauseReading', 'pause_reading'],
  ['resumeReading', 'resume_reading'],
  ['setProtocol', 'set_protocol'],
  ['getProtocol', 'get_protocol'],
] as const;

/** A protocol of Python's, under the names of asyncio-ts. */
export function mkProtocol(call: Ref, py: Ref, isBuffered: boolean): object {
  const ask = (method: string, ...args: unknown[]) => home(P.call(call, [method, ...args]));
  const protocol = {
    py,
    connectionMade: (transport: unknown) => ask('connection_made', transport),
    connectionLost: (exc: unknown) => ask('connection_lost', exc),
    pauseWriting: () => ask('pause_writing'),
    resumeWriting: () => ask('resume_writing'),
    eofReceived: () => ask('eof_received'),
    datagramReceived: (data: unknown, addr: unknown) => ask('datagram_received', data, addr),
    errorReceived: (exc: unknown) => ask('error_received', exc),
    pipeDataReceived: (fd: number, data: unknown) => ask('pipe_data_received', fd, data),
    pipeConnectionLost: (fd: number, exc: unknown) => ask('pipe_connection_lost', fd, exc),
    processExited: () => ask('process_exited'),
  };
  if (!isBuffered) return { ...protocol, dataReceived: (data: unknown) => ask('data_received', data) };
  let buffer = new Uint8Array(0);
  return {
    ...protocol,
    getBuffer: (hint: number) => {
      buffer = new Uint8Array(ask('get_buffer', hint) as number);
      return buffer;
    },
    bufferUpdated: (count: number) => ask('buffer_updated', buffer.slice(0, count)),
  };
}

/** The asynchronous iterator of an object. */
export const invSymbol = (object: AsyncIterable<unknown>): unknown => object[Symbol.asyncIterator]();

/** The exception of the report that is being printed. */
let printed: unknown = null;

export function printReport(loop: A.EventLoop, report: A.ExceptionContext): void {
  printed = report.exception ?? null;
  try {
    A.EventLoop.prototype.defaultExceptionHandler.call(loop, report);
  } finally {
    printed = null;
  }
}

export const prepare = (loop: A.EventLoop): void => {
  Object.defineProperty(loop, '_captureStack', { value: () => P.stack(), configurable: true });
  Object.defineProperty(loop, 'defaultExceptionHandler', {
    value: (report: A.ExceptionContext) => printReport(loop, report),
    configurable: true,
    writable: true,
  });
};

/** What a call returns in place of something that has a `then`, which is in `slot` meanwhile: see js.py. */
export const HELD = '\0held';
export const slot: { value: unknown } = { value: undefined };

function hold(value: unknown): unknown {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return value;
  if (Buffer.isBuffer(value)) return new Uint8Array(value);
  if (value instanceof Ref || !('then' in value)) return value;
  slot.value = value;
  return HELD;
}

/** The functions of this module, for Python. */
export function forPython(module: object): Bag {
  const held = Object.entries(module).map(([name, value]: [string, unknown]) =>
    typeof value === 'function' && name !== 'coroutineFunction'
      ? [name, (...args: unknown[]) => hold((value as AnyFunction)(...args))]
      : [name, value],
  );
  return Object.fromEntries(held) as Bag;
}

export { exists, loopOf, setDrive, startEcho, startTestServer, stopEcho, stopTestServer, unlink, unusedPort };

export function init(half: PythonHalf): void {
  P = half;
  // What the library says on the console goes to Python's logger and warnings, where the tests look for it.
  console.error = (...args: unknown[]) => {
    const error = args.find((arg) => arg instanceof Error) ?? printed;
    P.log(
      args
        .filter((arg) => typeof arg === 'string')
        .join(' ')
        .trimEnd(),
      error,
    );
  };
  process.emitWarning = (message: string | Error, name?: unknown) => {
    P.warn(String(message), String(name));
  };
}
