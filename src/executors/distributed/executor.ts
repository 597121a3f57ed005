/**
 * `DistributedExecutor`: jobs that run on other processes and machines, through a queue in Redis.
 *
 * It has the interface of every executor. A job is delivered at least once: it stays in the queue until a worker has said how it ended, and that of a
 * worker that dies is given to another. Results come back, and with them what the job threw. Cancelling takes a job out of the queue, or stops it where
 * it runs. The engine is BullMQ. Source: Python docs, "concurrent.futures"; BullMQ's documentation, "Queues", "Retrying failing jobs".
 */
import { randomUUID } from 'node:crypto';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { RuntimeError } from '../../core/errors.ts';
import { warn } from '../../core/warn.ts';
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
import { checkConnection, checkCount, checkKeys, checkPrefix, checkQueue, checkSeconds } from './options.ts';
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
  /** How long jobs that are done stay in Redis, in seconds; an hour by default, and never less than a minute. */
  readonly keep?: number | undefined;
}

const JOB_OPTIONS = ['attempts', 'backoff', 'timeout', 'priority', 'delay'] as const;
const OPTIONS = [...JOB_OPTIONS, 'queue', 'connection', 'prefix', 'connectTimeout', 'keep'] as const;
/** How often a thread that blocks looks whether the other one lives, in milliseconds. */
const LOOK_EVERY_MS = 1000;
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
  #closing = false;
  #closed = false;
  #lookAt = 0;
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
    this.#thread.on('exit', () => {
      this.drain();
      if (!this.#closed) this.#break('lost the thread that speaks with Redis');
    });
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

  tend(now: number): number {
    if (this.#broken !== null || this.#closed) return Infinity;
    if (now < this.#lookAt) return this.#lookAt;
    this.#lookAt = now + LOOK_EVERY_MS;
    // A thread that ends closes its port, and to a closed one nothing can be sent.
    if ((this.#port.postMessage(['ping'] satisfies ToClient) as unknown) === true) return this.#lookAt;
    this.drain();
    if (this.#broken === null && !this.#closed) this.#break('lost the thread that speaks with Redis');
    return now;
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
    if (this.#broken !== null || this.#closed) return;
    this.#broken = reason;
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    for (const { future } of jobs) if (!future.done()) future.setException(new BrokenExecutor(reason));
    this.#afterChange();
  }

  #afterChange(): void {
    if (this.#jobs.size > 0) return;
    if (!this.#isShutDown) this.#port.unref();
    else if (this.#broken !== null) this.#end();
    else if (!this.#closing) {
      this.#closing = true;
      // The process lives until the last word has reached Redis.
      this.#port.ref();
      this.#send(['close']);
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
  readonly #held: Held;
  readonly #options: DistributedJobOptions;

  constructor(options: DistributedOptions) {
    super();
    const held = (options as Shared | undefined)?.[SHARED];
    if (held === undefined) checkOptions(options);
    checkJobOptions(options);
    this.#options = options;
    if (held !== undefined) {
      this.#held = held;
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
    const connector = new Connector({ place: { queue, connection, prefix }, connectTimeout, keep });
    this.#held = { connector };
    forgotten.register(this.#held, connector, this.#held);
  }

  /** The same executor, whose jobs are run in another way: `executor.withOptions({ attempts: 5, timeout: 30 }).submit(...)`. */
  withOptions(options: DistributedJobOptions): DistributedExecutor {
    checkKeys(options, JOB_OPTIONS, 'withOptions()');
    return new DistributedExecutor({ ...this.#options, ...options, [SHARED]: this.#held } as never);
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
    return this.#held.connector.start({ name, args: text, chunk, timeout }, chunk, {
      attempts,
      backoff: backoff === undefined ? undefined : { type: 'exponential', delay: Math.round(backoff * 1000) },
      priority,
      delay: delay === undefined ? undefined : Math.round(delay * 1000),
    });
  }

  override shutdown(options: ShutdownOptions = {}): void {
    const { connector } = this.#held;
    forgotten.unregister(this.#held);
    connector.shutdown(options.cancelFutures === true);
    if (options.wait !== false) connector.waitBlocking();
  }

  override _onEnded(ended: () => void): void {
    this.#held.connector.onEnded(ended);
  }
}

/** How an executor is told to share the connection of another. */
const SHARED: unique symbol = Symbol('connector');
type Shared = { readonly [SHARED]?: Held };

/** An executor with all that share its connection; it is forgotten when nobody has any of them. */
interface Held {
  readonly connector: Connector;
}

/** The thread and the loop hold a connector; its executors are held by their users alone. */
const forgotten = new FinalizationRegistry<Connector>((connector) => {
  warn(
    "unclosed executor <DistributedExecutor>: end it with shutdown(), or declare it with 'using' or 'await using'",
    'ResourceWarning',
  );
  connector.shutdown(false);
});

function checkOptions(options: DistributedOptions): void {
  checkKeys(options, OPTIONS, 'DistributedExecutor()');
  checkQueue(options.queue);
  checkConnection(options.connection, true);
  checkPrefix(options.prefix);
  checkSeconds(options.connectTimeout, 'connectTimeout', true);
  checkSeconds(options.keep, 'keep', false);
}

function checkJobOptions({ attempts, backoff, timeout, priority, delay }: DistributedJobOptions): void {
  checkCount(attempts, 'attempts');
  checkCount(priority, 'priority', 2_097_152);
  checkSeconds(backoff, 'backoff', false);
  checkSeconds(timeout ?? undefined, 'timeout', true);
  checkSeconds(delay, 'delay', false);
}
