/**
 * Do the suites still bite? `node conformance/mutants/run.ts [first] [last]` puts small faults into the sources, one at a time, and looks whether
 * CPython's tests notice; where they do not, whether our own do. It says which faults nobody noticed, and ends with 1 if there are any.
 */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { judge, type Row, readExpectations } from '../expectations.ts';
import { fetchSuite } from '../fetch-suite.ts';
import { suiteFiles } from '../files.ts';
import { type Mutant, mutants } from './list.ts';

const LIMIT_MS = 60_000;
const root = join(import.meta.dirname, '..', '..');
const suite = fetchSuite();

function run(args: readonly string[], number?: number): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const env = number === undefined ? process.env : { ...process.env, ASYNCIO_TS_MUTANT: String(number) };
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    child.on('close', (code) => {
      clearTimeout(limit);
      resolve({ code, output });
    });
  });
}

/** What CPython's tests in `file` have against the mutant, or `null`. */
async function objection(file: string, number: number): Promise<string | null> {
  const known = suiteFiles.find(({ name }) => name === file);
  if (known === undefined) throw new Error(`no such file: ${file}`);
  const expected = readExpectations(suite.python, file);
  const skip = [...expected].filter(([, { outcome }]) => outcome === 'na').map(([id]) => id);
  const worker = join(import.meta.dirname, '..', 'bridge', 'worker.ts');
  const drive = known.drive === 'node' ? ['--node'] : [];
  const { code, output } = await run(
    [worker, file, suite.folder, '--skip', JSON.stringify(skip), ...drive],
    number,
  );
  if (code !== 0) return `${file} does not come to its end`;
  const [first] = judge(JSON.parse(output) as Row[], expected).complaints;
  return first === undefined ? null : `${file}: ${first.split('\n')[0]}`;
}

/** Do our own tests in these folders and files fail? Without a number: in the sources as they are. */
async function ownTestsFail(folders: readonly string[], number?: number): Promise<boolean> {
  const hook = join(import.meta.dirname, 'apply.ts');
  const files = folders.map((path) => (path.endsWith('.ts') ? path : `${path}/**/*.test.ts`));
  const args = ['--import', hook, '--expose-gc', '--test', '--test-timeout=30000', ...files];
  return (await run(args, number)).code !== 0;
}

async function examine(mutant: Mutant, number: number): Promise<string | null> {
  for (const file of mutant.suite) {
    const found = await objection(file, number);
    if (found !== null) return found;
  }
  return (await ownTestsFail(mutant.own, number)) ? `our own tests in ${mutant.own.join(', ')}` : null;
}

const [first = 0, last = mutants.length - 1] = process.argv.slice(2).map(Number);
const chosen = mutants.slice(first, last + 1);

for (const folder of new Set(chosen.flatMap(({ own }) => own))) {
  if (await ownTestsFail([folder])) throw new Error(`the tests in ${folder} fail without any fault`);
}

for (const [i, { file, from }] of mutants.entries()) {
  const parts = readFileSync(join(root, 'src', file), 'utf8').split(from).length;
  if (parts !== 2)
    console.log(`mutant ${i} does not fit: its text occurs ${parts - 1} times in ${file}: ${from}`);
}

const waiting = Array.from({ length: last - first + 1 }, (_, i) => first + i);
const survivors: string[] = [];
let bySuite = 0;
let byOwn = 0;
await Promise.all(
  Array.from({ length: Math.min(2, availableParallelism()) }, async () => {
    for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) {
      const mutant = mutants[number] as Mutant;
      const found = await examine(mutant, number);
      const what = `${number} ${mutant.file}: ${mutant.from.trim().split('\n')[0]}`;
      if (found === null) survivors.push(what);
      else if (found.startsWith('our own')) byOwn++;
      else bySuite++;
      console.log(
        `${found === null ? 'SURVIVED' : 'killed  '} ${what}${found === null ? '' : `  <- ${found}`}`,
      );
    }
  }),
);
console.log(
  `\n${bySuite} noticed by CPython's tests, ${byOwn} by our own alone, ${survivors.length} by nobody.`,
);
for (const survivor of survivors) console.log(`  ${survivor}`);
process.exitCode = survivors.length === 0 ? 0 : 1;
