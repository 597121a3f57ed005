/**
 * What is large: a transfer of a GiB to a reader that stops now and then, ten thousand connections, and more connections than there are descriptors.
 * Each end is a process of its own, so that what one takes is not taken for the other's.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { suite, test } from 'node:test';
import { findProgram } from '../../scripts/programs.ts';
import { inBothStyles } from '../both-styles.ts';
import { Child } from '../child.ts';
import { HOST } from './kit.ts';

const { style } = await inBothStyles(import.meta.url);
const label = style === 'generator' ? 'generators' : 'async functions';

const MIB = 1024 * 1024;
const SIZE = 1024 * MIB;
const CONNECTIONS = 10_000;
/** What a process needs beyond its connections. */
const SPARE = 200;

/** What every child can say of itself. */
const PRELUDE = `
  import { readdirSync } from 'node:fs';
  const tell = (what) => console.log(JSON.stringify(what));
  /** The most memory that this process ever had, in MiB. */
  const peak = () => process.resourceUsage().maxRSS / 1024;
  const descriptors = () => readdirSync('/proc/self/fd').length;
  const portOf = (server) => server.sockets[0].getsockname()[1];
`;

/** Sends so many bytes, and waits for each \`drain()\`. */
const sender = (port: number) => `${PRELUDE}
  await asyncio.run(function* main() {
    const [reader, writer] = yield* asyncio.openConnection('${HOST}', ${port});
    const before = peak();
    const data = Buffer.alloc(${MIB} / 16, 'x');
    for (let left = ${SIZE}; left > 0; left -= data.length) {
      writer.write(data);
      yield* writer.drain();
    }
    writer.close();
    yield* writer.waitClosed();
    tell({ extra: peak() - before });
  });
`;

/** Counts what comes, and stops for a while at each eighth of it. */
const RECEIVERS = {
  // V8 lets garbage of some 80 MiB pile up, with bare node:net too; what counts is what cannot be collected.
  'a stream': `${PRELUDE}
    await asyncio.run(function* main() {
      const done = asyncio.getRunningLoop().createFuture();
      const server = yield* asyncio.startServer(function* (reader, writer) {
        let count = 0;
        for (let eighth = 1; ; ) {
          const data = yield* reader.read(65536);
          if (data.length === 0) break;
          count += data.length;
          if (count % ${4 * MIB} < data.length) globalThis.gc();
          if (count < eighth * ${SIZE / 8}) continue;
          eighth++;
          yield* asyncio.sleep(0.02);
        }
        writer.close();
        done.setResult(count);
      }, '${HOST}', 0);
      const before = peak();
      tell({ port: portOf(server) });
      tell({ count: yield* done });
      tell({ extra: peak() - before });
      server.close();
    });
  `,
  'a protocol with a buffer of its own': `${PRELUDE}
    await asyncio.run(function* main() {
      const loop = asyncio.getRunningLoop();
      const done = loop.createFuture();
      class Counter extends asyncio.BufferedProtocol {
        buffer = Buffer.alloc(65536);
        count = 0;
        eighth = 1;
        connectionMade(transport) {
          this.transport = transport;
        }
        getBuffer() {
          return this.buffer;
        }
        bufferUpdated(count) {
          this.count += count;
          if (this.count < this.eighth * ${SIZE / 8}) return;
          this.eighth++;
          this.transport.pauseReading();
          loop.callLater(0.02, () => this.transport.resumeReading());
        }
        connectionLost() {
          done.setResult(this.count);
        }
      }
      const server = yield* loop.createServer(() => new Counter(), '${HOST}', 0);
      const before = peak();
      tell({ port: portOf(server) });
      tell({ count: yield* done });
      tell({ extra: peak() - before });
      server.close();
    });
  `,
};

suite(`a GiB to a reader that stops now and then (${label})`, () => {
  for (const [what, program] of Object.entries(RECEIVERS)) {
    test(`takes less than 64 MiB at either end: ${what}`, { timeout: 60_000 }, async () => {
      const receiver = new Child(program, { flags: ['--expose-gc'] });
      const sending = new Child(sender(await receiver.tells<number>('port')));
      assert.equal(await receiver.tells('count'), SIZE);
      for (const [end, child] of Object.entries({ receiver, sender: sending })) {
        const extra = await child.tells<number>('extra');
        assert.ok(extra < 64, `the ${end} took ${extra.toFixed(1)} MiB more`);
        assert.deepEqual(await child.ended(), { status: 0, stdout: child.stdout, stderr: '' });
      }
    });
  }
});

/** Accepts connections, and echoes. It tells its state whenever it is sent a line. */
const server = (limit: string) => `${PRELUDE}
  await asyncio.run(function* main() {
    const loop = asyncio.getRunningLoop();
    const reports = [];
    loop.setExceptionHandler((loop, context) => reports.push(context));
    let open = 0;
    class Echo extends asyncio.Protocol {
      connectionMade(transport) {
        open++;
        this.transport = transport;
      }
      dataReceived(data) {
        if (String(data) === 'state') {
          const errors = reports.map(({ message, exception }) => [message, exception.name, exception.code, exception.errno, exception.syscall]);
          // Where none is left, none is to be had for counting them.
          const count = errors.length > 0 && open > 1 ? -1 : descriptors();
          this.transport.write(Buffer.from(JSON.stringify({ open, descriptors: count, errors })));
        } else this.transport.write(data);
      }
      connectionLost() {
        open--;
      }
    }
    const server = yield* loop.createServer(() => new Echo(), '${HOST}', 0, { backlog: 1024 });
    tell({ port: portOf(server) });
    process.once('SIGTERM', () => loop.callSoonThreadsafe(() => server.close()));
    yield* server.waitClosed();
    tell({ left: descriptors() });
  });
  // ${limit}
`;

