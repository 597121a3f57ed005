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
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measure } from './driver.ts';
import { memoryId, ROWS, type Row } from './rows.ts';
import { findSystems, isMissing, type SystemSpec } from './systems.ts';
import { type Findings, fullTables, shortTable } from './table.ts';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    only: { type: 'string' },
    systems: { type: 'string' },
    repetitions: { type: 'string' },
  },
});

const found = findSystems();
const wantedSystems = chosen(flags.systems, found, 'system');
const missing = wantedSystems.filter(isMissing);
const systems = wantedSystems.filter((system): system is SystemSpec => !isMissing(system));
const rows = withEmptyProcess(chosen(flags.only, ROWS, 'row'));

const started = performance.now();
const results = measure(
  {
    systems,
    rows,
    repetitions: Number(flags.repetitions ?? (flags.quick ? 1 : 5)),
    budget: flags.quick ? 0.1 : 0.2,
  },
  tell,
);
tell('');

const findings: Findings = { results, systems, rows };
const versions = new Set(systems.map(({ version }) => version));
const measured = `${machine()}; ${[...versions].join(', ')}.`;
const absent = missing.map(({ title, reason }) => `Not measured: ${title} (${reason}).`);
const tables = [measured, ...absent, fullTables(findings)].join('\n\n');
console.log(tables);
console.error(`\nTook ${Math.round((performance.now() - started) / 1000)} s.`);

if (flags.write) {
  writeBetweenMarkers('docs/benchmarks.md', tables);
  writeBetweenMarkers('README.md', shortTable(findings));
}

const errors = [...results.values()].map(({ error }) => error).filter((error) => error !== undefined);
for (const error of errors) console.error(`\n${error}`);
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
    console.error(`there is no ${what} ${unknown}; there are ${all.map(({ id }) => id).join(', ')}`);
    process.exit(2);
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

/** The line that says what is being measured, written over itself on a terminal. */
function tell(progress: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${progress}`);
}

function writeBetweenMarkers(file: string, text: string): void {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  const before = readFileSync(path, 'utf8');
  const [open, close] = ['<!-- bench -->', '<!-- /bench -->'];
  const start = before.indexOf(open);
  const end = before.indexOf(close);
  if (start < 0 || end < start) throw new Error(`${file} has no ${open} ... ${close}`);
  writeFileSync(path, `${before.slice(0, start + open.length)}\n${text}\n${before.slice(end)}`);
}
