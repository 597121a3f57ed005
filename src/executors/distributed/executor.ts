/**
 * `DistributedExecutor`: jobs that run on other processes and machines, through a queue in Redis.
 *
 * It has the interface of every executor. A job is delivered at least once: it stays in the queue until a worker has said how it ended, and that of a
 * worker that dies is given to another. Results come back, and with them what the job threw. Cancelling takes a job out of the queue, or stops it where
 * it runs. The engine is BullMQ. Source: Python docs, "concurrent.futures"; BullMQ's documentation, "Queues", "Retrying failing jobs".
 */
import { randomUUID } from 'node:crypto';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { RuntimeError, ValueError } from '../../core/errors.ts';
import { describe } from '../../core/repr.ts';
import { addSource, bell, blockUntil, removeSource, type Source } from '../bell.ts';
import { BrokenExecutor } from '../errors.ts';
import { Executor, type ShutdownOptions } from '../executor.ts';
import { Future } from '../future.ts';
import type { JobDescription } from '../job.ts';
import type { ChunkResult } from '../messages.ts';
import { decodeThrown, type Thrown } from '../outcome.ts';
import { threadFlags } from '../programs.ts';
import { unwrapAll } from '../transfer.ts';
import { refusedArguments } from '../travel.ts';
import type { AddOptions, ClientData, FromClient, ToClient } from './client.ts';
import { checkEngine } from './engine.ts';
import { type ChunkData, type Connection, fromText, toText } from './wire.ts';

/** How a job is run. */
export interface DistributedJobOptions {
  /** How often a job that fails is tried in all; 1 by default. A worker that dies is no failure of the job. */
  readonly attempts?: number | undefined;
  /** How long to wait before the second attempt, in seconds; twice as long before each further one. By default not at all. */
  readonly backoff?: number | undefined;
  /** How long one attempt may take, in seconds; after that it is stopped, and has failed with a `TimeoutError`. By default as long as it takes. */
  readonly timeout?: number | null | undefined;
  /** Jobs of a lower number go first, those without one before all. From 1 to 2,097,152. */
  readonly priority?: number | undefined;
  /** Begin no sooner than after so many seconds. */
  readonly delay?: number | undefined;
}

/** How the executor is made. */
export interface DistributedOptions extends DistributedJobOptions {
  /** The name of the queue: workers of the same one take its jobs. */
  readonly queue: string;
  /** Where Redis is: a URL, or what ioredis takes. By default `redis://127.0.0.1:6379`. */
  readonly connection?: Connection | undefined;
  /** What the names of all keys in Redis begin with; `asyncio` by default. */
  readonly prefix?: string | undefined;
  /** How long to try for the first connection, in seconds; 10 by default. One that is lost later is waited for without a limit. */
  readonly connectTimeout?: number | undefined;
  /** How long jobs that are done stay in Redis, in seconds; an hour by default. */
  readonly keep?: number | undefined;
}

