/**
 * Scenarios on real sockets, in both styles, each of which ends with a balance: no task, no socket and no listener is left, and nothing was reported
 * or warned of that the scenario did not ask for.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import * as asyncio from '../../src/index.ts';
import { inBothStyles, type Style, type Styled } from '../both-styles.ts';

const PATIENCE_MS = 60_000;
/** How many turns of Node's loop the closing of the last handles may take. */
const TURNS = 1000;

export const HOST = '127.0.0.1';

/** What a scenario may use of its surroundings. */
export interface NetScene {
  readonly loop: asyncio.EventLoop;
  /** Take what was given to the loop's exception handler so far; what is never taken fails the scenario. */
  reports(): asyncio.ExceptionContext[];
  /** Take the warnings that came so far; what is never taken fails the scenario. */
  warnings(): Error[];
}

type Body = (scene: NetScene) => asyncio.Coroutine<unknown>;

/** The tools of a test file on sockets, for the style in which it is being read. */
export interface NetStyled extends Pick<Styled, 'co'> {
  readonly style: Style;
  /** @param skip why it cannot be played here. */
  scenario(name: string, body: Body, skip?: string | false): void;
}

/** Call this first in a test file, with `import.meta.url`; the tests of the file are then registered twice. */
export async function onSockets(url: string): Promise<NetStyled> {
  const { style, co } = await inBothStyles(url);
  const label = style === 'generator' ? 'generators' : 'async functions';
  return {
    style,
    co,
    scenario(name, body, skip = false) {
      test(`${name} (${label})`, { timeout: PATIENCE_MS, skip }, () => playOnSockets(body));
    },
  };
}

/** Run a scenario on a loop of its own, and strike the balance. */
export async function playOnSockets(body: Body): Promise<void> {
  const loop = asyncio.newEventLoop();
  const reported: asyncio.ExceptionContext[] = [];
  const warned: Error[] = [];
  const hear = (warning: Error) => warned.push(warning);
  process.on('warning', hear);
  loop.setExceptionHandler((_loop, context) => reported.push(context));
  const before = openHandles().length;
  const scene: NetScene = {
    loop,
    reports: () => reported.splice(0),
    warnings: () => warned.splice(0),
  };
  try {
    await loop.runUntilComplete(loop.createTask(() => body(scene), { name: 'scenario' }));
    const left = [...asyncio.allTasks(loop)].map((task) => task.getName());
    assert.deepEqual(left, [], 'tasks are left');
    await noneOpen(before);
  } finally {
    loop.close();
    await turn();
    process.removeListener('warning', hear);
  }
  const messages = reported.map(({ message, exception }) => `${message}: ${String(exception)}`);
  assert.deepEqual(messages, [], 'something was reported');
  assert.deepEqual(warned.map(String), [], 'something was warned of');
}

/** Wait until no socket and no listener of this process is open, but for those there were `before`; fail where that does not come. */
export async function noneOpen(before = 0): Promise<void> {
  for (let i = 0; openHandles().length > before; i++) {
    if (i === TURNS) assert.fail(`left open: ${openHandles().join(', ')}`);
    await turn();
  }
}

/** The sockets and listeners of this process that are open. */
export function openHandles(): string[] {
  if (process.platform === 'linux') return sockets().filter((socket) => !given.has(socket));
  return process.getActiveResourcesInfo().filter((name) => /^(TCP|UDP)/.test(name));
}

/** The sockets among the descriptors of this process, whoever opened them. */
function sockets(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const what = readlinkSync(`/proc/self/fd/${fd}`);
      return what.startsWith('socket:') ? [what] : [];
    } catch {
      return [];
    }
  });
}

/** Those that this process was given. */
const given = new Set(process.platform === 'linux' ? sockets() : []);

/** Does the loop have descriptors of its own? */
export function isRaw(loop: asyncio.EventLoop): boolean {
  return loop._reactor.name === 'epoll';
}

