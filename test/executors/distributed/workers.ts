/**
 * Workers of these tests, in processes of their own, and questions to their Redis.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Redis } from 'ioredis';
import { connect } from '../../../src/executors/distributed/engine.ts';
import type { RedisServer } from './redis.ts';

const cli = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
const module = fileURLToPath(new URL('./jobs.ts', import.meta.url));

type Child = ChildProcessByStdio<null, Readable, Readable>;

export class WorkerProcess {
  readonly child: Child;
  stderr = '';

  constructor(redis: RedisServer, queue: string, ...flags: string[]) {
    const all = [
      'worker',
      module,
      '--queue',
      queue,
      '--connection',
      redis.url,
      '--lock-duration',
      '1',
      ...flags,
    ];
    this.child = spawn(process.execPath, [cli, ...all], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
  }

  async ready(): Promise<this> {
    let said = '';
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('is ready for')) resolve();
    });
    this.child.once('exit', () => reject(new Error(`the worker did not begin: ${said}${this.stderr}`)));
    await promise;
    return this;
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
    return this.child.exitCode;
  }
}

/** What Redis answers. */
export async function ask<T>(server: RedisServer, question: (redis: Redis) => Promise<T>): Promise<T> {
  const client = connect(server.url);
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
}

/** How often jobs were looked at. */
export async function looks(server: RedisServer): Promise<number> {
  const statistics = await ask(server, (redis) => redis.info('commandstats'));
  return Number(/cmdstat_hgetall:calls=(\d+)/.exec(statistics)?.[1] ?? 0);
}

/** Wait until `text` stands in the file. */
export async function written(file: string, text: string): Promise<void> {
  while (!(existsSync(file) && readFileSync(file, 'utf8').includes(text))) await wait(5);
}
