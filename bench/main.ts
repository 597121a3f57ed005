/**
 * The benchmark: one command measures asyncio-ts and its peers on the same work and prints the tables.
 *
 *   npm run bench -- [--quick] [--write] [--only ROW,ROW*] [--systems ID,ID*] [--repetitions N]
 *
 * `--quick` takes one repetition of each; `--write` puts the tables into docs/benchmarks.md and the short one into README.md,
 * between their `<!-- bench -->` markers. What is measured stands in `rows.ts`, how in `worker.ts` and `driver.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measure } from './driver.ts';
import { memoryId, ROWS, type Row } from './rows.ts';
import { findSystems, isMissing, type SystemSpec } from './systems.ts';
import { type Findings, fullTables, shortTable } from './table.ts';

const README = 'README.md';
const DOCS = 'docs/benchmarks.md';
let lastTold = '';

const flags = parseFlags();
if (flags.write) for (const file of [README, DOCS]) splitAtMarkers(file);

const found = findSystems();
const wantedSystems = chosen(flags.systems, found, 'system');
const missing = wantedSystems.filter(isMissing);
const systems = wantedSystems.filter((system): system is SystemSpec => !isMissing(system));
const rows = withEmptyProcess(chosen(flags.only, ROWS, 'row'));

const repetitions = Number(flags.repetitions ?? (flags.quick ? 1 : 5));
if (!(repetitions >= 1)) fail(`--repetitions needs a number, not ${flags.repetitions}`);

const started = performance.now();
const results = measure({ systems, rows, repetitions, budget: flags.quick ? 0.1 : 0.3 }, tell);
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');

const findings: Findings = { results, systems, rows };
const versions = new Set(systems.map(({ version }) => version));
const measured = `${machine()}; ${[...versions].join(', ')}.`;
const absent = missing.map(({ title, reason }) => `Not measured: ${title} (${reason}).`);
const tables = [measured, ...absent, fullTables(findings)].join('\n\n');
console.log(tables);
console.error(`\nTook ${Math.round((performance.now() - started) / 1000)} s.`);

const errors = [...results.values()].map(({ error }) => error).filter((error) => error !== undefined);
for (const error of errors) console.error(`\n${error}`);
if (flags.write && errors.length === 0) {
  writeBetweenMarkers(DOCS, tables);
  writeBetweenMarkers(README, shortTable(findings));
}
process.exit(errors.length === 0 ? 0 : 1);

/** Those whose id the flag names, all when it is not given. `flat_*` stands for all that begin so. */
function chosen<T extends { readonly id: string }>(
  flag: string | undefined,
  all: readonly T[],
  what: string,
): T[] {
  if (flag === undefined) return [...all];
  const names = flag.split(',');
  const matches = (id: string, name: string): boolean =>
    name.endsWith('*') ? id.startsWith(name.slice(0, -1)) : id === name;
  const unknown = names.find((name) => !all.some(({ id }) => matches(id, name)));
  if (unknown !== undefined) {
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

/** A file's text before, between and after the markers. */
function splitAtMarkers(file: string): [before: string, between: string, after: string] {
  const text = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
  const [open, close] = ['<!-- bench -->', '<!-- /bench -->'];
  const start = text.indexOf(open) + open.length;
  const end = text.indexOf(close);
  if (start < open.length || end < start) fail(`${file} has no ${open} followed by ${close}`);
  return [text.slice(0, start), text.slice(start, end), text.slice(end)];
}

function writeBetweenMarkers(file: string, text: string): void {
  const [before, , after] = splitAtMarkers(file);
  writeFileSync(new URL(`../${file}`, import.meta.url), `${before}\n${text}\n${after}`);
}

function parseFlags() {
  try {
    return parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        only: { type: 'string' },
        systems: { type: 'string' },
        repetitions: { type: 'string' },
      },
    }).values;
  } catch (error) {
    return fail(`${(error as Error).message}\nThe options stand at the top of bench/main.ts.`);
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
