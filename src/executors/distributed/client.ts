/**
 * The program of the thread that speaks with Redis for a `DistributedExecutor`.
 *
 * Whoever blocks for a result cannot read sockets, so this thread does, and rings the bell. It adds jobs in batches, under names that make adding one twice
 * harmless, listens to what becomes of them, and looks for itself now and then: an event can get lost, a job cannot.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { Queue, QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import { ring } from '../bell.ts';
import { bull, connect, nameOf } from './engine.ts';
import { after } from './timer.ts';
import { cancelChannel, cancelKey, type JobData, type QueuePlace } from './wire.ts';

/** What the thread is started with. */
export interface ClientData {
  readonly bell: Int32Array;
  readonly place: QueuePlace;
  /** What the names of this executor's jobs begin with. */
  readonly mark: string;
  /** How long to try for a first connection, in seconds. */
  readonly connectTimeout: number;
  /** How long a job that is done stays in Redis, in seconds. */
  readonly keep: number;
}

/** How a job is added. */
export interface AddOptions {
  readonly attempts: number;
  readonly backoff: { readonly type: 'exponential'; readonly delay: number } | undefined;
  readonly priority: number | undefined;
  /** In milliseconds. */
  readonly delay: number | undefined;
}

export type ToClient =
  | readonly ['add', id: string, data: JobData, options: AddOptions]
  | readonly ['cancel', id: string]
  /** Sent to see whether there is anybody to take it. */
  | readonly ['ping']
  | readonly ['close'];

export type FromClient =
  | readonly ['active', id: string]
  | readonly ['progress', id: string, value: unknown]
  | readonly ['done', id: string, value: string]
  | readonly ['failed', id: string, thrown: string | null, reason: string]
  /** The job cannot be there or is there no more. */
  | readonly ['lost', id: string, reason: string]
  | readonly ['broken', reason: string]
  | readonly ['closed'];

/** How many jobs are added with one command. */
const BATCH = 500;
/** How often jobs are looked for, in milliseconds, and how many of them at a time. */
const LOOK_EVERY_MS = 2000;
const LOOK_AT = 200;
/** How long a cancellation is remembered, in seconds: longer than any job could still come up. */
const REMEMBERED = 86_400;
/** How long a job that is done stays at least, in seconds: who was not told of it asks for it. */
const KEPT_AT_LEAST = 60;

type Added = readonly [id: string, data: JobData, options: AddOptions];

interface Waiting {
  /** Was it not found the last time? It is lost when that happens again. */
  missed: boolean;
}

class Client {
  readonly #data: ClientData;
  readonly #port: MessagePort;
  readonly #redis: Redis;
  /** QueueEvents blocks on this one. */
  readonly #listener: Redis;
  readonly #queue: Queue<JobData, string>;
  /** Done when no event of a job that is added from then on can be missed. */
  readonly #listening: Promise<QueueEvents>;
  readonly #waiting = new Map<string, Waiting>();
  #batch: Added[] = [];
  /** Jobs on their way into the queue: a cancellation waits until they are there. */
  readonly #adding = new Map<string, Promise<void>>();
  /** Those whose cancellation is on its way. */
  readonly #cancelled = new Set<string>();
  /** What must have reached Redis before the end. */
  readonly #underway = new Set<Promise<unknown>>();
  #lastError = 'no answer';
  #looking = false;
  #looksAgain = false;
  #closed = false;
  readonly #stopTimers: (() => void)[];

