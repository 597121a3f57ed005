/**
 * Raw sockets in a loop: the `sock...` methods do one thing each, and wait for it without stopping anyone else.
 *
 * No transport, no protocol, no stream: what is received is what one call brought, and what was opened must be closed. A socket that is given to the loop must not block.
 * Needs Linux with the package koffi.
 */
import * as asyncio from 'asyncio-ts';
import { whyNoRawSockets } from './raw.ts';

export const title = 'raw-socket echo, by sockAccept, sockRecv and sockSendall';

export const skip = whyNoRawSockets;

export async function generators() {
  const { Socket } = asyncio;

  function* serveOne(loop: asyncio.EventLoop, connection: asyncio.Socket): asyncio.Coroutine<void> {
    for (;;) {
      const data = yield* loop.sockRecv(connection, 1024);
      if (data.length === 0) break;
      yield* loop.sockSendall(connection, data);
    }
    connection.close();
  }

  function* serve(loop: asyncio.EventLoop, server: asyncio.Socket): asyncio.Coroutine<void> {
    for (let i = 0; i < 2; i++) {
      const [connection] = yield* loop.sockAccept(server);
      loop.createTask(serveOne(loop, connection));
    }
  }

  function* client(
    loop: asyncio.EventLoop,
    address: asyncio.Address,
    text: string,
  ): asyncio.Coroutine<string> {
    using socket = new Socket();
    socket.setblocking(false);
    yield* loop.sockConnect(socket, address);
    yield* loop.sockSendall(socket, new TextEncoder().encode(text));
    const answer = yield* loop.sockRecv(socket, 1024);
    return new TextDecoder().decode(answer);
  }

  function* main(): asyncio.Coroutine<void> {
    const loop = asyncio.getRunningLoop();
    using server = new Socket();
    server.setblocking(false);
    server.bind(['127.0.0.1', 0]);
    server.listen();
    const serving = asyncio.createTask(serve(loop, server));
    const address = server.getsockname();
    const answers = yield* asyncio.gather(client(loop, address, 'one'), client(loop, address, 'two'));
    console.log(answers.join(', '));
    yield* serving;
    // A socket knows its port when the system has chosen one.
    console.log(`served at port ${(address as asyncio.SocketAddress)[1]}`);
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  const { Socket } = asyncio;

  async function serveOne(loop: asyncio.EventLoop, connection: asyncio.Socket) {
    for (;;) {
      const data = await loop.sockRecv(connection, 1024);
      if (data.length === 0) break;
      await loop.sockSendall(connection, data);
    }
    connection.close();
  }

  async function serve(loop: asyncio.EventLoop, server: asyncio.Socket) {
    for (let i = 0; i < 2; i++) {
      const [connection] = await loop.sockAccept(server);
      loop.createTask(() => serveOne(loop, connection));
    }
  }

  async function client(loop: asyncio.EventLoop, address: asyncio.Address, text: string) {
    using socket = new Socket();
    socket.setblocking(false);
    await loop.sockConnect(socket, address);
    await loop.sockSendall(socket, new TextEncoder().encode(text));
    const answer = await loop.sockRecv(socket, 1024);
    return new TextDecoder().decode(answer);
  }

  await asyncio.run(async () => {
    const loop = asyncio.getRunningLoop();
    using server = new Socket();
    server.setblocking(false);
    server.bind(['127.0.0.1', 0]);
    server.listen();
    const serving = asyncio.createTask(() => serve(loop, server));
    const address = server.getsockname();
    const answers = await asyncio.gather(
      () => client(loop, address, 'one'),
      () => client(loop, address, 'two'),
    );
    console.log(answers.join(', '));
    await serving;
    console.log(`served at port ${(address as asyncio.SocketAddress)[1]}`);
  });
}

export const output = ['one, two', 'served at port {number}'];
