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
  #batch: (readonly [id: string, data: JobData, options: AddOptions])[] = [];
  #lastError = 'no answer';
  readonly #timers: NodeJS.Timeout[];

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
    this.#listening.catch(this.#erred);
    const late = setTimeout(() => {
      if (this.#redis.status !== 'ready')
        this.#tell(['broken', `no connection to Redis at ${nameOf(place)}: ${this.#lastError}`]);
    }, connectTimeout * 1000);
    this.#redis.once('ready', () => clearTimeout(late));
    this.#timers = [late, setInterval(() => void this.#look(), LOOK_EVERY_MS)];
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
        if (this.#batch.length === 0) setImmediate(() => void this.#addBatch());
        this.#batch.push([message[1], message[2], message[3]]);
        return;
      case 'cancel':
        void this.#cancel(message[1]);
        return;
      case 'close':
        void this.#close();
        return;
    }
  };

  async #addBatch(): Promise<void> {
    await this.#listening;
    const batch = this.#batch;
    this.#batch = [];
    const age = { age: this.#data.keep };
    for (let at = 0; at < batch.length; at += BATCH) {
      const part = batch.slice(at, at + BATCH);
      try {
        await this.#queue.addBulk(
          part.map(([jobId, data, options]) => ({
            name: data.name,
            data,
            opts: { ...options, jobId, removeOnComplete: age, removeOnFail: age } as never,
          })),
        );
        for (const [id] of part) this.#waiting.set(id, { missed: false });
      } catch (error) {
        for (const [id] of part) this.#tell(['lost', id, `Redis did not take it: ${String(error)}`]);
      }
    }
  }

  async #cancel(id: string): Promise<void> {
    this.#waiting.delete(id);
    const { place } = this.#data;
    this.#batch = this.#batch.filter(([added]) => added !== id);
    try {
      await this.#redis.set(cancelKey(place, id), '1', 'EX', REMEMBERED);
      const removed = await this.#queue.remove(id);
      if (removed === 0) await this.#redis.publish(cancelChannel(place), id);
    } catch (error) {
      this.#erred(error as Error);
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

  /** Look for those that have waited longest. */
  async #look(count = LOOK_AT): Promise<void> {
    if (this.#redis.status !== 'ready') return;
    let left = count;
    for (const [id, waiting] of this.#waiting) {
      if (left-- <= 0) return;
      const job = await this.#queue.getJob(id).catch(() => null);
      if (job === null || !this.#waiting.has(id)) continue;
      if (job === undefined) {
        if (waiting.missed) {
          this.#waiting.delete(id);
          this.#tell(['lost', id, 'it is in the queue no more']);
        }
        waiting.missed = true;
        continue;
      }
      if (job.finishedOn !== undefined && typeof job.returnvalue === 'string')
        this.#done(id, job.returnvalue);
      else if (job.finishedOn !== undefined && job.failedReason) await this.#failed(id, job.failedReason);
      else {
        // To the end of the line, so that all are looked at in turn.
        this.#waiting.delete(id);
        this.#waiting.set(id, waiting);
        waiting.missed = false;
      }
    }
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    if (this.#redis.status === 'ready')
      await Promise.allSettled([this.#listening.then((events) => events.close()), this.#queue.close()]);
    this.#redis.disconnect();
    this.#listener.disconnect();
    this.#tell(['closed']);
    this.#port.close();
  }

  #tell(message: FromClient): void {
    this.#port.postMessage(message);
    ring(this.#data.bell);
  }
}

const { port, ...data } = workerData as ClientData & { readonly port: MessagePort };
try {
  new Client(port, data);
} catch (error) {
  port.postMessage(['broken', String(error)] satisfies FromClient);
  ring(data.bell);
}
// It lives for as long as its port does.
parentPort?.unref();
