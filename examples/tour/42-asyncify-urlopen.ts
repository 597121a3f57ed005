/**
 * `asyncify` makes a coroutine function of one that blocks, such as Python's `urlopen`: each call runs in a thread, and the loop goes on meanwhile.
 *
 * Node has no HTTP client that blocks, so `urlopen` here is one that does what Python's does: it occupies its thread until the page is there. The server
 * stands in the loop itself, which shows that the loop is not blocked.
 */
import { spawnSync } from 'node:child_process';
import * as asyncio from 'asyncio-ts';
import { job } from 'asyncio-ts/futures';

export const title = 'urlopen made asynchronous by asyncify';

/** Fetch a page, and block until it is there. */
export const urlopen = job(import.meta.url, 'urlopen', (url: string): string => {
  const program = `process.stdout.write(await (await fetch(${JSON.stringify(url)})).text())`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`cannot open ${url}: ${stderr}`);
  return stdout;
});

const fetchPage = asyncio.asyncify(urlopen);

export async function generators() {
  function* serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter): asyncio.Coroutine<void> {
    const request = new TextDecoder().decode(yield* reader.readuntil(Buffer.from('\r\n\r\n')));
    const body = `this is ${request.split(' ')[1]}`;
    writer.write(
      Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`),
    );
    yield* writer.drain();
    writer.close();
    yield* writer.waitClosed();
  }

  function* main(): asyncio.Coroutine<void> {
    const server = yield* asyncio.startServer(serve, '127.0.0.1', 0);
    yield* asyncio.asyncWith(server, function* () {
      const [, port] = server.sockets[0]!.getsockname() as [string, number];
      const pages = ['a', 'b', 'c'].map((name) => fetchPage(`http://127.0.0.1:${port}/${name}`));
      for (const page of yield* asyncio.gather(...pages)) console.log(page);
    });
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
    const request = new TextDecoder().decode(await reader.readuntil(Buffer.from('\r\n\r\n')));
    const body = `this is ${request.split(' ')[1]}`;
    writer.write(
      Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`),
    );
    await writer.drain();
    writer.close();
    await writer.waitClosed();
  }

  async function main() {
    await using server = await asyncio.startServer(serve, '127.0.0.1', 0);
    const [, port] = server.sockets[0]!.getsockname() as [string, number];
    const pages = ['a', 'b', 'c'].map((name) => fetchPage(`http://127.0.0.1:${port}/${name}`));
    for (const page of await asyncio.gather(...pages)) console.log(page);
  }

  await asyncio.run(main);
}

export const output = ['this is /a', 'this is /b', 'this is /c'];
