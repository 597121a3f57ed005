/**
 * Runs the I/O measurements: for each (system, row, repetition) a server in a process of its own, and the load client of `load.c` in another. The
 * systems take turns within a row and the rows within a repetition, so that what slows the machine for a while slows everyone.
 *
 * Two figures are taken of each: the processor time of the server for one request, user and system, all its threads, as it tells
 * itself before and after; and requests a second. The first one depends least on what else the machine does.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { SystemSpec } from '../systems.ts';
import { HOST, type IoRow } from './rows.ts';

/** Of each repetition: microseconds of the server's processor time for a request, and requests a second; of `writes`, a request is a MiB. */
export interface IoCell {
  readonly cpu: number[];
  readonly rate: number[];
  /** Half of the requests took less, in microseconds. */
  readonly p50: number[];
  /** The 99th percentile of how long a request took, in microseconds. */
  readonly p99: number[];
  refused?: string;
  error?: string;
}

export type IoResults = Map<string, IoCell>;

export interface IoPlan {
  readonly systems: readonly SystemSpec[];
  readonly rows: readonly IoRow[];
  readonly repetitions: number;
  /** Seconds of load in each process, after half as much to warm up. */
  readonly budget: number;
  /** How many requests there are in place of that, as many again to warm up: on a machine that does other things, seconds say little of them. */
  readonly requests?: (row: IoRow) => number;
}

/** One line from the load client. */
interface Load {
  readonly requests: number;
  readonly rps: number;
  readonly p50: number;
  readonly p99: number;
}

/** How often `writes` is run to warm up, and to be measured. */
const WARM_RUNS = 6;
const RUNS = 9;
const MIB = 2 ** 20;

export function ioCellOf(results: IoResults, system: string, row: string): IoCell {
  const key = `${system} ${row}`;
  const cell = results.get(key) ?? { cpu: [], rate: [], p50: [], p99: [] };
  results.set(key, cell);
  return cell;
}

/** Why nothing can be measured here; undefined where it can. */
export function whyNoIo(): string | undefined {
  if (process.platform !== 'linux') return 'the load client is for Linux';
  return spawnSync('cc', ['--version']).status === 0
    ? undefined
    : 'there is no C compiler (cc) for the load client';
}

export async function measureIo(
  plan: IoPlan,
  tell: (repetition: string, what: string) => void,
): Promise<IoResults> {
  const results: IoResults = new Map();
  const place = mkdtempSync(join(tmpdir(), 'asyncio-ts-bench-'));
  try {
    const tools = prepare(place, plan.rows);
    for (let repetition = 0; repetition < plan.repetitions; repetition++) {
      for (const row of plan.rows) {
        for (const system of plan.systems) {
          const cell = ioCellOf(results, system.id, row.id);
          if (cell.refused !== undefined) continue;
          tell(`${repetition + 1}/${plan.repetitions}`, `${row.id} ${system.title}`);
          await runOnce(cell, system, row, plan, tools);
        }
      }
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
  return results;
}

/** What is made once for all: the load client, and a certificate. */
interface Tools {
  readonly place: string;
  readonly client: string;
}

function prepare(place: string, rows: readonly IoRow[]): Tools {
  const client = join(place, 'load');
  execFileSync('cc', ['-O2', '-o', client, fileURLToPath(new URL('load.c', import.meta.url)), '-ldl']);
  if (rows.some(({ kind }) => kind === 'tls')) {
    const [key, cert] = [join(place, 'key.pem'), join(place, 'cert.pem')];
    const how = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost';
    spawnSync('openssl', [...how.split(' '), '-keyout', key, '-out', cert]);
  }
  return { place, client };
}

async function runOnce(
  cell: IoCell,
  system: SystemSpec,
  row: IoRow,
  { budget, requests: wanted }: IoPlan,
  tools: Tools,
): Promise<void> {
  const { kind } = row;
  const socket = join(tools.place, 'socket');
  if (kind === 'tls' && !existsSync(join(tools.place, 'cert.pem'))) {
    cell.refused = 'no openssl for a certificate';
    return;
  }
  const server = new Server(system, kind, kind === 'unix' ? socket : tools.place);
  try {
    const { port } = await server.next();
    if (kind === 'writes') await measureWrites(cell, server);
    else {
      const to =
        kind === 'unix' ? ['--unix', socket] : [kind === 'udp' ? '--udp' : '--tcp', HOST, String(port)];
      const flags = [...to, ...(kind === 'tls' ? ['--tls'] : [])];
      const load = (seconds: number): Promise<Load> =>
        run(tools.client, [...flags, ...amount(row, seconds, wanted?.(row))]);
      await load(budget / 2);
      const before = await server.ask('cpu');
      const { requests, rps, p50, p99 } = await load(budget);
      const after = await server.ask('cpu');
      cell.cpu.push(((after['cpu'] as number) - (before['cpu'] as number)) / requests);
      cell.rate.push(rps);
      cell.p50.push(p50);
      cell.p99.push(p99);
    }
  } catch (failure) {
    if (server.said.includes(`has no scenario ${kind}`)) cell.refused = '–';
    else {
      cell.refused = 'failed';
      cell.error = `${system.title}, ${row.id}: ${String(failure)}\n${server.said}`;
    }
  } finally {
    await server.end();
    rmSync(socket, { force: true });
  }
}

async function measureWrites(cell: IoCell, server: Server): Promise<void> {
  for (let i = 0; i < WARM_RUNS; i++) await server.ask('run');
  const runs: Answer[] = [];
  for (let i = 0; i < RUNS; i++) runs.push(await server.ask('run'));
  const middle = (name: string): number =>
    runs.map((answer) => answer[name] as number).toSorted((a, b) => a - b)[RUNS >> 1] as number;
  const mebibytes = middle('bytes') / MIB;
  cell.cpu.push(middle('cpu') / mebibytes);
  cell.rate.push(mebibytes / middle('seconds'));
}

function amount({ connections, size }: IoRow, seconds: number, requests?: number): string[] {
  const many = requests === undefined ? ['--seconds', String(seconds)] : ['--requests', String(requests)];
  return ['--connections', String(connections), '--size', String(size), ...many];
}

/** Run a program that prints one line of JSON. */
async function run(program: string, args: readonly string[]): Promise<Load> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err] = [child.stdout, child.stderr].map((stream) => stream.toArray());
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new Error(`the load client: ${Buffer.concat((await err) as Buffer[])}`);
  return JSON.parse(String(Buffer.concat((await out) as Buffer[]))) as Load;
}

type Answer = Readonly<Record<string, number | undefined>>;

/** A server under measurement, which answers lines with lines. */
class Server {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;
  /** What it printed to its error output. */
  said = '';

  constructor(system: SystemSpec, kind: string, place: string) {
    const [program, ...args] = system.command as [string, ...string[]];
    const child = spawn(program, [...args, kind, place], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...system.env },
    });
    this.#child = child;
    this.#ended = once(child, 'close');
    child.stderr.on('data', (text: Buffer) => {
      this.said += text;
    });
    const lines: Interface = createInterface({ input: child.stdout });
    this.#lines = lines[Symbol.asyncIterator]();
  }

  async next(): Promise<Answer> {
    const { done, value } = await this.#lines.next();
    if (!done) return JSON.parse(value) as Answer;
    await this.#ended;
    throw new Error('the server ended');
  }

  ask(what: string): Promise<Answer> {
    this.#child.stdin?.write(`${what}\n`);
    return this.next();
  }

  async end(): Promise<void> {
    this.#child.stdin?.end();
    await this.#ended;
  }
}
