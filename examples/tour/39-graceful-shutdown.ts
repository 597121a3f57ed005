/**
 * Graceful shutdown: what is to be done when a service is told to end.
 *
 * It stops accepting, closes the connections that wait for nothing, and lets the requests that are under way finish for as long as its grace lasts:
 * here until a second signal says that it is enough. What is not finished then is cancelled, and cleans up.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'graceful shutdown on SIGTERM';

const encode = (line: string) => new TextEncoder().encode(`${line}\n`);
const decode = (line: Uint8Array) => new TextDecoder().decode(line).trimEnd();

export async function generators() {
  function* main(): asyncio.Coroutine<void> {
    const loop = asyncio.getRunningLoop();
    const idle = new Set<asyncio.StreamWriter>();
    const gate = new asyncio.Event();
    const begun = new asyncio.Queue<string>();

    function* handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter): asyncio.Coroutine<void> {
      try {
        while (server.isServing()) {
          idle.add(writer);
          const request = decode(yield* reader.readline());
          idle.delete(writer);
          if (request === '') break;
          begun.putNowait(request);
          if (request === 'quick') yield* gate.wait();
          if (request === 'slow') yield* asyncio.sleep(3600);
          writer.write(encode(`${request} is done`));
          yield* writer.drain();
        }
      } catch (error) {
        console.log(`server: a handler was ended: ${(error as Error).name}`);
        throw error;
      } finally {
        writer.close();
      }
    }

    function* ask(request: string): asyncio.Coroutine<string> {
      const [reader, writer] = yield* asyncio.openConnection('127.0.0.1', port);
      writer.write(encode(request));
      const answer = decode(yield* reader.readline());
      // This connection is kept, and waits for nothing until the server closes it.
      if (request === 'idle') console.log(`idle: ${answer}`);
      if (request === 'idle') gotIdle.set();
      const rest = decode(yield* reader.read());
      writer.close();
      return request === 'idle' ? `closed${rest}` : answer || 'no answer';
    }

    const gotIdle = new asyncio.Event();
    const server = yield* asyncio.startServer(handle, '127.0.0.1', 0);
    const [, port] = server.sockets[0]!.getsockname();
    const signals = asyncio.signals('SIGTERM');

    const [quick, slow, kept] = ['quick', 'slow', 'idle'].map((request) => loop.createTask(ask(request)));
    for (const _ of [quick, slow, kept]) yield* begun.get();
    yield* gotIdle.wait();
    process.kill(process.pid, 'SIGTERM');
    yield* signals.next();
    console.log('server: stopping');
    for (const writer of idle) writer.close();
    const shutdown = loop.createTask(server.shutdown({ grace: 3600 }));
    console.log(`idle: ${yield* kept!}`);
    gate.set();
    console.log(`quick: ${yield* quick!}`);
    process.kill(process.pid, 'SIGTERM');
    yield* signals.next();
    console.log('server: enough');
    yield* server.shutdown({ grace: 0 });
    console.log(`slow: ${yield* slow!}`);
    console.log(`every request was finished: ${yield* shutdown}`);
    signals.close();
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function main() {
    const loop = asyncio.getRunningLoop();
    const idle = new Set<asyncio.StreamWriter>();
    const gate = new asyncio.Event();
    const begun = new asyncio.Queue<string>();

    async function handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
      try {
        while (server.isServing()) {
          idle.add(writer);
          const request = decode(await reader.readline());
          idle.delete(writer);
          if (request === '') break;
          begun.putNowait(request);
          if (request === 'quick') await gate.wait();
          if (request === 'slow') await asyncio.sleep(3600);
          writer.write(encode(`${request} is done`));
          await writer.drain();
        }
      } catch (error) {
        console.log(`server: a handler was ended: ${(error as Error).name}`);
        throw error;
      } finally {
        writer.close();
      }
    }

    async function ask(request: string) {
      const [reader, writer] = await asyncio.openConnection('127.0.0.1', port);
      writer.write(encode(request));
      const answer = decode(await reader.readline());
      // This connection is kept, and waits for nothing until the server closes it.
      if (request === 'idle') console.log(`idle: ${answer}`);
      if (request === 'idle') gotIdle.set();
      const rest = decode(await reader.read());
      writer.close();
      return request === 'idle' ? `closed${rest}` : answer || 'no answer';
    }

    const gotIdle = new asyncio.Event();
    const server = await asyncio.startServer(handle, '127.0.0.1', 0);
    const [, port] = server.sockets[0]!.getsockname();
    const signals = asyncio.signals('SIGTERM');

    const [quick, slow, kept] = ['quick', 'slow', 'idle'].map((request) =>
      loop.createTask(() => ask(request)),
    );
    for (const _ of [quick, slow, kept]) await begun.get();
    await gotIdle.wait();
    process.kill(process.pid, 'SIGTERM');
    await signals.next();
    console.log('server: stopping');
    for (const writer of idle) writer.close();
    const shutdown = loop.createTask(server.shutdown({ grace: 3600 }));
    console.log(`idle: ${await kept!}`);
    gate.set();
    console.log(`quick: ${await quick!}`);
    process.kill(process.pid, 'SIGTERM');
    await signals.next();
    console.log('server: enough');
    await server.shutdown({ grace: 0 });
    console.log(`slow: ${await slow!}`);
    console.log(`every request was finished: ${await shutdown}`);
    signals.close();
  }

  await asyncio.run(main);
}

export const output = [
  'idle: idle is done',
  'server: stopping',
  'idle: closed',
  'quick: quick is done',
  'server: enough',
  'server: a handler was ended: CancelledError',
  'slow: no answer',
  'every request was finished: false',
];
