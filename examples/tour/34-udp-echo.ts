/**
 * UDP by protocols: a server that echoes datagrams, and a client that is connected to it.
 *
 * There are no connections, only packets: `datagramReceived` says what came and from where, `sendto` says what goes where. A datagram arrives
 * whole or not at all, an empty one too. What the network has to say against it (nobody listens there, it is too long) comes to `errorReceived`,
 * and the endpoint goes on.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'UDP echo, server and client';

class EchoServerProtocol extends asyncio.DatagramProtocol {
  #transport: asyncio.DatagramTransport | null = null;

  override connectionMade(transport: asyncio.DatagramTransport) {
    this.#transport = transport;
  }

  override datagramReceived(data: Uint8Array, addr: asyncio.SocketAddress) {
    console.log(`server: received '${new TextDecoder().decode(data)}' from ${addr[0]}`);
    this.#transport?.sendto(data, addr);
  }
}

class EchoClientProtocol extends asyncio.DatagramProtocol {
  readonly lost: asyncio.Future<void> = asyncio.getRunningLoop().createFuture();
  readonly #messages: string[];
  #transport: asyncio.DatagramTransport | null = null;

  constructor(messages: readonly string[]) {
    super();
    this.#messages = [...messages];
  }

  override connectionMade(transport: asyncio.DatagramTransport) {
    this.#transport = transport;
    this.#sendNext();
  }

  override datagramReceived(data: Uint8Array) {
    console.log(`client: received '${new TextDecoder().decode(data)}'`);
    this.#sendNext();
  }

  override errorReceived(exc: Error) {
    console.log(`client: ${exc.name}: ${exc.message}`);
    this.#transport?.close();
  }

  override connectionLost() {
    console.log('client: closed');
    this.lost.setResult();
  }

  #sendNext() {
    const message = this.#messages.shift();
    if (message === undefined) {
      this.#transport?.close();
      return;
    }
    console.log(`client: send '${message}'`);
    this.#transport?.sendto(new TextEncoder().encode(message));
  }
}

const local = { localAddr: ['127.0.0.1', 0] } as const;

export async function generators() {
  function* main(): asyncio.Coroutine<void> {
    const loop = asyncio.getRunningLoop();
    const [server] = yield* loop.createDatagramEndpoint(() => new EchoServerProtocol(), local);
    const [host, port] = server.getExtraInfo('sockname')!;
    const remote = { remoteAddr: [host, port] } as const;

    const make = () => new EchoClientProtocol(['Hello', '', 'World!']);
    const [, client] = yield* loop.createDatagramEndpoint(make, remote);
    yield* client.lost;

    server.close();
    yield* asyncio.sleep(0); // it is closed in the next iteration
    const [, late] = yield* loop.createDatagramEndpoint(() => new EchoClientProtocol(['Anyone?']), remote);
    yield* late.lost;
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function main() {
    const loop = asyncio.getRunningLoop();
    const [server] = await loop.createDatagramEndpoint(() => new EchoServerProtocol(), local);
    const [host, port] = server.getExtraInfo('sockname')!;
    const remote = { remoteAddr: [host, port] } as const;

    const make = () => new EchoClientProtocol(['Hello', '', 'World!']);
    const [, client] = await loop.createDatagramEndpoint(make, remote);
    await client.lost;

    server.close();
    await asyncio.sleep(0); // it is closed in the next iteration
    const [, late] = await loop.createDatagramEndpoint(() => new EchoClientProtocol(['Anyone?']), remote);
    await late.lost;
  }

  await asyncio.run(main);
}

export const output = [
  "client: send 'Hello'",
  "server: received 'Hello' from 127.0.0.1",
  "client: received 'Hello'",
  "client: send ''",
  "server: received '' from 127.0.0.1",
  "client: received ''",
  "client: send 'World!'",
  "server: received 'World!' from 127.0.0.1",
  "client: received 'World!'",
  'client: closed',
  "client: send 'Anyone?'",
  'client: ConnectionRefusedError: [Errno 111] Connection refused',
  'client: closed',
];
