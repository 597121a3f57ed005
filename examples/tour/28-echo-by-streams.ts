/**
 * TCP by streams: the same echo, written from top to bottom.
 *
 * `startServer` runs a coroutine for each connection, with a reader and a writer. `drain` waits while more has been written than the other side
 * takes. A read that gives nothing tells that the other side has ended.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'TCP echo, server and client, by streams';

export async function generators() {
  function* handleEcho(reader: asyncio.StreamReader, writer: asyncio.StreamWriter): asyncio.Coroutine<void> {
    for (;;) {
      const line = yield* reader.readline();
      if (line.length === 0) break;
      console.log(`server: received '${new TextDecoder().decode(line).trimEnd()}'`);
      writer.write(line);
      yield* writer.drain();
    }
    console.log('server: the client has ended');
    writer.close();
    yield* writer.waitClosed();
  }

  function* client(port: number): asyncio.Coroutine<void> {
    const [reader, writer] = yield* asyncio.openConnection('127.0.0.1', port);
    for (const message of ['Hello', 'World!']) {
      console.log(`client: send '${message}'`);
      writer.write(new TextEncoder().encode(`${message}\n`));
      yield* writer.drain();
      const line = yield* reader.readline();
      console.log(`client: received '${new TextDecoder().decode(line).trimEnd()}'`);
    }
    console.log('client: close the connection');
    writer.close();
    yield* writer.waitClosed();
  }

  function* main(): asyncio.Coroutine<void> {
    const server = yield* asyncio.startServer(handleEcho, '127.0.0.1', 0);
    yield* asyncio.asyncWith(server, function* () {
      const [host, port] = server.sockets[0]!.getsockname();
      console.log(`server: serving on ${host}, port ${port}`);
      yield* client(port);
    });
    console.log('server: closed');
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function handleEcho(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
    for (;;) {
      const line = await reader.readline();
      if (line.length === 0) break;
      console.log(`server: received '${new TextDecoder().decode(line).trimEnd()}'`);
      writer.write(line);
      await writer.drain();
    }
    console.log('server: the client has ended');
    writer.close();
    await writer.waitClosed();
  }

  async function client(port: number) {
    const [reader, writer] = await asyncio.openConnection('127.0.0.1', port);
    for (const message of ['Hello', 'World!']) {
      console.log(`client: send '${message}'`);
      writer.write(new TextEncoder().encode(`${message}\n`));
      await writer.drain();
      const line = await reader.readline();
      console.log(`client: received '${new TextDecoder().decode(line).trimEnd()}'`);
    }
    console.log('client: close the connection');
    writer.close();
    await writer.waitClosed();
  }

  async function main() {
    const server = await asyncio.startServer(handleEcho, '127.0.0.1', 0);
    await asyncio.asyncWith(server, async () => {
      const [host, port] = server.sockets[0]!.getsockname();
      console.log(`server: serving on ${host}, port ${port}`);
      await client(port);
    });
    console.log('server: closed');
  }

  await asyncio.run(main);
}

export const output = [
  'server: serving on 127.0.0.1, port {number}',
  "client: send 'Hello'",
  "server: received 'Hello'",
  "client: received 'Hello'",
  "client: send 'World!'",
  "server: received 'World!'",
  "client: received 'World!'",
  'client: close the connection',
  'server: the client has ended',
  'server: closed',
];