const JOB_OPTIONS = ['attempts', 'backoff', 'timeout', 'priority', 'delay'] as const;
const OPTIONS = [...JOB_OPTIONS, 'queue', 'connection', 'prefix', 'connectTimeout', 'keep'] as const;
const CLIENT_PROGRAM = new URL(`./client${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

/** One thread that speaks with Redis, and the futures of its jobs. */
class Connector implements Source {
  readonly mark: string = `${randomUUID()}-`;
  readonly #thread: Worker;
  readonly #port: MessagePort;
  readonly #jobs = new Map<string, { readonly future: Future<unknown>; readonly chunk: boolean }>();
  #count = 0;
  #broken: string | null = null;
  #isShutDown = false;
  #closed = false;
  #waiters: (() => void)[] = [];

  constructor(data: Omit<ClientData, 'bell' | 'mark'>) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const execArgv = threadFlags();
    this.#thread = new Worker(CLIENT_PROGRAM, {
      name: 'asyncio-distributed',
      workerData: { ...data, bell, mark: this.mark, port: port2 },
      transferList: [port2],
      ...(execArgv === undefined ? {} : { execArgv }),
    });
    this.#thread.on('error', (error) =>
      this.#break(`lost the thread that speaks with Redis: ${String(error)}`),
    );
    this.#thread.unref();
    port1.on('message', this.#heard);
    port1.unref();
    addSource(this);
  }

  get isActive(): boolean {
    return this.#jobs.size > 0 || (this.#isShutDown && !this.#closed);
  }

  start(data: Parameters<typeof toText>[0] & object, chunk: boolean, options: AddOptions): Future<unknown> {
    if (this.#broken !== null) throw new BrokenExecutor(this.#broken);
    if (this.#isShutDown) throw new RuntimeError('cannot schedule new futures after shutdown');
    const id = `${this.mark}${this.#count++}`;
    const cancel = (): void => {
      this.#jobs.delete(id);
      this.#send(['cancel', id]);
      this.#afterChange();
    };
    const future = new Future<unknown>({ _isElsewhere: true, _dropped: cancel, _stop: cancel });
    this.#jobs.set(id, { future, chunk });
    if (this.#jobs.size === 1) this.#port.ref();
    this.#send(['add', id, data as never, options]);
    return future;
  }

  shutdown(cancelFutures: boolean): void {
    this.#isShutDown = true;
    if (cancelFutures) for (const { future } of [...this.#jobs.values()]) future.cancel();
    this.#afterChange();
  }

  waitBlocking(): void {
    blockUntil(() => this.#closed, null, 'shutdown() of the executor');
  }

  onEnded(ended: () => void): void {
    if (this.#closed) ended();
    else this.#waiters.push(ended);
  }

  drain(): boolean {
    let any = false;
    for (;;) {
      const found = receiveMessageOnPort(this.#port) as { readonly message: FromClient } | undefined;
      if (found === undefined) return any;
      any = true;
      this.#heard(found.message);
    }
  }

  tend(): number {
    return Infinity;
  }

  readonly #heard = (message: FromClient): void => {
    if (message[0] === 'broken') this.#break(message[1]);
    else if (message[0] === 'closed') this.#end();
    else this.#jobHeard(message);
  };

  #jobHeard(
    message: FromClient & readonly ['active' | 'progress' | 'done' | 'failed' | 'lost', ...unknown[]],
  ): void {
    const job = this.#jobs.get(message[1]);
    if (job === undefined) return;
    const { future } = job;
    if (message[0] === 'progress') {
      future._tellProgress(fromText((message[2] as { readonly value: string }).value));
      return;
    }
    if (!future.running() && !future.done()) future.setRunningOrNotifyCancel();
    if (message[0] === 'active') return;
    this.#jobs.delete(message[1]);
    if (!future.done()) settle(future, job.chunk, message);
    this.#afterChange();
  }

  #break(reason: string): void {
    this.#broken = reason;
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    for (const { future } of jobs) if (!future.done()) future.setException(new BrokenExecutor(reason));
    this.#afterChange();
  }

  #afterChange(): void {
    if (this.#jobs.size > 0) return;
    if (!this.#isShutDown) this.#port.unref();
    else if (!this.#closed) {
      if (this.#broken !== null) this.#end();
      else this.#send(['close']);
    }
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    removeSource(this);
    this.#port.close();
    void this.#thread.terminate();
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  #send(message: ToClient): void {
    this.#port.postMessage(message);
  }
}

function settle(
  future: Future<unknown>,
  chunk: boolean,
  message: FromClient & readonly ['done' | 'failed' | 'lost', ...unknown[]],
): void {
  if (message[0] === 'lost') {
    future.setException(new BrokenExecutor(`the job was lost: ${message[2]}`));
  } else if (message[0] === 'failed') {
    const [, , thrown, reason] = message;
    future.setException(
      thrown === null ? new RuntimeError(reason) : decodeThrown(fromText(thrown) as Thrown),
    );
  } else if (chunk) {
    const { values, thrown } = fromText(message[2]) as ChunkData;
    const failure = thrown === null ? null : { error: decodeThrown(thrown) };
    future.setResult({ values, failure } satisfies ChunkResult);
  } else {
    future.setResult(fromText(message[2]));
  }
}

/**
 * An executor whose jobs run wherever `asyncio worker` does.
 *
 * Only jobs that were declared by `job()` can be given to it, because workers run what their module exports and nothing else.
 *
 * ```ts no-run: there is no Redis here
 * import * as asyncio from 'asyncio-ts';
 * import { DistributedExecutor } from 'asyncio-ts/distributed';
 * declare const resize: (image: Uint8Array, width: number) => Uint8Array; // is imported from the workers' module
 * await using executor = new DistributedExecutor({ queue: 'thumbnails', connection: 'redis://localhost' });
 * const image = await executor.submit(resize, new Uint8Array(9), 200);
 * asyncio.isFuture(image); // false: it has come
 * ```
 */
export class DistributedExecutor extends Executor {
  readonly #connector: Connector;
  readonly #options: DistributedJobOptions;

  constructor(options: DistributedOptions) {
    super();
    checkOptions(options);
    this.#options = options;
    const connector = (options as { readonly [SHARED]?: Connector })[SHARED];
    if (connector !== undefined) {
      this.#connector = connector;
      return;
    }
    checkEngine();
    const {
      queue,
      connection = 'redis://127.0.0.1:6379',
      prefix = 'asyncio',
      connectTimeout = 10,
      keep = 3600,
    } = options;
    this.#connector = new Connector({ place: { queue, connection, prefix }, connectTimeout, keep });
  }

  /** The same executor, whose jobs are run in another way: `executor.withOptions({ attempts: 5, timeout: 30 }).submit(...)`. */
  withOptions(options: DistributedJobOptions): DistributedExecutor {
    return new DistributedExecutor({ ...this.#options, ...options, [SHARED]: this.#connector } as never);
  }

  override _start(description: JobDescription, args: readonly unknown[], chunk: boolean): Future<unknown> {
    if (description.kind !== 'export') {
      throw new TypeError(
        `'${description.name}' cannot be given to workers elsewhere: declare it in their module, export const ${description.name} = job(import.meta.url, '${description.name}', ...)`,
      );
    }
    const { name } = description;
    const calls = chunk
      ? (args as readonly (readonly unknown[])[]).map((one) => unwrapAll(one).values)
      : [unwrapAll(args).values];
    let text: string;
    try {
      text = toText(chunk ? calls : calls[0]);
    } catch (cause) {
      throw refusedArguments(calls, name, cause, toText);
    }
    const { attempts = 1, backoff, timeout = null, priority, delay } = this.#options;
    return this.#connector.start({ name, args: text, chunk, timeout }, chunk, {
      attempts,
      backoff: backoff === undefined ? undefined : { type: 'exponential', delay: Math.round(backoff * 1000) },
      priority,
      delay: delay === undefined ? undefined : Math.round(delay * 1000),
    });
  }

  override shutdown(options: ShutdownOptions = {}): void {
    this.#connector.shutdown(options.cancelFutures === true);
    if (options.wait !== false) this.#connector.waitBlocking();
  }

  override _onEnded(ended: () => void): void {
    this.#connector.onEnded(ended);
  }
}

/** How an executor is told to share the connection of another. */
const SHARED: unique symbol = Symbol('connector');

function checkOptions(options: DistributedOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`DistributedExecutor() needs { queue }, not ${describe(options)}`);
  for (const key of Object.keys(options)) {
    if (!(OPTIONS as readonly string[]).includes(key))
      throw new TypeError(`DistributedExecutor() has no option ${key}; it has ${OPTIONS.join(', ')}`);
  }
  const { queue, connection, attempts, priority } = options;
  if ((options as { readonly [SHARED]?: Connector })[SHARED] === undefined) {
    if (typeof queue !== 'string' || queue === '' || queue.includes(':'))
      throw new ValueError(`queue must be a name without ':', not ${describe(queue)}`);
    const plain = typeof connection === 'object' && Object.getPrototypeOf(connection) === Object.prototype;
    if (connection !== undefined && typeof connection !== 'string' && !plain)
      throw new TypeError(
        `connection must be a URL or plain options such as { host, port }, not ${describe(connection)}: the executor makes connections of its own`,
      );
  }
  if (attempts !== undefined && (!Number.isInteger(attempts) || attempts < 1))
    throw new ValueError(`attempts must be a whole number, 1 or more, not ${describe(attempts)}`);
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= 1 && priority <= 2_097_152))
    throw new ValueError(`priority must be a whole number from 1 to 2097152, not ${describe(priority)}`);
  for (const name of ['backoff', 'timeout', 'delay', 'connectTimeout', 'keep'] as const) {
    const value = options[name];
    if (value !== undefined && value !== null && !(typeof value === 'number' && value >= 0))
      throw new ValueError(`${name} must be a number of seconds, 0 or more, not ${describe(value)}`);
  }
}
