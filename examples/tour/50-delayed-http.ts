/**
 * Calls over HTTP that take their time: a server answers `/delay/N` after N tenths of a second. Two calls at once take as long as the longer one.
 *
 * `session.get(url)` is a block: at its end the response is released, and its connection serves the next request. It needs the package `undici`.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as asyncio from 'asyncio-ts';
import { ClientSession } from 'asyncio-ts/http';

export const title = 'delayed HTTP calls, in the time of the longer';

interface Answer {
  readonly delay: number;
}

/** Run `main` with the URL of a server that takes its time. */
async function withServer(main: (base: string) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    const delay = Number(request.url?.replace('/delay/', ''));
    response.setHeader('Content-Type', 'application/json');
    setTimeout(() => response.end(JSON.stringify({ delay })), delay * 100);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  await main(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  server.close();
}

export async function generators() {
  function* call(session: ClientSession, delay: number): asyncio.Coroutine<Answer> {
    console.log(`call ${delay}: begins`);
    return yield* asyncio.asyncWith(session.get(`/delay/${delay}`), function* (response) {
      const result = yield* response.json<Answer>();
      console.log(`call ${delay}: ends`);
      return result;
    });
  }

  function* main(baseUrl: string): asyncio.Coroutine<void> {
    const loop = asyncio.getRunningLoop();
    const start = loop.time();
    yield* asyncio.asyncWith(new ClientSession({ baseUrl }), function* (session) {
      const two = asyncio.createTask(call(session, 2));
      const three = asyncio.createTask(call(session, 3));
      console.log('answers:', yield* two, yield* three);
    });
    console.log(`took ${(loop.time() - start).toFixed(3)} s`);
  }

  await withServer((base) => asyncio.run(main(base)));
}

export async function asyncFunctions() {
  async function call(session: ClientSession, delay: number) {
    console.log(`call ${delay}: begins`);
    await using response = await session.get(`/delay/${delay}`);
    const result = await response.json<Answer>();
    console.log(`call ${delay}: ends`);
    return result;
  }

  async function main(baseUrl: string) {
    const loop = asyncio.getRunningLoop();
    const start = loop.time();
    {
      await using session = new ClientSession({ baseUrl });
      const two = asyncio.createTask(() => call(session, 2));
      const three = asyncio.createTask(() => call(session, 3));
      console.log('answers:', await two, await three);
    }
    console.log(`took ${(loop.time() - start).toFixed(3)} s`);
  }

  await withServer((base) => asyncio.run(() => main(base)));
}

export const output = [
  'call 2: begins',
  'call 3: begins',
  'call 2: ends',
  'call 3: ends',
  'answers: { delay: 2 } { delay: 3 }',
  'took {>=0.299} s',
];
