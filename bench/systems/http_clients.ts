/**
 * The clients of HTTP that are measured: asyncio-ts as it is built, undici, and aiohttp's in a Python of its own.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as asyncio from 'asyncio-ts';
import { ClientSession, TCPConnector } from 'asyncio-ts/http';
import { Pool } from 'undici';

/** What the server answers. */
export const TEXT = 'hello world';

const HEADERS = { Accept: '*/*', 'Accept-Encoding': 'gzip, deflate, br', 'User-Agent': 'bench' };
const PYTHON = '/usr/bin/python3';
const AIOHTTP = fileURLToPath(new URL('aiohttp_client.py', import.meta.url));

export interface Figure {
  /** Microseconds of the clock, for one request. */
  readonly wall: number;
  /** Microseconds of the processor. */
  readonly cpu: number;
}

/** Measure all of them, with `width` requests at once. */
export async function measureClients(
  url: string,
  width: number,
  requests: number,
  repetitions: number,
): Promise<Map<string, Figure>> {
  const count = width === 1 ? requests >> 1 : requests;
  const figures = new Map<string, Figure[]>();
  const note = (name: string, figure: Figure): void => {
    figures.set(name, [...(figures.get(name) ?? []), figure]);
  };
  await asyncio.run(function* () {
    const session = new ClientSession({ headers: HEADERS, connector: new TCPConnector({ limit: width }) });
    const pool = new Pool(new URL(url).origin, { connections: width });
    for (let i = -1; i < repetitions; i++) {
      const take = (name: string, figure: Figure): void => {
        // The first round warms up.
        if (i >= 0) note(name, figure);
      };
      take(
        'asyncio-ts',
        yield* timed(count, () => asyncio.gather(...shares(width, count, generators, session, url))),
      );
      take('undici', yield* timed(count, () => asyncio.wrapFuture(bare(pool, width, count))));
      take(
        'asyncio-ts (async fn)',
        yield* timed(count, () => asyncio.gather(...shares(width, count, asyncFunctions, session, url))),
      );
    }
    yield* session.close();
    yield* asyncio.wrapFuture(pool.close());
  });
  const python = spawnSync(
    PYTHON,
    [AIOHTTP, url, String(width), String(count), String(Math.min(repetitions, 5))],
    {
      encoding: 'utf8',
    },
  );
  if (python.status === 0)
    for (const figure of JSON.parse(python.stdout) as Figure[]) note('aiohttp', figure);
  else console.error(`aiohttp was not measured: ${python.stderr.trim().split('\n').at(-1)}`);
  return new Map([...figures].map(([name, all]) => [name, medians(all)]));
}

type Share = (
  session: ClientSession,
  url: string,
  count: number,
) => () => asyncio.Coroutine<void> | Promise<void>;

/** As many coroutines as there are requests at once, each with its share of them. */
function shares(width: number, count: number, share: Share, session: ClientSession, url: string) {
  return Array.from(
    { length: width },
    () => share(session, url, count / width) as () => asyncio.Coroutine<void>,
  );
}

function generators(session: ClientSession, url: string, count: number) {
  return function* (): asyncio.Coroutine<void> {
    for (let i = 0; i < count; i++) {
      const response = yield* session.get(url);
      check(yield* response.text());
    }
  };
}

function asyncFunctions(session: ClientSession, url: string, count: number) {
  return async (): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const response = await session.get(url);
      check(await response.text());
    }
  };
}

async function bare(pool: Pool, width: number, count: number): Promise<void> {
  const share = async (): Promise<void> => {
    for (let i = 0; i < count / width; i++) {
      const { body } = await pool.request({ path: '/', method: 'GET', headers: HEADERS });
      check(await body.text());
    }
  };
  await Promise.all(Array.from({ length: width }, share));
}

function check(text: string): void {
  if (text !== TEXT) throw new Error(`the server answered ${JSON.stringify(text)}`);
}

function* timed(count: number, run: () => asyncio.Future<unknown>): asyncio.Coroutine<Figure> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  yield* run();
  const wall = ((performance.now() - start) * 1000) / count;
  const { user, system } = process.cpuUsage(cpu);
  return { wall, cpu: (user + system) / count };
}

function medians(figures: readonly Figure[]): Figure {
  const median = (pick: (figure: Figure) => number): number =>
    figures.map(pick).sort((a, b) => a - b)[figures.length >> 1] as number;
  return { wall: median(({ wall }) => wall), cpu: median(({ cpu }) => cpu) };
}
