/** What CPython's tests want of the machine around them: the little web server that clients are tried against, which they run in a thread, ports and files. */
import { execFileSync } from 'node:child_process';
import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { existsSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

const RESPONSE = 'HTTP/1.0 200 OK\r\nContent-type: text/plain\r\n\r\nTest message';

/** Send back what is posted, as it comes. */
function loop(socket: Socket, begin: string): void {
  const head = begin.indexOf('\r\n\r\n') + 4;
  if (head < 4) return;
  let left = Number(/^Content-Length: (\d+)/m.exec(begin)?.[1]);
  const echo = (data: Buffer): void => {
    left -= data.length;
    socket.write(data);
    if (left <= 0) socket.end();
  };
  socket.removeAllListeners('data');
  socket.write(`HTTP/1.0 200 OK\r\nContent-Length: ${left}\r\n\r\n`);
  socket.on('data', echo);
  if (begin.length > head) echo(Buffer.from(begin.slice(head), 'latin1'));
}

/** Answers every request with the same short text, and closes the connection. It listens at a port of its own, or at the Unix socket `path`. */
export function startTestServer(path: string | undefined): Promise<Server> {
  const server = createServer((socket) => {
    let request = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      request += data.toString('latin1');
      if (request.startsWith('POST /loop')) loop(socket, request);
      else if (request.endsWith('\r\n\r\n')) socket.end(RESPONSE);
    });
  });
  return new Promise((resolve) => {
    if (path !== undefined) server.listen(path, () => resolve(server));
    else
      server.listen(0, '127.0.0.1', () =>
        resolve(Object.assign(server, { port: (server.address() as AddressInfo).port })),
      );
  });
}

export function stopTestServer(server: Server): void {
  server.close();
  server.unref();
}

/** Sends each datagram back to whom it came from. */
export function startEcho(): Promise<Datagrams> {
  const socket = createSocket('udp4', (data, { port, address }) => socket.send(data, port, address));
  return new Promise((resolve) => {
    socket.bind(0, '127.0.0.1', () => resolve(Object.assign(socket, { port: socket.address().port })));
  });
}

export function stopEcho(socket: Datagrams): void {
  socket.close();
}

const FIND =
  "const s = require('net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })";

/** A port that nobody uses. */
export function unusedPort(): number {
  return Number(execFileSync(process.execPath, ['-e', FIND], { encoding: 'utf8' }));
}

export const exists = (path: string): boolean => existsSync(path);
export const unlink = (path: string): void => rmSync(path, { force: true });
