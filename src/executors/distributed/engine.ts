/**
 * The engine under this room: the packages `bullmq` and `ioredis`, and the little of them that is used.
 *
 * They are loaded in the thread that speaks with Redis, and in workers; nobody needs them who does not use this.
 */
import { createRequire } from 'node:module';
import type { Queue, QueueEvents, UnrecoverableError, Worker } from 'bullmq';
import type { Redis, RedisOptions } from 'ioredis';
import { RuntimeError } from '../../core/errors.ts';
import type { Connection, QueuePlace } from './wire.ts';

interface Bull {
  readonly Queue: typeof Queue;
  readonly QueueEvents: typeof QueueEvents;
  readonly Worker: typeof Worker;
  readonly UnrecoverableError: typeof UnrecoverableError;
}

const require = createRequire(import.meta.url);

/** @throws {RuntimeError} where the packages are not installed. */
export function checkEngine(): void {
  try {
    require.resolve('bullmq');
    require.resolve('ioredis');
  } catch (error) {
    throw new RuntimeError(
      'asyncio-ts/distributed needs the packages bullmq and ioredis: npm install bullmq ioredis',
      { cause: error },
    );
  }
}

export function bull(): Bull {
  checkEngine();
  return require('bullmq') as Bull;
}

/** A connection that waits for its server for as long as it takes, also in the middle of a command. */
export function connect(connection: Connection): Redis {
  checkEngine();
  const { Redis: Made } = require('ioredis') as { Redis: new (...args: unknown[]) => Redis };
  const options: RedisOptions = {
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(times * 50, 1000),
  };
  return typeof connection === 'string'
    ? new Made(connection, options)
    : new Made({ ...connection, ...options });
}

/** Where a server is, without its password. */
export function nameOf({ connection }: QueuePlace): string {
  if (typeof connection !== 'string')
    return `${connection['host'] ?? 'localhost'}:${connection['port'] ?? 6379}`;
  const [, place] = /^(?:[a-z]+:\/\/)?(?:.*@)?([^/?]*)/i.exec(connection) as RegExpExecArray;
  return place === undefined || place === '' ? connection.replace(/\?.*/, '') : place;
}
