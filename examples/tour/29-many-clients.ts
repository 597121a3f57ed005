/**
 * One thread, many connections: an echo server with 200 clients at once.
 *
 * Each client sends ten messages and looks whether its own come back. After the first one it waits at a barrier, until every other
 * client has had its first one: so all of them are connected at the same time.
 * The backlog is how many connections the system keeps waiting until the server takes them: they all come at once here.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'an echo server with 200 clients at once, ten messages each';

export async function generators() {
  const CLIENTS = 200;
  const MESSAGES = 10;

  function* main(): asyncio.Coroutine<void> {
    let connected = 0;
    let most = 0;

    function* handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter): asyncio.Coroutine<void> {
      connected++;
      most = Math.max(most, connected);
      for (;;) {
        const line = yield* reader.readline();
        if (line.length === 0) break;
        writer.write(line);
        yield* writer.drain();
      }
      connected--;
      writer.close();
    }

    const server = yield* asyncio.startServer(handle, '127.0.0.1', 0, { backlog: CLIENTS });
    const [host, port] = server.sockets[0]!.getsockname();
    const barrier = new asyncio.Barrier(CLIENTS);

    function* client(number: number): asyncio.Coroutine<number> {
      const [reader, writer] = yield* asyncio.openConnection(host, port);
      let echoed = 0;
      for (let i = 0; i < MESSAGES; i++) {
        const message = `message ${i} of client ${number}\n`;
        writer.write(new TextEncoder().encode(message));
        yield* writer.drain();
        const answer = new TextDecoder().decode(yield* reader.readline());
        if (answer === message) echoed++;
        if (i === 0) yield* barrier.wait();
      }
      writer.close();
      yield* writer.waitClosed();
      return echoed;
    }

    const clients = Array.from({ length: CLIENTS }, (_, number) => client(number));
    const echoed = yield* asyncio.gather(...clients);
    console.log(`clients: ${echoed.length}`);
    console.log(`connected at once: ${most}`);
    console.log(`messages echoed to their senders: ${echoed.reduce((sum, count) => sum + count, 0)}`);

    server.close();
    yield* server.waitClosed();
    console.log(`connected in the end: ${connected}`);
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  const CLIENTS = 200;
  const MESSAGES = 10;

  async function main() {
    let connected = 0;
    let most = 0;

    async function handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
      connected++;
      most = Math.max(most, connected);
      for (;;) {
        const line = await reader.readline();
        if (line.length === 0) break;
        writer.write(line);
        await writer.drain();
      }
      connected--;
      writer.close();
    }

    const server = await asyncio.startServer(handle, '127.0.0.1', 0, { backlog: CLIENTS });
    const [host, port] = server.sockets[0]!.getsockname();
    const barrier = new asyncio.Barrier(CLIENTS);

    const client = asyncio.coroutine(async (number: number) => {
      const [reader, writer] = await asyncio.openConnection(host, port);
      let echoed = 0;
      for (let i = 0; i < MESSAGES; i++) {
        const message = `message ${i} of client ${number}\n`;
        writer.write(new TextEncoder().encode(message));
        await writer.drain();
        const answer = new TextDecoder().decode(await reader.readline());
        if (answer === message) echoed++;
        if (i === 0) await barrier.wait();
      }
      writer.close();
      await writer.waitClosed();
      return echoed;
    });

    const clients = Array.from({ length: CLIENTS }, (_, number) => client(number));
    const echoed = await asyncio.gather(...clients);
    console.log(`clients: ${echoed.length}`);
    console.log(`connected at once: ${most}`);
    console.log(`messages echoed to their senders: ${echoed.reduce((sum, count) => sum + count, 0)}`);

    server.close();
    await server.waitClosed();
    console.log(`connected in the end: ${connected}`);
  }

  await asyncio.run(main);
}

export const output = [
  'clients: 200',
  'connected at once: 200',
  'messages echoed to their senders: 2000',
  'connected in the end: 0',
];
