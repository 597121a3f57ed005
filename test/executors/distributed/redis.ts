/**
 * A Redis of the tests' own: on a port that the system chose, its files in a temporary folder, with an append-only file, so that it can be ended and
 * started again in the middle.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../../scripts/programs.ts';

export class RedisServer {
  readonly port: number;
  readonly #folder: string;
  #process: ChildProcess | null = null;

  private constructor(port: number) {
    this.port = port;
    this.#folder = mkdtempSync(join(tmpdir(), 'redis-'));
    process.once('exit', this.#killNow);
  }

  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await freePort());
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Start it, with what it knew before. */
  async start(): Promise<void> {
    const program = findProgram('redis-server') as string;
    const flags = [
      '--port',
      this.port,
      '--bind',
      '127.0.0.1',
      '--dir',
      this.#folder,
      '--appendonly',
      'yes',
      '--save',
      '',
    ];
    const child = spawn(program, flags.map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    let log = '';
    for await (const text of child.stdout.setEncoding('utf8')) {
      log += text;
      if (log.includes('Ready to accept connections')) break;
      if (child.exitCode !== null) throw new Error(log);
    }
    // Nobody reads on; it must not wait for that.
    child.stdout.destroy();
  }

  /** End it, by default as a machine that fails would. */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  async close(): Promise<void> {
    await this.stop();
    process.removeListener('exit', this.#killNow);
    rmSync(this.#folder, { recursive: true });
  }

  readonly #killNow = (): void => {
    this.#process?.kill('SIGKILL');
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}
