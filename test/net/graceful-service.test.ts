/** The service of `docs/graceful-shutdown.md`, as a process of its own that gets real signals: with requests in flight, slow ones, idle connections. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { suite, test } from 'node:test';
import { Child } from '../child.ts';
import { HOST } from './kit.ts';

const page = readFileSync(new URL('../../docs/graceful-shutdown.md', import.meta.url), 'utf8');
const source =
  /^```ts no-run[^\n]*\n([\s\S]*?)^```/m.exec(page)?.[1] ?? assert.fail('the page has no program');
// The child has the library already.
const program = source.replace("import * as asyncio from 'asyncio-ts';", '');

/** A client that keeps its connection. */
class Client {
  readonly #socket: net.Socket;
  readonly #ended: Promise<string>;
  #got = '';
  #heard: (() => void)[] = [];

  constructor(port: number) {
    this.#socket = net.connect(port, HOST);
    this.#socket.on('error', () => {});
    this.#socket.on('data', (data) => {
      this.#got += String(data);
      for (const heard of this.#heard.splice(0)) heard();
    });
    this.#ended = once(this.#socket, 'close').then(() => this.#got);
  }

  get connected(): Promise<unknown> {
    return once(this.#socket, 'connect');
  }

  ask(path: string): void {
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  }

  async hears(text: string): Promise<void> {
    while (!this.#got.includes(text)) await new Promise<void>((resolve) => this.#heard.push(resolve));
  }

  /** Everything that came until the connection was gone. */
  get ended(): Promise<string> {
    return this.#ended;
  }
}

async function start(grace: string): Promise<{ readonly child: Child; readonly port: number }> {
  const child = new Child(program, { env: { GRACE: grace, PORT: '0' } });
  await child.says('serving at port ');
  return { child, port: Number(child.word(/serving at port (\d+)/)) };
}

/** Connect until that is refused. */
async function refused(port: number): Promise<void> {
  for (;;) {
    const socket = net.connect(port, HOST);
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    socket.once('connect', () => resolve(undefined));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    const code = await promise;
    socket.on('error', () => {}).destroy();
    if (code === 'ECONNREFUSED') return;
  }
}

suite('a service that is told to end', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`finishes requests in flight, accepts no others, and exits with 0 (${signal})`, async () => {
      const { child, port } = await start('60');
      const clients = [new Client(port), new Client(port), new Client(port)];
      for (const [index, client] of clients.entries()) client.ask(`/sleep/2.${index + 3}`);
      for (const index of clients.keys()) await child.says(`GET /sleep/2.${index + 3} `);
      child.kill(signal);
      await child.says('stopping');
      await refused(port);
      for (const [index, client] of clients.entries()) {
        const answer = await client.ended;
        assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
        assert.match(answer, /Connection: close\r\n/);
        assert.ok(answer.endsWith(`slept for 2.${index + 3} seconds\n`), answer);
      }
      const { status, stdout, stderr } = await child.ended();
      assert.equal(stderr, '');
      assert.equal(status, 0);
      assert.match(stdout, /every request was finished\n$/);
    });
  }

  test('gives up on what outlives the grace period, and exits with 0', async () => {
    const { child, port } = await start('0.2');
    const slow = new Client(port);
    slow.ask('/sleep/3600');
    await child.says('GET /sleep/3600');
    child.kill('SIGTERM');
    assert.equal(await slow.ended, '');
    const { status, stdout, stderr } = await child.ended();
    assert.equal(stderr, '');
    assert.equal(status, 0);
    assert.match(stdout, /some requests were cut short\n$/);
  });

  test('does not wait for the grace period after a second signal', async () => {
    const { child, port } = await start('3600');
    const slow = new Client(port);
    slow.ask('/sleep/3600');
    await child.says('GET /sleep/3600');
    child.kill('SIGTERM');
    await child.says('stopping');
    child.kill('SIGTERM');
    assert.equal(await slow.ended, '');
    const { status, stdout, stderr } = await child.ended();
    assert.equal(stderr, '');
    assert.equal(status, 0);
    assert.match(stdout, /some requests were cut short\n$/);
  });

  test('is not held up by idle connections, old and new', async () => {
    const { child, port } = await start('3600');
    const used = new Client(port);
    used.ask('/');
    await used.hears('slept for 0 seconds\n');
    used.ask('/');
    await used.hears('slept for 0 seconds\nHTTP');
    const unused = new Client(port);
    await unused.connected;
    // Accepted by the time that one behind it is answered.
    const behind = new Client(port);
    behind.ask('/');
    await behind.hears('slept for 0 seconds\n');
    child.kill('SIGTERM');
    assert.equal(await unused.ended, '');
    await used.ended;
    await behind.ended;
    const { status, stdout, stderr } = await child.ended();
    assert.equal(stderr, '');
    assert.equal(status, 0);
    assert.match(stdout, /every request was finished\n$/);
  });

  test('ends at once where nobody is connected', async () => {
    const { child } = await start('3600');
    child.kill('SIGTERM');
    const { status, stdout } = await child.ended();
    assert.equal(status, 0);
    assert.match(stdout, /every request was finished\n$/);
  });
});
