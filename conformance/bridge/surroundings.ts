/** What CPython's tests want of the machine around them: the little web server that clients are tried against, which they run in a thread, ports and files. */
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';

const RESPONSE = 'HTTP/1.0 200 OK\r\nContent-type: text/plain\r\n\r\nTest message';

/** Answers every request with the same short text, and closes the connection. It listens at a port of its own, or at the Unix socket `path`. */
export function startTestServer(path: string | undefined): Promise<Server> {
  const server = createServer((socket) => {
    let request = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      request += data.toString('latin1');
      if (request.endsWith('\r\n\r\n')) socket.end(RESPONSE);
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

const FIND =
  "const s = require('net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })";

/** A port that nobody uses. */
export function unusedPort(): number {
  return Number(execFileSync(process.execPath, ['-e', FIND], { encoding: 'utf8' }));
}

export const exists = (path: string): boolean => existsSync(path);
export const unlink = (path: string): void => rmSync(path, { force: true });
