/**
 * CPython's own tests of asyncio against asyncio-ts: `npm run conformance`.
 *
 *     npm run conformance                            every file, against what is expected of each test
 *     npm run conformance -- test_locks test_tasks   only these files
 *     npm run conformance -- --only test_repr        only the tests whose id contains this; says what happened, compares nothing
 *     npm run conformance -- --node                  on Node's own loop and clock, where the file allows; compares nothing
 *     npm run conformance -- --retry ssl             run those too that are not applicable for a reason with this word, and tell how they came out
 *     npm run conformance -- --write                 write down what happened as what is expected; reasons have to be filled in
 *
 * Each file runs in a process of its own with a limit of time. The exit code is 0 when everything came out as expected, 3 when the suite could not be had
 * (NOT RUN), 1 otherwise.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { install } from '../scripts/install.ts';
import { runTool } from '../scripts/shell.ts';
import { judge, type Row, readExpectations, type Verdict, writeExpectations } from './expectations.ts';
import { fetchSuite, type Suite } from './fetch-suite.ts';
import { type SuiteFile, suiteFiles } from './files.ts';
import { writeTable } from './table.ts';

const PARALLEL = 2;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean', default: false },
    node: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    all: { type: 'boolean', default: false },
    retry: { type: 'string', multiple: true, default: [] },
  },
});

/** The outcome of each test of a file, or a text that says why there is none. */
function runFile(file: SuiteFile, suite: Suite, skip: readonly string[]): Promise<Row[] | string> {
  const onNode = values.node || file.drive === 'node';
  const args = [
    join(import.meta.dirname, 'bridge', 'worker.ts'),
    file.name,
    suite.folder,
    '--progress',
    ...['--skip', JSON.stringify(skip)],
    ...(onNode ? ['--node'] : []),
    ...values.only.flatMap((part) => ['--only', part]),
  ];
  return new Promise((resolve) => {
    // In a group of its own, so that what the tests started and left behind can be ended with it.
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    groups.add(child.pid);
    let output = '';
    let complaints = '';
    let last = '(none)';
    let timedOut = false;
    const limit = setTimeout(() => {
      timedOut = true;
      end(child.pid);
    }, file.limit * 1000);
    child.on('exit', () => end(child.pid));
    const [, stdout, stderr, progress] = child.stdio;
    stdout?.on('data', (chunk) => {
      output += chunk;
    });
    stderr?.on('data', (chunk) => {
      complaints += chunk;
    });
    (progress as NodeJS.ReadableStream | null)?.on('data', (chunk) => {
      last = String(chunk).trim().split('\n').at(-1) as string;
    });
    child.on('close', (code) => {
      clearTimeout(limit);
      if (timedOut) resolve(`was ended after ${file.limit} s, in ${last}`);
      else if (code !== 0) resolve(`ended with ${code}, after ${last}:\n${complaints.slice(-2000)}`);
      else resolve(JSON.parse(output) as Row[]);
    });
  });
}

const groups = new Set<number | undefined>();

