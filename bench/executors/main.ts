/**
 * The benchmark of executors: pools of threads and processes beside a bare `postMessage`, Piscina, Tinypool and CPython's pools, on the same work.
 *
 *   npm run bench:executors -- [--quick] [--write]
 *
 * All systems take turns within each repetition, in one process; the figure is the median. `--write` puts the tables into docs/benchmarks.md, between
 * the `<!-- bench:executors -->` markers.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { Worker } from 'node:worker_threads';
import { install } from '../../scripts/install.ts';
import { ProcessPoolExecutor, ThreadPoolExecutor, transfer } from '../../src/executors/index.ts';
import { getRunningLoop } from '../../src/loop/loops.ts';
import { run } from '../../src/loop/runner.ts';

install('bench');
const { Piscina } = await import('piscina');
const { Tinypool } = await import('tinypool');

const quick = process.argv.includes('--quick');
const REPETITIONS = quick ? 3 : 9;
const TRIPS = quick ? 2000 : 5000;
const JOBS = 10_000;
const MEBIBYTES = 64;
const DOCS = new URL('../../docs/benchmarks.md', import.meta.url);
const here = (name: string): URL => new URL(name, import.meta.url);

interface Figure {
  /** Seconds. */
  readonly wall: number;
  /** Seconds of processor time, of all threads of this process. */
  readonly cpu: number;
}

async function timed(work: () => unknown): Promise<Figure> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const wall = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { wall, cpu: (user + system) / 1e6 };
}

/** Each of `works`, in turns. @returns the medians. */
async function inTurns<K extends string>(
  works: Record<K, () => Promise<Figure>>,
): Promise<Record<K, Figure>> {
  const names = Object.keys(works) as K[];
  const figures = new Map<K, Figure[]>(names.map((name) => [name, []]));
  for (let i = 0; i <= REPETITIONS; i++) {
    for (const name of names) {
      const figure = await works[name]();
      // The first turn warms up.
      if (i > 0) figures.get(name)?.push(figure);
    }
  }
  return Object.fromEntries(
    names.map((name) => {
      const all = figures.get(name) ?? [];
      return [name, { wall: median(all.map(({ wall }) => wall)), cpu: median(all.map(({ cpu }) => cpu)) }];
    }),
  ) as Record<K, Figure>;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] as number;
}

const noop = (): undefined => undefined;
const same = (n: number): number => n;

// ---- round trips --------------------------------------------------------------------------------------------------------------------

async function roundTrips(): Promise<string> {
  const echo = new Worker(here('echo.js'));
  let heard: (value: unknown) => void = noop;
  echo.on('message', (value) => heard(value));
  const bare = (): Promise<unknown> =>
    new Promise((resolve) => {
      heard = resolve;
      echo.postMessage(undefined);
    });
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const processes = new ProcessPoolExecutor({ maxWorkers: 1 });
  const piscina = new Piscina({ filename: here('noop.js').href, minThreads: 1, maxThreads: 1 });
  const tinypool = new Tinypool({ filename: here('noop.js').href, minThreads: 1, maxThreads: 1 });
  const trips = (trip: () => unknown) => (): Promise<Figure> =>
    timed(async () => {
      for (let i = 0; i < TRIPS; i++) await trip();
    });
  const figures = await inTurns({
    bare: trips(bare),
    pool: trips(() => pool.submit(noop)),
    piscina: trips(() => piscina.run(undefined)),
    tinypool: trips(() => tinypool.run(undefined)),
    loop: () =>
      timed(() =>
        run(function* () {
          const loop = getRunningLoop();
          for (let i = 0; i < TRIPS; i++) yield* loop.runInExecutor(pool, noop);
        }),
      ),
    blocking: () =>
      timed(() => {
        for (let i = 0; i < TRIPS; i++) pool.submit(noop).result();
      }),
    processes: trips(() => processes.submit(noop)),
  });
  await echo.terminate();
  await piscina.destroy();
  await tinypool.destroy();
  pool.shutdown();
  processes.shutdown();
  const titles: Record<keyof typeof figures, string> = {
    bare: 'bare `postMessage`, echoed by a thread',
    pool: 'asyncio-ts, thread, `await pool.submit(noop)`',
    loop: 'asyncio-ts, thread, `yield* loop.runInExecutor(pool, noop)`',
    blocking: 'asyncio-ts, thread, `pool.submit(noop).result()`',
    piscina: 'Piscina, `await pool.run()`',
    tinypool: 'Tinypool, `await pool.run()`',
    processes: 'asyncio-ts, process, `await pool.submit(noop)`',
  };
  const rows = (Object.keys(titles) as (keyof typeof figures)[]).map((name) => {
    const { wall, cpu } = figures[name];
    return [
      titles[name],
      `${((wall / TRIPS) * 1e6).toFixed(1)} µs`,
      `${(wall / figures.bare.wall).toFixed(2)}×`,
      name === 'processes' ? '' : `${((cpu / TRIPS) * 1e6).toFixed(1)} µs`,
    ];
  });
  return table(['one empty job after the other, one worker', 'time', 'of bare', 'CPU'], rows);
}

// ---- many small jobs ----------------------------------------------------------------------------------------------------------------