interface State {
  readonly open: number;
  readonly descriptors: number;
  readonly errors: unknown[][];
}

/** A client of bare \`node:net\`. */
async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: HOST });
  await once(socket, 'connect');
  return socket;
}

async function ask(socket: Socket, what: string): Promise<string> {
  const lost = new AbortController();
  const hear = () => lost.abort(new Error('the server closed the connection'));
  socket.once('close', hear);
  socket.write(what);
  const [answer] = (await once(socket, 'data', { signal: lost.signal })) as [Buffer];
  socket.removeListener('close', hear);
  return String(answer);
}

async function stateOf(socket: Socket): Promise<State> {
  return JSON.parse(await ask(socket, 'state')) as State;
}

async function until(socket: Socket, holds: (state: State) => boolean): Promise<State> {
  for (;;) {
    const state = await stateOf(socket);
    if (holds(state)) return state;
  }
}

function hardLimit(): number {
  try {
    const [, hard] = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return Number(hard ?? 0);
  } catch {
    return 0;
  }
}

const noLimits = findProgram('prlimit') === undefined ? 'needs prlimit and /proc (Linux)' : false;
const noRoom =
  hardLimit() < CONNECTIONS + SPARE ? `needs ${CONNECTIONS + SPARE} descriptors (ulimit -Hn)` : false;

test(`ten thousand idle connections are held, served and let go (${label})`, {
  timeout: 60_000,
  skip: noLimits || noRoom,
}, async () => {
  const descriptors = CONNECTIONS + SPARE;
  const serving = new Child(server('ten thousand'), { descriptors });
  const port = await serving.tells<number>('port');
  const control = await dial(port);
  const before = await stateOf(control);
  const clients = new Child(
    `${PRELUDE}
    await asyncio.run(function* main() {
      const before = descriptors();
      const all = [];
      for (let i = 0; i < ${CONNECTIONS}; i += 500) {
        const some = Array.from({ length: 500 }, () => asyncio.openConnection('${HOST}', ${port}));
        all.push(...(yield* asyncio.gather(...some)));
      }
      tell({ connected: all.length });
      const answers = [];
      for (const [reader, writer] of all) {
        writer.write(Buffer.from('still there?'));
        answers.push(reader.readexactly(12));
      }
      tell({ answered: (yield* asyncio.gather(...answers)).length });
      for (const [, writer] of all) writer.close();
      yield* asyncio.gather(...all.map(([, writer]) => writer.waitClosed()));
      tell({ left: descriptors() - before });
    });
  `,
    { descriptors },
  );
  assert.equal(await clients.tells('connected'), CONNECTIONS);
  assert.equal(await clients.tells('answered'), CONNECTIONS);
  assert.equal(await clients.tells('left'), 0);
  assert.deepEqual(await clients.ended(), { status: 0, stdout: clients.stdout, stderr: '' });
  const after = await until(control, ({ open }) => open === 1);
  assert.deepEqual(after, before);
  control.destroy();
  serving.kill('SIGTERM');
  const { status, stderr } = await serving.ended();
  assert.deepEqual([status, stderr], [0, '']);
});

test(`where descriptors run out it is reported once, and the server goes on (${label})`, {
  timeout: 60_000,
  skip: noLimits,
}, async () => {
  const limit = 64;
  const serving = new Child(server('few'), { descriptors: limit });
  const port = await serving.tells<number>('port');
  const control = await dial(port);
  const before = await stateOf(control);
  assert.deepEqual(before.errors, []);
  const sockets: Socket[] = [];
  // What cannot be kept is closed at once; nobody is left hanging.
  await new Promise<void>((resolve) => {
    let closed = 0;
    for (let i = 0; i < 2 * limit; i++) {
      const socket = connect({ port, host: HOST });
      socket.on('error', () => {});
      socket.on('close', () => {
        if (++closed === limit) resolve();
      });
      sockets.push(socket.resume());
    }
  });
  const full = await stateOf(control);
  assert.deepEqual(full.errors, [
    ['socket.accept() out of system resource', 'OSError', 'EMFILE', 24, 'accept'],
  ]);
  assert.ok(full.open > 1 && full.open < limit, `${full.open} are open`);
  for (const socket of sockets) socket.destroy();
  const { descriptors } = await until(control, ({ open }) => open === 1);
  assert.equal(descriptors, before.descriptors);
  const another = await dial(port);
  assert.equal(await ask(another, 'hello'), 'hello');
  another.destroy();
  control.destroy();
  serving.kill('SIGTERM');
  const { status, stderr } = await serving.ended();
  assert.deepEqual([status, stderr], [0, '']);
});
