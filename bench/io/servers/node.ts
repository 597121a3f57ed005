/** Bare `node:net`, `node:tls` and `node:dgram`: what there would be without a library. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { HOST } from '../rows.ts';
import { credentials, MESSAGE, type Ready, serve, WRITE_COUNT } from '../server.ts';

function echo(socket: Socket): void {
  socket.on('data', (data) => socket.write(data));
  socket.on('error', () => {});
}

function listen(server: Server, ready: Ready): void {
  server.listen(0, HOST, () => ready((server.address() as AddressInfo).port));
}

function sendAll(socket: Socket): void {
  let left = WRITE_COUNT;
  const more = (): void => {
    while (left-- > 0) if (!socket.write(MESSAGE)) return;
    socket.end();
  };
  socket.on('drain', more);
  more();
}

serve({
  protocol: (ready) => listen(createServer({ noDelay: true }, echo), ready),
  buffered: (ready) => listen(createServer({ noDelay: true }, echo), ready),
  streams: (ready) => listen(createServer({ noDelay: true }, echo), ready),
  tls: (ready, place) => listen(createTlsServer({ noDelay: true, ...credentials(place) }, echo), ready),
  unix(ready, place) {
    createServer(echo).listen(place, () => ready());
  },
  udp(ready) {
    const socket = createSocket('udp4');
    socket.on('message', (data, from) => socket.send(data, from.port, from.address));
    socket.bind(0, HOST, () => ready(socket.address().port));
  },
  async writes() {
    const server = createServer({ noDelay: true }, sendAll).listen(0, HOST);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return async () => {
      let bytes = 0;
      const socket = connect({ host: HOST, port, noDelay: true });
      socket.on('data', (data) => {
        bytes += data.length;
      });
      await once(socket, 'close');
      return bytes;
    };
  },
});