async function smallJobs(): Promise<string> {
  const threads = new ThreadPoolExecutor({ maxWorkers: 2 });
  const processes = new ProcessPoolExecutor({ maxWorkers: 2 });
  const piscina = new Piscina({
    filename: here('noop.js').href,
    minThreads: 2,
    maxThreads: 2,
    maxQueue: JOBS,
  });
  const tinypool = new Tinypool({
    filename: here('noop.js').href,
    minThreads: 2,
    maxThreads: 2,
    runtime: 'child_process',
  });
  const numbers = Array.from({ length: JOBS }, (_, n) => n);
  const python = { submit: [] as number[], chunks: [] as number[] };
  const figures = await inTurns({
    threads: () => timed(() => Promise.all(numbers.map((n) => threads.submit(same, n)))),
    piscina: () => timed(() => Promise.all(numbers.map((n) => piscina.run(n)))),
    processes: () => timed(() => Promise.all(numbers.map((n) => processes.submit(same, n)))),
    tinypool: () => timed(() => Promise.all(numbers.map((n) => tinypool.run(n)))),
    chunks: () => timed(() => [...processes.map(same, numbers, { chunksize: 100 })]),
    python: async () => {
      const { stdout } = spawnSync('/usr/bin/python3', [here('pools.py').pathname, String(JOBS), '2'], {
        encoding: 'utf8',
      });
      const times = JSON.parse(stdout) as { submit: number; chunks: number };
      python.submit.push(times.submit);
      python.chunks.push(times.chunks);
      return { wall: times.submit, cpu: 0 };
    },
  });
  threads.shutdown();
  processes.shutdown();
  await piscina.destroy();
  await tinypool.destroy();
  const milliseconds = (seconds: number): string => `${(seconds * 1000).toFixed(0)} ms`;
  return table(
    ['10,000 small jobs at once, two workers', 'time'],
    [
      ['asyncio-ts, threads, `submit`', milliseconds(figures.threads.wall)],
      ['Piscina, threads', milliseconds(figures.piscina.wall)],
      ['asyncio-ts, processes, `submit`', milliseconds(figures.processes.wall)],
      ['CPython `ProcessPoolExecutor`, `submit`', milliseconds(median(python.submit))],
      ['Tinypool, processes', milliseconds(figures.tinypool.wall)],
      ['asyncio-ts, processes, `map` with chunks of 100', milliseconds(figures.chunks.wall)],
      ['CPython `ProcessPoolExecutor`, `map` with chunks of 100', milliseconds(median(python.chunks))],
    ],
  );
}

// ---- computing, and moving ----------------------------------------------------------------------------------------------------------

function spin(count: number): number {
  let sum = 0;
  for (let n = 0; n < count; n++) sum = (sum * 31 + n) % 1_000_003;
  return sum;
}

async function computing(): Promise<string> {
  const one = new ThreadPoolExecutor({ maxWorkers: 1 });
  const two = new ThreadPoolExecutor({ maxWorkers: 2 });
  const processes = new ProcessPoolExecutor({ maxWorkers: 2 });
  const parts = Array.from({ length: 16 }, () => (quick ? 2_000_000 : 8_000_000));
  const figures = await inTurns({
    one: () => timed(() => [...one.map(spin, parts)]),
    two: () => timed(() => [...two.map(spin, parts)]),
    processes: () => timed(() => [...processes.map(spin, parts)]),
  });
  const array = () => new Uint8Array(MEBIBYTES * 2 ** 20);
  const back = (bytes: Uint8Array): number => bytes.length;
  const large = await inTurns({
    moved: async () => {
      const bytes = array();
      return timed(() => two.submit(back, transfer(bytes)));
    },
    copied: async () => {
      const bytes = array();
      return timed(() => two.submit(back, bytes));
    },
    process: async () => {
      const bytes = array();
      return timed(() => processes.submit(back, bytes));
    },
  });
  for (const pool of [one, two, processes]) pool.shutdown();
  const speed = (figure: Figure): string => `${(figures.one.wall / figure.wall).toFixed(2)}×`;
  return [
    table(
      ['a map that computes, 16 parts', 'as fast as one thread'],
      [
        ['two threads', speed(figures.two)],
        ['two processes', speed(figures.processes)],
      ],
    ),
    table(
      [`a job with an array of ${MEBIBYTES} MiB`, 'time'],
      [
        ['to a thread, moved by `transfer`', `${(large.moved.wall * 1000).toFixed(2)} ms`],
        ['to a thread, copied', `${(large.copied.wall * 1000).toFixed(1)} ms`],
        ['to a process', `${(large.process.wall * 1000).toFixed(1)} ms`],
      ],
    ),
  ].join('\n\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

const parts = [await roundTrips(), await smallJobs(), await computing()];
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, ${process.platform}; Node ${process.version}.`;
const text = [machine, ...parts].join('\n\n');
console.log(text);
if (process.argv.includes('--write')) {
  const mark = '<!-- bench:executors -->';
  const end = '<!-- /bench:executors -->';
  const page = readFileSync(DOCS, 'utf8');
  const [before, after] = [page.split(mark)[0], page.split(end)[1]];
  if (after === undefined) throw new Error(`docs/benchmarks.md lacks ${mark}`);
  writeFileSync(DOCS, `${before}${mark}\n${text}\n${end}${after}`);
}
process.exit(0);
