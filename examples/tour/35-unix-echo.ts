/**
 * Unix sockets: streams between programs of one machine, which find each other by a path.
 *
 * The server makes a file at its path, and removes it when it is closed. Whoever connects without a path of its own has no address, so the server
 * does not see one. Where nobody listens there is no file, or one that refuses.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as asyncio from 'asyncio-ts';

export const title = 'Unix-socket echo, server and client, by streams';

export async function generators() {
  function* handleEcho(reader: asyncio.StreamReader, writer: asyncio.StreamWriter): asyncio.Coroutine<void> {
    console.log(`server: a client whose address is '${writer.getExtraInfo('peername')}'`);
    const line = yield* reader.readline();
    console.log(`server: received '${new TextDecoder().decode(line).trimEnd()}'`);
    writer.write(line);
    yield* writer.drain();
    writer.close();
    yield* writer.waitClosed();
  }

  function* client(path: string): asyncio.Coroutine<void> {
    const [reader, writer] = yield* asyncio.openUnixConnection(path);
    console.log("client: send 'Hello'");
    writer.write(new TextEncoder().encode('Hello\n'));
    const line = yield* reader.readline();
    console.log(`client: received '${new TextDecoder().decode(line).trimEnd()}'`);
    writer.close();
    yield* writer.waitClosed();
  }

  function* main(path: string): asyncio.Coroutine<void> {
    const server = yield* asyncio.startUnixServer(handleEcho, path);
    yield* asyncio.asyncWith(server, function* () {
      console.log(`server: serving at ${basename(server.sockets[0]!.getsockname())}`);
      yield* client(path);
    });
    console.log(`server: closed, the file is ${existsSync(path) ? 'there' : 'gone'}`);
    try {
      yield* client(path);
    } catch (error) {
      console.log(`client: ${error}`);
    }
  }

  const directory = await mkdtemp(join(tmpdir(), 'tour-'));
  await asyncio.run(main(join(directory, 'echo.sock')));
  await rm(directory, { recursive: true });
}

export async function asyncFunctions() {
  async function handleEcho(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
    console.log(`server: a client whose address is '${writer.getExtraInfo('peername')}'`);
    const line = await reader.readline();
    console.log(`server: received '${new TextDecoder().decode(line).trimEnd()}'`);
    writer.write(line);
    await writer.drain();
    writer.close();
    await writer.waitClosed();
  }

  async function client(path: string) {
    const [reader, writer] = await asyncio.openUnixConnection(path);
    console.log("client: send 'Hello'");
    writer.write(new TextEncoder().encode('Hello\n'));
    const line = await reader.readline();
    console.log(`client: received '${new TextDecoder().decode(line).trimEnd()}'`);
    writer.close();
    await writer.waitClosed();
  }

  async function main(path: string) {
    const server = await asyncio.startUnixServer(handleEcho, path);
    await asyncio.asyncWith(server, async () => {
      console.log(`server: serving at ${basename(server.sockets[0]!.getsockname())}`);
      await client(path);
    });
    console.log(`server: closed, the file is ${existsSync(path) ? 'there' : 'gone'}`);
    try {
      await client(path);
    } catch (error) {
      console.log(`client: ${error}`);
    }
  }

  const directory = await mkdtemp(join(tmpdir(), 'tour-'));
  await asyncio.run(() => main(join(directory, 'echo.sock')));
  await rm(directory, { recursive: true });
}

export const output = [
  'server: serving at echo.sock',
  // Both ends learn of the connection at once.
  ["client: send 'Hello'", "server: a client whose address is ''"],
  "server: received 'Hello'",
  "client: received 'Hello'",
  'server: closed, the file is gone',
  'client: FileNotFoundError: [Errno 2] No such file or directory',
];
