/**
 * The benchmark: one command measures asyncio-ts and its peers on the same work and prints the tables.
 *
 *   npm run bench -- [--quick] [--write] [--part core|io] [--only ROW,ROW*] [--systems ID,ID*] [--repetitions N]
 *
 * There are two parts: the core (tasks, timers, memory) and I/O; without `--part` both are measured. `--quick` takes one repetition of each;
 * `--write` puts the tables into docs/benchmarks.md, and the short one of the core into README.md, between their markers. What is measured
 * stands in `rows.ts` and `io/rows.ts`, how in `worker.ts`, `driver.ts` and `io/driver.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measure } from './driver.ts';
import { measureIo, whyNoIo } from './io/driver.ts';
import { IO_ROWS } from './io/rows.ts';
import { ioTable } from './io/table.ts';
import { memoryId, ROWS, type Row } from './rows.ts';
import { findIoSystems, findSystems, isMissing, type Missing, type SystemSpec } from './systems.ts';
import { type Findings, fullTables, shortTable } from './table.ts';

const README = 'README.md';
const DOCS = 'docs/benchmarks.md';
let lastTold = '';

const flags = parseFlags();
if (flags.write) {
  for (const file of [README, DOCS]) splitAtMarkers(file, 'bench');
  splitAtMarkers(DOCS, 'bench-io');
}

const repetitions = Number(flags.repetitions ?? (flags.quick ? 1 : 5));
if (!(repetitions >= 1)) fail(`--repetitions needs a number, not ${flags.repetitions}`);
const wantsCore = flags.part !== 'io';
const wantsIo = flags.part !== 'core';
const allRows = [...(wantsCore ? ROWS : []), ...(wantsIo ? IO_ROWS : [])];
const wantedIds = new Set(chosen(flags.only, allRows, 'row').map(({ id }) => id));

const started = performance.now();
const errors: string[] = [];
if (wantsCore) runCore();
if (wantsIo) await runIo();
console.error(`\nTook ${Math.round((performance.now() - started) / 1000)} s.`);
for (const error of errors) console.error(`\n${error}`);
process.exit(errors.length === 0 ? 0 : 1);

function runCore(): void {
  const rows = withEmptyProcess(ROWS.filter(({ id }) => wantedIds.has(id)));
  if (rows.length === 0) return;
  const [systems, missing] = present(findSystems());
  const results = measure({ systems, rows, repetitions, budget: flags.quick ? 0.1 : 0.3 }, tell);
  const findings: Findings = { results, systems, rows };
  const tables = [...preface(systems, missing), fullTables(findings)].join('\n\n');
  finish([...results.values()], tables, 'bench');
  if (flags.write && errors.length === 0) writeBetweenMarkers(README, 'bench', shortTable(findings));
}

async function runIo(): Promise<void> {
  const rows = IO_ROWS.filter(({ id }) => wantedIds.has(id));
  if (rows.length === 0) return;
  const reason = whyNoIo();
  if (reason !== undefined) {
    console.log(`I/O is not measured: ${reason}.`);
    return;
  }
  const [systems, missing] = present(findIoSystems());
  const results = await measureIo({ systems, rows, repetitions, budget: flags.quick ? 0.3 : 0.8 }, tell);
  const tables = [...preface(systems, missing), ioTable({ results, systems, rows })].join('\n\n');
  finish([...results.values()], tables, 'bench-io');
}

/** The systems that were asked for: those that this machine has, and the others. */
function present(found: ReadonlyArray<SystemSpec | Missing>): [SystemSpec[], Missing[]] {
  const both = flags.part === undefined;
  const wanted = chosen(flags.systems, found, 'system', both);
  return [
    wanted.filter((system): system is SystemSpec => !isMissing(system)),
    wanted.filter((system): system is Missing => isMissing(system)),
  ];
}

/** What was measured on what, and what was not. */
function preface(systems: readonly SystemSpec[], missing: readonly Missing[]): string[] {
  const versions = new Set(systems.map(({ version }) => version));
  const absent = missing.map(({ title, reason }) => `Not measured: ${title} (${reason}).`);
  return [`${machine()}; ${[...versions].join(', ')}.`, ...absent];
}

function finish(cells: ReadonlyArray<{ readonly error?: string }>, tables: string, marker: string): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  console.log(tables);
  const failures = cells.map(({ error }) => error).filter((error) => error !== undefined);
  errors.push(...failures);
  if (flags.write && failures.length === 0) writeBetweenMarkers(DOCS, marker, tables);
}

/** Those whose id the flag names, all when it is not given. `flat_*` stands for all that begin so. */
function chosen<T extends { readonly id: string }>(
  flag: string | undefined,
  all: readonly T[],
  what: string,
  /** Names that stand for none are for the other part. */
  lenient = false,
): T[] {
  if (flag === undefined) return [...all];
  const names = flag.split(',');
  const matches = (id: string, name: string): boolean =>
    name.endsWith('*') ? id.startsWith(name.slice(0, -1)) : id === name;
  const unknown = names.find((name) => !all.some(({ id }) => matches(id, name)));
  if (unknown !== undefined && !lenient) {
    fail(`there is no ${what} ${unknown}; there are ${all.map(({ id }) => id).join(', ')}`);
  }
  return all.filter(({ id }) => names.some((name) => matches(id, name)));
}

/** The memory of tasks is told by comparison with a process that has none. */
function withEmptyProcess(rows: readonly Row[]): Row[] {
  const empty = ROWS.filter(({ id }) => id === memoryId(0) && rows.some(({ group }) => group === 'memory'));
  return [...new Set([...empty, ...rows])];
}

function machine(): string {
  const processors = cpus();
  return `${processors.length} × ${processors[0]?.model ?? 'unknown processor'}, ${process.platform}`;
}

/** What is being measured: written over itself on a terminal, else one line a repetition. */
function tell(repetition: string, what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${repetition} ${what}`);
  else if (repetition !== lastTold) console.error(`repetition ${repetition}`);
  lastTold = repetition;
}

/** A file's text before, between and after the markers of this name. */
function splitAtMarkers(file: string, marker: string): [before: string, between: string, after: string] {
  const text = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
  const [open, close] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`];
  const start = text.indexOf(open) + open.length;
  const end = text.indexOf(close);
  if (start < open.length || end < start) fail(`${file} has no ${open} followed by ${close}`);
  return [text.slice(0, start), text.slice(start, end), text.slice(end)];
}

function writeBetweenMarkers(file: string, marker: string, text: string): void {
  const [before, , after] = splitAtMarkers(file, marker);
  writeFileSync(new URL(`../${file}`, import.meta.url), `${before}\n${text}\n${after}`);
}

function parseFlags() {
  try {
    const { values } = parseArgs({
      options: {
        part: { type: 'string' },
        quick: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        only: { type: 'string' },
        systems: { type: 'string' },
        repetitions: { type: 'string' },
      },
    });
    if (values.part !== undefined && !['core', 'io'].includes(values.part)) {
      throw new Error(`there is no part ${values.part}; there are core and io`);
    }
    return values;
  } catch (error) {
    return fail(`${(error as Error).message}\nThe options stand at the top of bench/main.ts.`);
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
