/**
 * `npm test`: everything that must hold before a change goes in, one step after the other, all of them even when one fails.
 *
 *     npm test                                  every step
 *     npm test -- test/sync/lock.test.ts        only these files or folders (no other step)
 *     npm test -- -t 'passes the lock on'       only the tests whose name matches
 *
 * The exit code is 0 when every step held. With CI=true a skipped test is a failure: there, everything can be installed.
 */
import { spawnSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { run as runTests } from 'node:test';
import { parseArgs } from 'node:util';
import { obstacleToEpoll } from '../src/loop/choose-reactor.ts';
import { build } from './build.ts';
import { lint } from './lint.ts';
import { installPrograms } from './programs.ts';
import { report, type Totals } from './reporter.ts';
import { root, runTool } from './shell.ts';
import { typecheck } from './typecheck.ts';

const FILE_TIMEOUT_MS = 300_000;

const { values, positionals } = parseArgs({
  options: { 'test-name-pattern': { type: 'string', short: 't', multiple: true } },
  allowPositionals: true,
});
const patterns = values['test-name-pattern'] ?? [];
const everything = positionals.length === 0 && patterns.length === 0;
const inCi = ['true', '1'].includes(process.env['CI'] ?? '');

const failures: string[] = [];

async function step(title: string, work: () => boolean | Promise<boolean>): Promise<void> {
  console.log(`\n── ${title} ${'─'.repeat(Math.max(0, 76 - title.length))}`);
  const started = performance.now();
  const held = await work();
  if (!held) failures.push(title);
  console.log(`${held ? 'ok' : 'FAILED'} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
}

function testFiles(): string[] {
  const folders = positionals.length === 0 ? ['test'] : positionals;
  return folders.flatMap((given) => {
    const path = resolve(root, given);
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
    return globSync('**/*.test.ts', { cwd: path })
      .sort()
      .map((name) => join(path, name));
  });
}

/** Does the package resolve, with its types, wherever it is meant to? As a module only, on Node and in bundlers. */
function attw(options: readonly string[]): boolean {
  return runTool('@arethetypeswrong/cli', 'attw', ['--pack', '.', '--profile', 'esm-only', ...options]);
}

let totals: Totals | undefined;

/** Where tests do input and output: they run on both reactors. */
const ON_BOTH = ['host', 'loop', 'net', 'process'].map((room) => join(root, 'test', room) + sep);

/** The tests of input and output on the other reactor than the one that loops are given here. */
async function testsOnLibuv(): Promise<boolean> {
  const files = testFiles().filter((file) => ON_BOTH.some((folder) => file.startsWith(folder)));
  if (files.length === 0) return true;
  // The test files are programs of their own, which inherit it; so would what comes after them.
  const { ASYNCIO_REACTOR: own } = process.env;
  process.env['ASYNCIO_REACTOR'] = 'libuv';
  try {
    return await tests(files);
  } finally {
    if (own === undefined) delete process.env['ASYNCIO_REACTOR'];
    else process.env['ASYNCIO_REACTOR'] = own;
  }
}

async function tests(files: string[]): Promise<boolean> {
  const stream = runTests({
    files,
    cwd: root,
    concurrency: true,
    timeout: FILE_TIMEOUT_MS,
    // Objects that nobody awaited are reported as they are collected: tests of that ask for a collection.
    execArgv: ['--expose-gc'],
    ...(patterns.length === 0 ? {} : { testNamePatterns: patterns }),
  });
  const some = await report(stream, console.log);
  if (some.tests === 0) console.log(`no test was found in ${files.length} files`);
  totals = sum(totals, some);
  return some.failed === 0 && some.tests > 0;
}

function sum(one: Totals | undefined, other: Totals): Totals {
  if (one === undefined) return other;
  return {
    tests: one.tests + other.tests,
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: one.skipped + other.skipped,
  };
}

/** How `conformance/run.ts` says that the suite could not be fetched. */
const NOT_RUN = 3;

function conformance(): boolean {
  const { status } = spawnSync(process.execPath, [join(root, 'conformance', 'run.ts')], { stdio: 'inherit' });
  if (status !== NOT_RUN) return status === 0;
  console.log("NOT RUN: CPython's tests could not be fetched from Debian's packages.");
  return !inCi;
}

if (everything) {
  await step('Programs that tests use', installPrograms);
  await step('Types', typecheck);
  await step('Lint and layout', lint);
  await step('Build', build);
  await step('Package: publint', () => runTool('publint', 'publint', ['run', '--strict']));
  await step('Package: attw', () => attw(['--quiet']) || attw([]));
} else {
  await step('Build', () => build({ ifStale: true }));
}
await step('Tests', () => tests(testFiles()));
if (obstacleToEpoll() === null) await step('Tests of input and output on the libuv reactor', testsOnLibuv);
if (everything) await step("CPython's own tests", conformance);

if (inCi && totals !== undefined && totals.skipped > 0)
  failures.push(`${totals.skipped} skipped, which CI does not allow`);
console.log(failures.length === 0 ? '\nEverything holds.' : `\nFAILED: ${failures.join('; ')}.`);
if (totals !== undefined) {
  console.log(`ℹ tests ${totals.tests}`);
  console.log(`ℹ pass ${totals.passed}`);
  console.log(`ℹ fail ${totals.failed}`);
  console.log(`ℹ skipped ${totals.skipped}`);
}
process.exitCode = failures.length === 0 ? 0 : 1;
