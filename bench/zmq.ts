/**
 * Messages over ZeroMQ, the library beside the bare package on the same work.
 *
 *   npm run bench:zmq -- [--write] [--repetitions N]
 *
 * One process pushes frames of 1 KiB to a socket of its own over TCP, as fast as they are taken, and pulls them. The two take turns; figures are medians
 * of the time of the clock and of the processor for one message. `--write` puts the table into docs/zmq.md, between its markers.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as zeromq from 'zeromq';
import { linkOurselves } from './systems.ts';

const MESSAGES = 100_000;
const FRAME: Buffer = Buffer.alloc(1024, 1);
const HERE = 'tcp://127.0.0.1';

const { write, repetitions } = parseArgs({
  options: { write: { type: 'boolean', default: false }, repetitions: { type: 'string', default: '7' } },
}).values;

linkOurselves();
const asyncio = await import('asyncio-ts');
const zmq = await import('asyncio-ts/zmq');

function sockets() {
  const context = new zmq.Context();
  const [push, pull] = [context.socket(zmq.PUSH), context.socket(zmq.PULL)] as const;
  push.connect(`${HERE}:${pull.bindToRandomPort(HERE)}`);
  return { context, push, pull };
}

async function generators(): Promise<void> {
  await asyncio.run(function* () {
    const { context, push, pull } = sockets();
    const pushing = asyncio.createTask(function* () {
      for (let i = 0; i < MESSAGES; i++) yield* push.send(FRAME);
    });
    for (let i = 0; i < MESSAGES; i++) yield* pull.recv();
    yield* pushing;
    context.destroy(0);
  });
}

async function asyncFunctions(): Promise<void> {
  await asyncio.run(async () => {
    const { context, push, pull } = sockets();
    const pushing = asyncio.createTask(async () => {
      for (let i = 0; i < MESSAGES; i++) await push.send(FRAME);
    });
    for (let i = 0; i < MESSAGES; i++) await pull.recv();
    await pushing;
    context.destroy(0);
  });
}

async function bare(): Promise<void> {
  const push = new zeromq.Push();
  const pull = new zeromq.Pull();
  await pull.bind(`${HERE}:*`);
  push.connect(pull.lastEndpoint as string);
  const pushing = (async () => {
    for (let i = 0; i < MESSAGES; i++) await push.send(FRAME);
  })();
  for (let i = 0; i < MESSAGES; i++) await pull.receive();
  await pushing;
  push.close();
  pull.close();
}

const SYSTEMS = {
  'asyncio-ts': generators,
  'asyncio-ts (async fn)': asyncFunctions,
  'zeromq, bare': bare,
} as const;

interface Cost {
  readonly clock: number;
  readonly processor: number;
}

async function cost(work: () => Promise<void>): Promise<Cost> {
  const started = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return {
    clock: ((performance.now() - started) * 1000) / MESSAGES,
    processor: (user + system) / MESSAGES,
  };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

const costs = new Map<string, Cost[]>(Object.keys(SYSTEMS).map((name) => [name, []]));
for (let round = 0; round <= Number(repetitions); round++) {
  for (const [name, work] of Object.entries(SYSTEMS)) {
    const found = await cost(work);
    // The first round warms up.
    if (round > 0) costs.get(name)?.push(found);
  }
}

const lines = ['| 1 KiB, pushed and pulled | clock | processor |', '| --- | ---: | ---: |'];
for (const [name, all] of costs) {
  const [clock, processor] = [median(all.map((one) => one.clock)), median(all.map((one) => one.processor))];
  lines.push(`| ${name} | ${clock.toFixed(1)} µs | ${processor.toFixed(1)} µs |`);
}
const table = lines.join('\n');
console.log(table);

if (write) {
  const page = new URL('../docs/zmq.md', import.meta.url);
  const whole = readFileSync(page, 'utf8');
  const [open, close] = ['<!-- bench -->', '<!-- /bench -->'];
  const [start, end] = [whole.indexOf(open) + open.length, whole.indexOf(close)];
  if (start < open.length || end < start) throw new Error(`docs/zmq.md has no ${open} followed by ${close}`);
  writeFileSync(page, `${whole.slice(0, start)}\n${table}\n${whole.slice(end)}`);
}
