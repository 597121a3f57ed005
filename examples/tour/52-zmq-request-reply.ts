/**
 * ZeroMQ's simplest conversation: a client asks (REQ), a server answers (REP), and both only ever wait in their own coroutine.
 *
 * Neither needs the other to be there first: a message waits until someone takes it. It needs the package `zeromq`.
 */
import * as asyncio from 'asyncio-ts';
import * as zmq from 'asyncio-ts/zmq';

export const title = 'ZeroMQ request and reply';

export async function generators() {
  function* serve(socket: zmq.Socket): asyncio.Coroutine<void> {
    while (true) {
      const name = yield* socket.recvString();
      console.log(`server: asked about '${name}'`);
      yield* socket.sendJson({ name, length: name.length });
    }
  }

  function* main(): asyncio.Coroutine<void> {
    using context = new zmq.Context();
    const server = context.socket(zmq.REP);
    const client = context.socket(zmq.REQ);
    const port = server.bindToRandomPort('tcp://127.0.0.1');
    client.connect(`tcp://127.0.0.1:${port}`);

    const serving = asyncio.createTask(serve(server));
    for (const name of ['Hydrogen', 'Helium']) {
      yield* client.sendString(name);
      console.log('client:', yield* client.recvJson());
    }
    serving.cancel();
    yield* asyncio.wait([serving]);
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function serve(socket: zmq.Socket) {
    while (true) {
      const name = await socket.recvString();
      console.log(`server: asked about '${name}'`);
      await socket.sendJson({ name, length: name.length });
    }
  }

  async function main() {
    using context = new zmq.Context();
    const server = context.socket(zmq.REP);
    const client = context.socket(zmq.REQ);
    const port = server.bindToRandomPort('tcp://127.0.0.1');
    client.connect(`tcp://127.0.0.1:${port}`);

    const serving = asyncio.createTask(() => serve(server));
    for (const name of ['Hydrogen', 'Helium']) {
      await client.sendString(name);
      console.log('client:', await client.recvJson());
    }
    serving.cancel();
    await asyncio.wait([serving]);
  }

  await asyncio.run(main);
}

export const output = [
  "server: asked about 'Hydrogen'",
  "client: { name: 'Hydrogen', length: 8 }",
  "server: asked about 'Helium'",
  "client: { name: 'Helium', length: 6 }",
];
