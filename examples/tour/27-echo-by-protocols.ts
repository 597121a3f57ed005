/**
 * TCP by protocols: a server that echoes, and a client that says hello to it.
 *
 * A transport is how bytes travel; a protocol says what to do when a connection is made, when data come, when it is lost. For each connection
 * the loop calls the factory for a protocol of its own. Both ends live in one loop here; port 0 lets the system choose a free one.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'TCP echo, server and client, by protocols';

export async function generators() {
  class EchoServerClientProtocol extends asyncio.Protocol {
    #transport: asyncio.Transport | null = null;

    override connectionMade(transport: asyncio.Transport) {
      const [host, port] = transport.getExtraInfo('peername') ?? [];
      console.log(`server: Connection from ('${host}', ${port})`);
      this.#transport = transport;
    }

    override dataReceived(data: Uint8Array) {
      const message = new TextDecoder().decode(data);
      console.log(`server: Data received: '${message}'`);

      console.log(`server: Send: '${message}'`);
      this.#transport?.write(data);

      console.log('server: Close the client socket');
      this.#transport?.close();
    }
  }

  class EchoClientProtocol extends asyncio.Protocol {
    readonly #message: string;
    readonly #loop: asyncio.EventLoop;

    constructor(message: string, loop: asyncio.EventLoop) {
      super();
      this.#message = message;
      this.#loop = loop;
    }

    override connectionMade(transport: asyncio.Transport) {
      transport.write(new TextEncoder().encode(this.#message));
      console.log(`client: Data sent: '${this.#message}'`);
    }

    override dataReceived(data: Uint8Array) {
      console.log(`client: Data received: '${new TextDecoder().decode(data)}'`);
    }

    override connectionLost() {
      console.log('client: The server closed the connection');
      console.log('client: Stop the event loop');
      this.#loop.stop();
    }
  }

  const loop = asyncio.newEventLoop();
  const server = await loop.runUntilComplete(
    loop.createServer(() => new EchoServerClientProtocol(), '127.0.0.1', 0),
  );
  const [host, port] = server.sockets[0]!.getsockname();
  console.log(`Serving on ('${host}', ${port})`);

  const message = 'Hello World!';
  await loop.runUntilComplete(
    loop.createConnection(() => new EchoClientProtocol(message, loop), '127.0.0.1', port),
  );
  await loop.runForever(); // until the client stops it

  server.close();
  await loop.runUntilComplete(server.waitClosed());
  loop.close();
}

export const output = [
  "Serving on ('127.0.0.1', {number})",
  // The system says which end hears first that they are connected.
  ["server: Connection from ('127.0.0.1', {number})", "client: Data sent: 'Hello World!'"],
  "server: Data received: 'Hello World!'",
  "server: Send: 'Hello World!'",
  'server: Close the client socket',
  "client: Data received: 'Hello World!'",
  'client: The server closed the connection',
  'client: Stop the event loop',
];