/** Wait for an event of a Node object, without its being cancelled. */
export function event<T>(emitter: NodeJS.EventEmitter, name: string): asyncio.Future<T> {
  return asyncio.wrapFuture(once(emitter, name).then(([value]) => value as T));
}

/** Give way to Node's own loop, so that what the system has to tell is told. */
export function hostTurn(): asyncio.Future<void> {
  return asyncio.wrapFuture(turn());
}

/** The same so many times: for what cannot be seen from outside, such as that something stays as it is. */
export function hostTurns(count = 20): asyncio.Future<void> {
  const wait = async () => {
    for (let i = 0; i < count; i++) await turn();
  };
  return asyncio.wrapFuture(wait());
}

/** How many sockets this process has open, Unix sockets too, where that can be counted. */
export function socketsOpen(): number {
  if (process.platform !== 'linux') return 0;
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}

/** Wait until `condition` holds, turn by turn of Node's loop. */
export function until(condition: () => boolean): asyncio.Future<void> {
  const wait = async () => {
    while (!condition()) await turn();
  };
  return asyncio.wrapFuture(wait());
}

/** A server of bare `node:net`, which keeps its sockets and half-closes as it is told to. */
export class BarePeer {
  readonly server: net.Server;
  readonly sockets: net.Socket[] = [];
  #waiting: ((socket: net.Socket) => void)[] = [];

  constructor() {
    this.server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      socket.on('error', () => {});
      const next = this.#waiting.shift();
      if (next === undefined) this.sockets.push(socket);
      else next(socket);
    });
  }

  async listen(): Promise<number> {
    this.server.listen(0, HOST);
    await once(this.server, 'listening');
    return this.port;
  }

  get port(): number {
    return (this.server.address() as net.AddressInfo).port;
  }

  /** The next connection. */
  accepted(): asyncio.Future<net.Socket> {
    const socket = this.sockets.shift();
    if (socket !== undefined) return asyncio.wrapFuture(Promise.resolve(socket));
    const { promise, resolve } = Promise.withResolvers<net.Socket>();
    this.#waiting.push(resolve);
    return asyncio.wrapFuture(promise);
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

/** A client of bare `node:net`, connected and paused. */
export async function bareClient(port: number): Promise<net.Socket> {
  const socket = net.connect({ port, host: HOST, allowHalfOpen: true });
  socket.pause().on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** The port of the first socket of a server. */
export function portOf(server: asyncio.Server): number {
  const [socket] = server.sockets;
  assert.ok(socket !== undefined, 'the server has no socket');
  return socket.getsockname()[1];
}

export function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

/** Bytes as the text that they are, one character a byte. */
export function text(data: Uint8Array): string {
  return Buffer.from(data).toString('latin1');
}

/** A protocol that writes down what happens to it. */
export class Recorder extends asyncio.Protocol {
  readonly events: string[] = [];
  readonly loop: asyncio.EventLoop;
  readonly made: asyncio.Future<void>;
  readonly lost: asyncio.Future<Error | null>;
  #transport: asyncio.Transport | null = null;

  constructor(loop: asyncio.EventLoop) {
    super();
    this.loop = loop;
    this.made = loop.createFuture<void>();
    this.lost = loop.createFuture<Error | null>();
  }

  get transport(): asyncio.Transport {
    assert.ok(this.#transport !== null, 'no connection was made');
    return this.#transport;
  }

  override connectionMade(transport: asyncio.Transport): void {
    this.#transport = transport;
    this.events.push('made');
    this.made.setResult(undefined);
  }

  override dataReceived(data: Uint8Array): void {
    this.events.push(`data ${text(data)}`);
  }

  override eofReceived(): unknown {
    this.events.push('eof');
    return undefined;
  }

  override connectionLost(exc: Error | null): void {
    this.events.push(`lost ${exc === null ? 'null' : exc.name}`);
    this.lost.setResult(exc);
  }

  override pauseWriting(): void {
    this.events.push('pause');
  }

  override resumeWriting(): void {
    this.events.push('resume');
  }
}

/** A protocol that sends back what it gets. */
export class Echo extends Recorder {
  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }
}