  constructor(port: MessagePort, data: ClientData) {
    this.#port = port;
    this.#data = data;
    const { place, connectTimeout } = data;
    const { Queue: BullQueue } = bull();
    this.#redis = connect(place.connection);
    this.#redis.on('error', this.#erred);
    this.#queue = new BullQueue(place.queue, { connection: this.#redis as never, prefix: place.prefix });
    this.#queue.on('error', this.#erred);
    this.#listener = connect(place.connection);
    this.#listener.on('error', this.#erred);
    this.#listening = this.#listen();
    this.#listening.catch((error: Error) => {
      if (!this.#closed) this.break(`Redis at ${nameOf(place)} refused: ${error.message}`);
    });
    const stopLate = after(connectTimeout, () => {
      if (this.#redis.status !== 'ready')
        this.break(`no connection to Redis at ${nameOf(place)}: ${this.#lastError}`);
    });
    this.#redis.once('ready', stopLate);
    const looks = setInterval(() => void this.#look(), LOOK_EVERY_MS);
    this.#stopTimers = [stopLate, () => clearInterval(looks)];
    // What happened while there was no connection may have been trimmed from the stream of events.
    this.#redis.on('ready', () => void this.#look(Infinity));
    port.on('message', this.#heard);
  }

  async #listen(): Promise<QueueEvents> {
    const { place } = this.#data;
    const [last] = await this.#redis.xrevrange(`${place.prefix}:${place.queue}:events`, '+', '-', 'COUNT', 1);
    const { QueueEvents: BullEvents } = bull();
    const events = new BullEvents(place.queue, {
      connection: this.#listener as never,
      prefix: place.prefix,
      lastEventId: last?.[0] ?? '0-0',
    });
    events.on('error', this.#erred);
    events.on('active', ({ jobId }) => this.#ours(jobId) && this.#tell(['active', jobId]));
    events.on(
      'progress',
      ({ jobId, data: value }) => this.#ours(jobId) && this.#tell(['progress', jobId, value]),
    );
    events.on(
      'completed',
      ({ jobId, returnvalue }) => this.#ours(jobId) && this.#done(jobId, String(returnvalue)),
    );
    events.on('failed', ({ jobId, failedReason }) => {
      if (this.#ours(jobId)) void this.#failed(jobId, failedReason);
    });
    return events;
  }

  readonly #erred = (error: Error): void => {
    this.#lastError = error.message === '' ? String((error as { code?: unknown }).code) : error.message;
  };

  readonly #heard = (message: ToClient): void => {
    switch (message[0]) {
      case 'add':
        if (this.#batch.length === 0) setImmediate(() => this.#track(this.#addBatch()));
        this.#batch.push([message[1], message[2], message[3]]);
        return;
      case 'cancel':
        this.#track(this.#cancel(message[1]));
        return;
      case 'ping':
        return;
      case 'close':
        void this.#close();
        return;
    }
  };

  /** What is under way is waited for by `#close`. */
  #track(work: Promise<void>): void {
    this.#underway.add(work);
    const over = (): boolean => this.#underway.delete(work);
    work.then(over, over);
  }

  async #addBatch(): Promise<void> {
    try {
      await this.#listening;
    } catch {
      // Then this is broken, and its jobs with it.
      return;
    }
    const batch = this.#batch;
    this.#batch = [];
    const added = this.#add(batch);
    for (const [id] of batch) this.#adding.set(id, added);
    await added;
    for (const [id] of batch) this.#adding.delete(id);
  }

  async #add(batch: readonly Added[]): Promise<void> {
    const age = { age: Math.max(this.#data.keep, KEPT_AT_LEAST) };
    for (let at = 0; at < batch.length; at += BATCH) {
      const part = batch.slice(at, at + BATCH).filter(([id]) => !this.#cancelled.has(id));
      try {
        await this.#queue.addBulk(
          part.map(([jobId, data, options]) => ({
            name: data.name,
            data,
            opts: { ...options, jobId, removeOnComplete: age, removeOnFail: age } as never,
          })),
        );
        for (const [id] of part) if (!this.#cancelled.has(id)) this.#waiting.set(id, { missed: false });
      } catch (error) {
        for (const [id] of part) this.#tell(['lost', id, `Redis did not take it: ${String(error)}`]);
      }
    }
  }

  async #cancel(id: string): Promise<void> {
    this.#waiting.delete(id);
    const { place } = this.#data;
    const known = this.#batch.length;
    this.#batch = this.#batch.filter(([added]) => added !== id);
    // It never got there.
    if (this.#batch.length < known) return;
    this.#cancelled.add(id);
    try {
      await this.#redis.set(cancelKey(place, id), '1', 'EX', REMEMBERED);
      await this.#adding.get(id);
      const removed = await this.#queue.remove(id);
      if (removed === 0) await this.#redis.publish(cancelChannel(place), id);
      else await this.#redis.del(cancelKey(place, id));
    } catch (error) {
      this.#erred(error as Error);
    } finally {
      this.#cancelled.delete(id);
    }
  }

  #ours(id: string): boolean {
    return id.startsWith(this.#data.mark);
  }

  #done(id: string, value: string): void {
    this.#waiting.delete(id);
    this.#tell(['done', id, value]);
  }

  async #failed(id: string, reason: string): Promise<void> {
    const job = await this.#queue.getJob(id).catch(() => undefined);
    this.#waiting.delete(id);
    this.#tell(['failed', id, job?.data.thrown ?? null, reason]);
  }

  /** Look for those that have waited longest; once more, where that is asked for meanwhile. */
  async #look(count = LOOK_AT): Promise<void> {
    if (this.#redis.status !== 'ready') return;
    if (this.#looking) {
      if (count === Infinity) this.#looksAgain = true;
      return;
    }
    this.#looking = true;
    try {
      const chosen = [...this.#waiting].slice(0, count);
      for (const [id, waiting] of chosen) if (!(await this.#lookAt(id, waiting))) break;
    } finally {
      this.#looking = false;
    }
    if (!this.#looksAgain) return;
    this.#looksAgain = false;
    await this.#look(Infinity);
  }

  /** @returns whether Redis answered. */
  async #lookAt(id: string, waiting: Waiting): Promise<boolean> {
    if (!this.#waiting.has(id)) return true;
    const job = await this.#queue.getJob(id).catch(() => null);
    if (job === null) return false;
    if (!this.#waiting.has(id)) return true;
    if (job === undefined) {
      if (waiting.missed) {
        this.#waiting.delete(id);
        this.#tell(['lost', id, 'it is in the queue no more']);
      }
      waiting.missed = true;
    } else if (job.finishedOn !== undefined && typeof job.returnvalue === 'string') {
      this.#done(id, job.returnvalue);
    } else if (job.finishedOn !== undefined && job.failedReason) {
      await this.#failed(id, job.failedReason);
    } else {
      // To the end of the line, so that all are looked at in turn.
      this.#waiting.delete(id);
      this.#waiting.set(id, waiting);
      waiting.missed = false;
    }
    return true;
  }

  /** Cancellations that are under way get there, unless Redis stays away for longer than the first connection may take. */
  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const stop of this.#stopTimers) stop();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const stop = after(this.#data.connectTimeout, resolve);
    await Promise.race([Promise.allSettled(this.#underway), late]);
    stop();
    if (this.#redis.status === 'ready')
      await Promise.allSettled([this.#listening.then((events) => events.close()), this.#queue.close()]);
    this.#disconnect();
    this.#tell(['closed']);
    this.#port.close();
  }

  /** It cannot go on: tell so, and be silent from then on. */
  break(reason: string): void {
    this.#closed = true;
    for (const stop of this.#stopTimers) stop();
    this.#disconnect();
    this.#tell(['broken', reason]);
  }

  #disconnect(): void {
    this.#redis.disconnect();
    this.#listener.disconnect();
  }

  #tell(message: FromClient): void {
    this.#port.postMessage(message);
    ring(this.#data.bell);
  }
}

const { port, ...data } = workerData as ClientData & { readonly port: MessagePort };
const tell = (message: FromClient): void => {
  port.postMessage(message);
  ring(data.bell);
};
try {
  const client = new Client(port, data);
  // Who blocks for a result hears of no thread that fails, but of this.
  process.on('uncaughtException', (error: unknown) =>
    client.break(`the thread that speaks with Redis failed: ${String(error)}`),
  );
} catch (error) {
  tell(['broken', String(error)]);
}
// It lives for as long as its port does.
parentPort?.unref();
