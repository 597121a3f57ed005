/**
 * The servers of the reactors: what an echoed request costs them, beside uvloop, bare Node, and C.
 *
 *   npm run bench:reactors -- [--quick] [--write] [--repetitions N]
 *
 * Measured as `io/driver.ts` says. `--write` puts the tables and the chart into docs/reactors.md and README.md.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { barChart } from './io/chart.ts';
import { type IoCell, type IoResults, ioCellOf, measureIo, whyNoIo } from './io/driver.ts';
import { type IoRow, type Kind, RESPONSE_ROWS } from './io/rows.ts';
import { findIoSystems, isMissing, type SystemSpec } from './systems.ts';
import { markdown, median } from './table.ts';

const HEADINGS: Readonly<Partial<Record<Kind, string>>> = {
  protocol: 'Echo by `Protocol`',
  buffered: 'Echo by `BufferedProtocol`',
  streams: 'Echo by streams',
};

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    repetitions: { type: 'string' },
  },
});

const reason = whyNoIo();
if (reason !== undefined) {
  console.error(`Not measured: ${reason}.`);
  process.exit(1);
}

const repetitions = Number(flags.repetitions ?? (flags.quick ? 1 : 5));
const place = mkdtempSync(join(tmpdir(), 'asyncio-ts-bench-'));
/** Enough for compilers that work as the program runs. */
const REQUESTS = flags.quick ? 5_000 : 25_000;
const native = join(place, 'epoll');
execFileSync('cc', ['-O2', '-o', native, fileURLToPath(new URL('io/servers/epoll.c', import.meta.url))]);
const systems = chooseSystems();
const results: IoResults = new Map();
try {
  // Half of the processes would only say that they do not know a row: each kind is measured with those who do.
  for (const kind of ['protocol', 'buffered', 'streams'] as const) {
    const rows = RESPONSE_ROWS.filter((row) => row.kind === kind);
    const plan = {
      systems: systems.filter(({ id }) => knows(id, kind)),
      rows,
      repetitions,
      budget: 0,
      requests: ({ size }: IoRow) => (size > 50_000 ? REQUESTS / 3 : REQUESTS) | 0,
    };
    for (const [key, cell] of await measureIo(plan, tell)) results.set(key, cell);
  }
} finally {
  rmSync(place, { recursive: true, force: true });
}
for (const { error } of results.values()) if (error !== undefined) console.error(`\n${error}`);

const tables = [machine(), costs('protocol'), costs('buffered'), costs('streams'), latency(), ratios()].join(
  '\n\n',
);
console.log(`\n${tables}`);
if (flags.write) {
  const names = { c: 'C', ours: 'asyncio-ts', uvloop: 'uvloop', node: 'bare Node' } as const;
  const rows = RESPONSE_ROWS.filter(({ kind, connections }) => kind !== 'streams' && connections === 100);
  const chart = barChart(
    rows.map((row) => ({
      title: `${row.kind === 'protocol' ? 'Protocol' : 'BufferedProtocol'}, ${row.size / 1024} KiB`,
      bars: [
        { name: names.c, value: cost('c', row) },
        { name: names.ours, value: cost('asyncio_ts', row) },
        { name: names.uvloop, value: cost('uvloop', row) },
        { name: names.node, value: cost('node', row) },
      ],
    })),
    { title: 'Server CPU per echoed request, 100 connections', unit: 'µs' },
  );
  writeFileSync(new URL('../docs/reactors.svg', import.meta.url), chart);
  between('docs/reactors.md', tables);
  between('README.md', [costs('protocol'), costs('buffered')].join('\n\n'));
}

function chooseSystems(): SystemSpec[] {
  const found = findIoSystems().filter((system): system is SystemSpec => !isMissing(system));
  const ours = found.find(({ id }) => id === 'asyncio_ts')!;
  return [
    { id: 'c', title: 'C, epoll', command: [native], version: 'C' },
    { ...ours, title: 'asyncio-ts, epoll', env: { ASYNCIO_REACTOR: 'epoll' } },
    { ...ours, id: 'libuv', title: 'asyncio-ts, libuv', env: { ASYNCIO_REACTOR: 'libuv' } },
    ...found.filter(({ id }) => id === 'uvloop' || id === 'node'),
  ];
}

