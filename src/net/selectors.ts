/**
 * `asyncio-ts/selectors`: wait for several descriptors at once, without a loop. Python's `selectors`.
 *
 * `select` blocks the thread, and with it everything else that this program does, until something is ready or the time is over: it is for programs that are built around it,
 * as a server of one thread and many clients can be. Level-triggered. It needs Linux and the package koffi.
 * Source: Python docs, "selectors"; epoll(7).
 */
import { KeyError, NotImplementedError, RuntimeError, ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import { type Libc, loadLibc } from '../host/libc.ts';
import { EPOLLIN, EPOLLOUT } from '../host/linux.ts';
import { Poller, type Watcher } from '../reactors/epoll/poller.ts';
import { toOSError } from './os-error.ts';
import { type FileDescriptor, toDescriptor } from './readiness.ts';

export { Socket, type SocketFamily, socketpair } from './socket.ts';
export type { FileDescriptor };

/** It can be read from: bytes came, or a connection, or the end. */
export const EVENT_READ: 1 = 1;
/** It can be written to. */
export const EVENT_WRITE: 2 = 2;

/** What is registered. */
export interface SelectorKey<D = unknown> {
  /** As it was given. */
  readonly fileobj: FileDescriptor;
  readonly fd: number;
  /** What is waited for: `EVENT_READ`, `EVENT_WRITE`, or both (`|`). */
  readonly events: number;
  readonly data: D;
}

/** The longest time that `epoll_wait` can be told, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** @typeParam D what is kept beside each descriptor. */
export class EpollSelector<D = unknown> implements Disposable {
  readonly #keys = new Map<number, Registration<D>>();
  readonly #ready: [SelectorKey<D>, number][] = [];
  #poller: Poller | null;

  /** @throws {NotImplementedError} where there is no epoll, or no koffi. */
  constructor() {
    this.#poller = new Poller(system());
  }

  /**
   * Wait for `events` of a descriptor, and keep `data` beside it.
   * @throws {KeyError} where it is registered already; {ValueError} where it is no descriptor or there are no such events; {OSError} where it cannot be waited for.
   */
  register(fileobj: FileDescriptor, events: number, data: D = null as D): SelectorKey<D> {
    const poller = this.#open();
    const fd = toDescriptor(fileobj);
    if (this.#keys.has(fd)) throw new KeyError(`${describe(fileobj)} (FD ${fd}) is already registered`);
    const key = { fileobj, fd, events: checkEvents(events), data };
    const registration = new Registration(key, this.#ready);
    asOSError(() => poller.add(fd, toEpoll(events), registration));
    this.#keys.set(fd, registration);
    return key;
  }

  /** Wait for it no more. @returns what was registered. @throws {KeyError} where nothing was. */
  unregister(fileobj: FileDescriptor): SelectorKey<D> {
    const poller = this.#open();
    const registration = this.#find(fileobj);
    this.#keys.delete(registration.key.fd);
    poller.remove(registration.key.fd, registration);
    return registration.key;
  }

  /** Wait for other events of it, or keep other data beside it. @throws {KeyError} where it is not registered. */
  modify(fileobj: FileDescriptor, events: number, data: D = null as D): SelectorKey<D> {
    const poller = this.#open();
    const registration = this.#find(fileobj);
    const { fd } = registration.key;
    checkEvents(events);
    if (events !== registration.key.events) asOSError(() => poller.change(fd, toEpoll(events)));
    registration.key = { fileobj: registration.key.fileobj, fd, events, data };
    return registration.key;
  }

  /**
   * Block until something is ready.
   * @param timeout how long at most, in seconds; 0 or less: not at all; `null`: as long as it takes.
   * @returns what is ready, each with its events; nothing when the time is over or a signal came.
   */
  select(timeout: number | null = null): [key: SelectorKey<D>, events: number][] {
    const poller = this.#open();
    if (timeout !== null && (typeof timeout !== 'number' || Number.isNaN(timeout))) {
      throw new TypeError(`select() needs a time in seconds, or null, not ${describe(timeout)}`);
    }
    const milliseconds = timeout === null ? -1 : Math.min(Math.max(Math.ceil(timeout * 1000), 0), LONGEST);
    this.#ready.length = 0;
    asOSError(() => poller.wait(milliseconds));
    return this.#ready.splice(0);
  }

  /** What is registered of a descriptor. @throws {KeyError} where nothing is. */
  getKey(fileobj: FileDescriptor): SelectorKey<D> {
    this.#open();
    return this.#find(fileobj).key;
  }

  /** What is registered, by descriptor; a copy. */
  getMap(): ReadonlyMap<number, SelectorKey<D>> {
    return new Map([...this.#keys].map(([fd, { key }]) => [fd, key]));
  }

  /** The descriptor of the epoll set. */
  fileno(): number {
    return this.#poller?.fd ?? -1;
  }

  /** Close it; what was registered stays open. Has no effect on one that was closed. */
  close(): void {
    this.#poller?.close();
    this.#poller = null;
    this.#keys.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #open(): Poller {
    if (this.#poller === null) throw new RuntimeError('Selector is closed');
    return this.#poller;
  }

  #find(fileobj: FileDescriptor): Registration<D> {
    const fd = descriptorIn(this.#keys, fileobj);
    const registration = this.#keys.get(fd);
    if (registration !== undefined) return registration;
    throw new KeyError(`${describe(fileobj)} is not registered`);
  }
}

/** The selector that suits this platform. */
export const DefaultSelector: typeof EpollSelector = EpollSelector;
export type DefaultSelector<D = unknown> = EpollSelector<D>;

/** A descriptor in the set, which notes what it is told. */
class Registration<D> implements Watcher {
  key: SelectorKey<D>;
  readonly #ready: [SelectorKey<D>, number][];

  constructor(key: SelectorKey<D>, ready: [SelectorKey<D>, number][]) {
    this.key = key;
    this.#ready = ready;
  }

  /** For the poller. */
  ready(told: number): void {
    const events = (told & ~EPOLLIN ? EVENT_WRITE : 0) | (told & ~EPOLLOUT ? EVENT_READ : 0);
    const wanted = events & this.key.events;
    if (wanted !== 0) this.#ready.push([this.key, wanted]);
  }
}

function system(): Libc {
  if (process.platform !== 'linux') {
    throw new NotImplementedError(`EpollSelector: epoll is Linux's, and this is ${process.platform}`);
  }
  try {
    return loadLibc();
  } catch (error) {
    throw new NotImplementedError('EpollSelector needs the package koffi: npm install koffi', {
      cause: error,
    });
  }
}

/** A socket that was closed is still found, by itself, as in Python. */
function descriptorIn<D>(keys: ReadonlyMap<number, Registration<D>>, fileobj: FileDescriptor): number {
  try {
    return toDescriptor(fileobj);
  } catch (error) {
    for (const [fd, { key }] of keys) if (key.fileobj === fileobj) return fd;
    throw error;
  }
}

function checkEvents(events: unknown): number {
  if (typeof events === 'number' && events > 0 && (events & ~(EVENT_READ | EVENT_WRITE)) === 0) return events;
  throw new ValueError(
    `Invalid events: ${describe(events)}; they are EVENT_READ, EVENT_WRITE, or both with |`,
  );
}

function toEpoll(events: number): number {
  return (events & EVENT_READ ? EPOLLIN : 0) | (events & EVENT_WRITE ? EPOLLOUT : 0);
}

function asOSError<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw toOSError(error);
  }
}
