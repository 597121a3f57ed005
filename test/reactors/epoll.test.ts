/** The epoll reactor inside Node's loop: it leaves nothing behind, keeps the process alive exactly as long as it must, and nothing that goes wrong stops it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { suite, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { loadLibc } from '../../src/host/libc.ts';
import * as asyncio from '../../src/index.ts';
import { runProgram } from '../child.ts';
import { descriptors, Echo, epollLoop, HOST, noEpoll, onLoop, portOf } from './kit.ts';

const SETTINGS = { ASYNCIO_REACTOR: 'epoll' };

/** How long it took, and how it ended: programs are over at once, or killed. */
async function ends(body: string, status: number | string = 0): Promise<string> {
  const ended = await runProgram(body, SETTINGS);
  assert.equal(ended.status, status, ended.stderr);
  return ended.stdout + ended.stderr;
}

suite('the epoll reactor', { skip: noEpoll }, () => {
  test('a loop that is closed leaves no descriptor, whatever was open', async () => {
    const before = descriptors();
    for (let i = 0; i < 3; i++) {
      const warned: Error[] = [];
      const hear = (warning: Error) => warned.push(warning);
      process.on('warning', hear);
      await onLoop(epollLoop(), function* (loop) {
        const server = yield* loop.createServer(() => new Echo(), HOST, 0);
        yield* loop.createConnection(() => new Echo(), HOST, portOf(server));
        yield* loop.createDatagramEndpoint(() => new asyncio.DatagramProtocol(), { localAddr: [HOST, 0] });
        // Accepted by nobody, and on its way.
        loop.createTask(loop.createConnection(() => new Echo(), HOST, portOf(server)));
        loop.createTask(loop.createConnection(() => new Echo(), '192.0.2.1', 9));
        yield* asyncio.sleep(0);
        yield* asyncio.sleep(0);
        loop.setExceptionHandler(() => {});
      });
      await turn();
      process.removeListener('warning', hear);
      assert.ok(
        warned.some(({ message }) => message.startsWith('unclosed transport')),
        String(warned),
      );
      assert.deepEqual(descriptors(), before);
    }
  });

  test('many loops, one after the other, and one that runs again', async () => {
    const before = descriptors();
    const again = epollLoop();
    for (let i = 0; i < 30; i++) {
      function* talk(loop: asyncio.EventLoop): asyncio.Coroutine<string> {
        const server = yield* loop.createServer(() => new Echo(), HOST, 0);
        const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(server));
        writer.write(Buffer.from(`${i}`));
        const data = yield* reader.read(10);
        writer.close();
        yield* writer.waitClosed();
        server.close();
        yield* server.waitClosed();
        return Buffer.from(data).toString();
      }
      assert.equal(await onLoop(epollLoop(), talk), `${i}`);
      assert.equal(await again.runUntilComplete(talk(again)), `${i}`);
    }
    again.close();
    await turn();
    assert.deepEqual(descriptors(), before);
  });

  test('an exception of a watcher is uncaught, as anywhere in Node, and the loop goes on', async () => {
    const code = `
      process.on('uncaughtException', (error) => console.log('uncaught', error.message));
      const [a, b] = asyncio.socketpair(); a.setblocking(false); b.setblocking(false);
      let calls = 0;
      await asyncio.run(function* () {
        const loop = asyncio.getRunningLoop();
        const done = loop.createFuture();
        // Straight from the reactor: what the loop calls is guarded by itself.
        loop._reactor.descriptors.watch(b.fileno(), 'read', () => {
          if (++calls === 1) throw new Error('first');
          loop._reactor.descriptors.watch(b.fileno(), 'read', null);
          done.setResult(undefined);
        });
        loop._reactor.later(() => { throw new Error('put off'); });
        a.send(Buffer.from('x'));
        yield* done;
        yield* asyncio.sleep(0.001);
      });
      console.log('calls', calls);`;
    const said = await ends(code);
    assert.match(said, /uncaught first/);
    assert.match(said, /uncaught put off/);
    assert.match(said, /calls 2/);
  });

  test('a paused connection whose peer hangs up costs nothing', async () => {
    const libc = loadLibc();
    const { epoll_wait } = libc;
    await onLoop(epollLoop(), function* (loop) {
      const server = net.createServer();
      server.listen(0, HOST);
      yield* asyncio.wrapFuture(once(server, 'listening'));
      const { port } = server.address() as net.AddressInfo;
      const accepted = once(server, 'connection') as Promise<[net.Socket]>;
      const [transport] = yield* loop.createConnection(() => new Echo(), HOST, port);
      const [socket] = yield* asyncio.wrapFuture(accepted);
      yield* asyncio.sleep(0);
      transport.pauseReading();
      socket.resetAndDestroy();
      let calls = 0;
      Object.assign(libc, {
        epoll_wait: (...args: Parameters<typeof epoll_wait>) => {
          calls++;
          return epoll_wait(...args);
        },
      });
      try {
        yield* asyncio.sleep(0.1);
      } finally {
        Object.assign(libc, { epoll_wait });
        transport.abort();
        server.close();
      }
      assert.ok(calls < 20, `the loop looked ${calls} times`);
      yield* asyncio.sleep(0);
    });
  });

  test('a process lives as long as it serves, and no longer', async () => {
    await ends(`
      await asyncio.run(function* () {
        const loop = asyncio.getRunningLoop();
        const server = yield* loop.createServer(() => new asyncio.Protocol(), '127.0.0.1', 0);
        // Nothing of Node's is alive but what the loop watches.
        loop.callLater(0.05, () => { server.close(); });
        try { yield* server.serveForever(); } catch (error) { console.log(error.name); }
      });`).then((said) => assert.match(said, /CancelledError/));
    await ends(`
      const loop = asyncio.attach();
      const server = await loop.createServer(() => new asyncio.Protocol(), '127.0.0.1', 0);
      console.log('served');
      server.close();`);
  });

  test('waiting for nothing is a deadlock, also beside a paused connection and a server that does not serve', async () => {
    const said = await ends(
      `
      await asyncio.run(function* () {
        const loop = asyncio.getRunningLoop();
        yield* loop.createServer(() => new asyncio.Protocol(), '127.0.0.1', 0, { startServing: false });
        yield* loop.createFuture();
      });`,
      1,
    );
    assert.match(said, /DeadlockError/);
  });

  test('Ctrl-C cancels the main task while it waits for a connection', async () => {
    const code = `
      await asyncio.run(function* () {
        const server = yield* asyncio.startServer(() => {}, '127.0.0.1', 0);
        asyncio.getRunningLoop().callLater(0.02, () => process.kill(process.pid, 'SIGINT'));
        try { yield* server.serveForever(); } finally { console.log('cleaned up'); }
      }).catch((error) => console.log(error.name));`;
    const said = await ends(code);
    assert.match(said, /cleaned up\nKeyboardInterrupt/);
  });

  test('no descriptor is left to accept with: it is told, and accepting goes on when there is one', async () => {
    const libc = loadLibc();
    const reports: string[] = [];
    await onLoop(epollLoop(), function* (loop) {
      loop.setExceptionHandler((_, { exception }) => reports.push(String(exception)));
      const protocols: Echo[] = [];
      const make = () => {
        protocols.push(new Echo());
        return protocols.at(-1)!;
      };
      const server = yield* loop.createServer(make, HOST, 0);
      const client = net.connect(portOf(server), HOST).on('error', () => {});
      yield* asyncio.wrapFuture(once(client, 'connect'));
      while (protocols.length === 0) yield* asyncio.sleep(0.001);
      // The system says so where it is asked; a limit of the whole process would take Node's own descriptors too.
      const { accept4 } = libc;
      const errno = libc.errno;
      Object.assign(libc, {
        accept4: () => {
          errno[0] = 24;
          return -1;
        },
      });
      const other = net.connect(portOf(server), HOST).on('error', () => {});
      yield* asyncio.wrapFuture(once(other, 'connect'));
      while (reports.length === 0) yield* asyncio.sleep(0.001);
      Object.assign(libc, { accept4 });
      yield* asyncio.sleep(0.05);
      assert.equal(protocols.length, 1);
      while (protocols.length === 1) yield* asyncio.sleep(0.02);
      assert.deepEqual(reports, ['OSError: [Errno 24] Too many open files']);
      client.destroy();
      other.destroy();
      server.close();
      yield* server.waitClosed();
    });
  });

  test('a context that a protocol enters does not leak into the next', async () => {
    const code = `
      import { AsyncLocalStorage } from 'node:async_hooks';
      const storage = new AsyncLocalStorage();
      const seen = [];
      await storage.run('outer', () => asyncio.run(function* () {
        const loop = asyncio.getRunningLoop();
        const done = loop.createFuture();
        class Leaky extends asyncio.Protocol {
          connectionMade(transport) { this.transport = transport; }
          dataReceived(data) {
            seen.push(storage.getStore());
            storage.enterWith('leaked');
            if (seen.length === 3) done.setResult(undefined); else this.transport.write(data);
          }
        }
        const server = yield* loop.createServer(() => new Leaky(), '127.0.0.1', 0);
        const [transport] = yield* loop.createConnection(() => new Leaky(), '127.0.0.1', server.sockets[0].getsockname()[1]);
        transport.write(Buffer.from('x'));
        yield* done;
        server.close();
        transport.abort();
        server.abortClients();
        yield* asyncio.sleep(0.01);
      }));
      console.log(JSON.stringify(seen));`;
    assert.match(await ends(code), /\["outer","outer","outer"\]/);
  });

  test("a descriptor that is given away stays open, and is nobody else's", async () => {
    const libc = loadLibc();
    const before = descriptors();
    await onLoop(epollLoop(), function* (loop) {
      const server = yield* loop.createServer(() => new Echo(), HOST, 0);
      const connected = loop.createFuture<import('../../src/reactors/epoll/channel.ts').DescriptorChannel>();
      const endpoint = { family: 4, host: HOST, port: portOf(server) } as const;
      loop._reactor.network!.connect(endpoint, null, (outcome) => {
        if ('value' in outcome) connected.setResult(outcome.value as never);
      });
      const channel = yield* connected;
      const fd = channel.detach();
      assert.ok(fd > 2);
      assert.equal(channel.detach(), -1);
      channel.close();
      // A node socket goes on with it.
      const socket = new net.Socket({ fd });
      socket.write('over to you');
      const [data] = (yield* asyncio.wrapFuture(once(socket, 'data'))) as [Buffer];
      assert.equal(data.toString(), 'over to you');
      socket.destroy();
      server.close();
      yield* server.waitClosed();
    });
    void libc;
    await turn();
    assert.deepEqual(descriptors(), before);
  });
});