function knows(id: string, kind: Kind): boolean {
  if (kind === 'streams') return id !== 'c';
  return true;
}

function tell(repetition: string, what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${repetition} ${what}`);
}

function cell(id: string, row: IoRow): IoCell {
  return ioCellOf(results, id, row.id);
}

/** Microseconds of the server's processor time for a request; NaN where it was not measured. */
function cost(id: string, row: IoRow): number {
  const { cpu } = cell(id, row);
  return cpu.length === 0 ? Number.NaN : median(cpu);
}

/** Of each repetition by itself: its figures were taken right after each other. */
function ratio(row: IoRow, id: string): number {
  const ours = cell('asyncio_ts', row).cpu;
  const theirs = cell(id, row).cpu;
  const both = ours.slice(0, theirs.length).map((figure, i) => figure / theirs[i]!);
  return both.length === 0 ? Number.NaN : median(both);
}

/** What a request costs: microseconds of the server's processor time, and how much of it ours is. */
function costs(kind: Kind): string {
  const columns = systems.filter(({ id }) => knows(id, kind));
  const lines = RESPONSE_ROWS.filter((row) => row.kind === kind && row.connections > 1).map((row) => [
    `${row.size / 1024} KiB, ${row.connections} connections`,
    ...columns.map(({ id }) => {
      const figure = cost(id, row);
      if (Number.isNaN(figure)) return '–';
      return id === 'asyncio_ts'
        ? `**${figure.toFixed(1)} µs**`
        : `${figure.toFixed(1)} µs · ${ratio(row, id).toFixed(2)}`;
    }),
  ]);
  return markdown([HEADINGS[kind] ?? kind, ...columns.map(({ title }) => title)], lines);
}

/** One connection, to and fro: how long a request takes. */
function latency(): string {
  const row = RESPONSE_ROWS.find(({ kind, connections }) => kind === 'protocol' && connections === 1)!;
  const line = (name: string, of: (found: IoCell) => number[]) => [
    name,
    ...systems.map(({ id }) => {
      const figures = of(cell(id, row));
      return figures.length === 0 ? '–' : `${median(figures).toFixed(0)} µs`;
    }),
  ];
  return markdown(
    ['One connection, 1 KiB to and fro', ...systems.map(({ title }) => title)],
    [
      line('half are done within', ({ p50 }) => p50),
      line('99 % are done within', ({ p99 }) => p99),
      line('CPU', ({ cpu }) => cpu),
    ],
  );
}

/** In few words: ours as a part of the others', on the mean of the rows and at the worst of them. */
function ratios(): string {
  const lines = (['protocol', 'buffered', 'streams'] as const).flatMap((kind) =>
    systems
      .filter(({ id }) => id !== 'asyncio_ts' && knows(id, kind))
      .map(({ id, title }) => {
        const rows = RESPONSE_ROWS.filter((row) => row.kind === kind && row.connections > 1);
        const all = rows.map((row) => ratio(row, id)).filter((one) => !Number.isNaN(one));
        const mean = Math.exp(all.reduce((sum, one) => sum + Math.log(one), 0) / all.length);
        return [`${HEADINGS[kind]}, to ${title}`, mean.toFixed(2), Math.max(...all).toFixed(2)];
      }),
  );
  return markdown(['CPU of a request, asyncio-ts on epoll', 'geometric mean', 'highest'], lines);
}

function machine(): string {
  const [first] = cpus();
  const versions = new Set(systems.map(({ version }) => version));
  return `${cpus().length} × ${first?.model.trim()}, ${process.platform}; ${[...versions].join(', ')}.`;
}

function between(file: string, text: string): void {
  const url = new URL(`../${file}`, import.meta.url);
  const old = readFileSync(url, 'utf8');
  const [open, close] = ['<!-- bench-reactors -->', '<!-- /bench-reactors -->'];
  const [start, end] = [old.indexOf(open) + open.length, old.indexOf(close)];
  if (start < open.length || end < start) throw new Error(`${file} has no ${open} followed by ${close}`);
  writeFileSync(url, `${old.slice(0, start)}\n${text}\n${old.slice(end)}`);
}