/** End all processes of a group. */
function end(group: number | undefined): void {
  if (!groups.delete(group) || group === undefined) return;
  try {
    process.kill(-group, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

process.on('exit', () => {
  for (const group of groups) end(group);
});
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));

interface Result {
  readonly file: SuiteFile;
  readonly verdict: Verdict | null;
  readonly problem: string;
  readonly seconds: number;
}

async function examine(file: SuiteFile, suite: Suite): Promise<Result> {
  const began = performance.now();
  const expected = readExpectations(suite.python, file.name);
  const na = [...expected].filter(([, { outcome }]) => outcome === 'na');
  const isRetried = (reason: string) => values.retry.some((word) => reason.includes(word));
  const retried = new Set(na.filter(([, { reason }]) => isRetried(reason)).map(([id]) => id));
  const skip = na.map(([id]) => id).filter((id) => !retried.has(id));
  const rows = await runFile(file, suite, values.all ? [] : skip);
  const seconds = (performance.now() - began) / 1000;
  if (typeof rows === 'string') return { file, verdict: null, problem: rows, seconds };
  if (values.only.length > 0 || values.node) {
    tell(file, rows);
    return { file, verdict: null, problem: '', seconds };
  }
  tellAgain(
    file,
    rows.filter(({ id }) => retried.has(id)),
  );
  if (values.write) writeExpectations(suite.python, file.name, rows);
  const judged = rows.map((row) => (retried.has(row.id) ? { ...row, outcome: 'na' as const } : row));
  const verdict = values.write
    ? judge(rows, readExpectations(suite.python, file.name))
    : judge(judged, expected);
  return { file, verdict, problem: '', seconds };
}

/** What happened, where nothing is compared. */
function tell(file: SuiteFile, rows: readonly Row[]): void {
  const failed = rows.filter(({ outcome }) => outcome === 'fail');
  for (const { id, outcome } of values.only.length > 0 ? rows : failed) console.log(`${outcome}  ${id}`);
  if (values.only.length > 0) for (const { id, detail } of failed) console.log(`\n── ${id}\n${detail}`);
  console.log(
    `${file.name}: ${rows.filter(({ outcome }) => outcome === 'pass').length} pass, ${failed.length} fail`,
  );
}

/** How tests came out that are listed as not applicable. */
function tellAgain(file: SuiteFile, rows: readonly Row[]): void {
  for (const { id, outcome, detail = '' } of rows) {
    const why = outcome === 'pass' ? '' : `: ${detail.trim().split('\n').at(-1)}`;
    console.log(`retried  ${outcome}  ${file.name} ${id}${why}`);
  }
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((a, b) => a + b, 0);
}

function columns(cells: readonly (string | number)[]): string {
  return cells.map((cell, i) => (i === 0 ? String(cell).padEnd(26) : String(cell).padStart(10))).join('');
}

function printTotals(results: readonly Result[]): void {
  console.log(columns(['file', 'total', 'C twins', 'n/a', 'exp. fail', 'pass', 'seconds']));
  const all = { total: 0, twins: 0, na: 0, failures: 0, passes: 0 };
  const reasons = new Map<string, number>();
  const decisions = new Map<string, number>();
  for (const { file, verdict, seconds } of results) {
    if (verdict === null) {
      console.log(`${columns([file.name])}  NO RESULT`);
      continue;
    }
    const [na, failures] = [sum(verdict.na), sum(verdict.expectedFailures)];
    console.log(
      columns([file.name, verdict.total, verdict.twins, na, failures, verdict.passes, seconds.toFixed(1)]),
    );
    all.total += verdict.total;
    all.twins += verdict.twins;
    all.na += na;
    all.failures += failures;
    all.passes += verdict.passes;
    for (const [reason, n] of verdict.na) reasons.set(reason, (reasons.get(reason) ?? 0) + n);
    for (const [reason, n] of verdict.expectedFailures)
      decisions.set(reason, (decisions.get(reason) ?? 0) + n);
  }
  console.log(columns(['all', all.total, all.twins, all.na, all.failures, all.passes]));
  console.log('\nNot applicable, beside the C twins:');
  for (const [reason, n] of [...reasons].sort((a, b) => b[1] - a[1]))
    console.log(`${String(n).padStart(6)}  ${reason}`);
  console.log('\nExpected failures, each a decision (docs/conformance.md):');
  for (const [reason, n] of [...decisions].sort((a, b) => b[1] - a[1]))
    console.log(`${String(n).padStart(6)}  ${reason}`);
}

let suite: Suite;
try {
  suite = fetchSuite();
} catch (error) {
  console.error(`\nNOT RUN: CPython's tests could not be fetched.\n${(error as Error).message}`);
  process.exit(3);
}
console.log(`CPython ${suite.python}: ${suite.origin.join('\n              ')}\n`);
install('conformance');

const chosen = suiteFiles.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const unknown = positionals.filter((name) => !suiteFiles.some((file) => file.name === name));
if (unknown.length > 0) throw new Error(`no such file is run: ${unknown.join(', ')}`);

const waiting = [...chosen];
const results: Result[] = [];
await Promise.all(
  Array.from({ length: PARALLEL }, async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      results.push(await examine(file, suite));
    }
  }),
);
results.sort((a, b) => chosen.indexOf(a.file) - chosen.indexOf(b.file));

for (const { file, verdict, problem } of results) {
  if (problem !== '') console.log(`${file.name} ${problem}\n`);
  for (const complaint of verdict?.complaints ?? []) console.log(`${file.name}: ${complaint}\n`);
}
if (values.only.length === 0 && !values.node) printTotals(results);
if (values.write) {
  const verdicts = results.flatMap(({ file, verdict }) =>
    verdict === null ? [] : [{ name: file.name, verdict }],
  );
  const version = suite.origin
    .map((line) => /_(\d[\d.]*)/.exec(line)?.[1])
    .find((found) => found !== undefined);
  if (verdicts.length === suiteFiles.length) writeTable(version ?? suite.python, verdicts);
  runTool('@biomejs/biome', 'biome', ['format', '--write', 'conformance/expect']);
}
const complaints = results.reduce(
  (n, { verdict, problem }) => n + (verdict?.complaints.length ?? 0) + (problem === '' ? 0 : 1),
  0,
);
console.log(
  complaints === 0
    ? '\nEverything came out as expected.'
    : `\nFAILED: ${complaints} did not come out as expected.`,
);
process.exitCode = complaints === 0 ? 0 : 1;
