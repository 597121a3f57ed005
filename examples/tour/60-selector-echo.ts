/**
 * A selector: one thread serves many clients without a loop, by asking the system which of its sockets are ready.
 *
 * This is what event loops are made of. `select()` blocks until something can be done; what is registered beside each socket says what. Here the clients are
 * sockets of the same selector, so one thread plays both sides. Needs Linux with the package koffi.
 */
import * as asyncio from 'asyncio-ts';
import { DefaultSelector, EVENT_READ, EVENT_WRITE } from 'asyncio-ts/selectors';
import { whyNoRawSockets } from './raw.ts';

export const title = 'selector echo server: one thread, many clients, no loop';

export const skip = whyNoRawSockets;

export async function generators() {
  const { Socket, socket } = asyncio;
  const names = ['Anna', 'Ben', 'Cleo'];
  using selector = new DefaultSelector<() => void>();
  let served = 0;

  using server = new Socket();
  server.setblocking(false);
  server.bind(['127.0.0.1', 0]);
  server.listen();
  selector.register(server, EVENT_READ, accept);

  function accept() {
    const [connection] = server.accept();
    selector.register(connection, EVENT_READ, () => {
      const data = connection.recv(1024);
      if (data.length > 0) {
        connection.send(data);
        return;
      }
      selector.unregister(connection);
      connection.close();
      console.log(`server: ${++served} served`);
    });
  }

  for (const name of names) {
    const client = new Socket();
    client.setblocking(false);
    client.connectEx(server.getsockname());
    const receive = () => {
      console.log(`${name}: received '${new TextDecoder().decode(client.recv(1024))}'`);
      selector.unregister(client);
      client.close();
    };
    // It can be written to when it is connected.
    selector.register(client, EVENT_WRITE, () => {
      client.send(new TextEncoder().encode(`Hello from ${name}`));
      client.shutdown(socket.SHUT_WR);
      selector.modify(client, EVENT_READ, receive);
    });
  }

  while (served < names.length) {
    for (const [key] of selector.select()) key.data();
  }
  console.log(`registered at the end: ${selector.getMap().size}`);
}

export const output = [
  [
    "Anna: received 'Hello from Anna'",
    "Ben: received 'Hello from Ben'",
    "Cleo: received 'Hello from Cleo'",
    'server: 1 served',
    'server: 2 served',
    'server: 3 served',
  ],
  'registered at the end: 1',
];
