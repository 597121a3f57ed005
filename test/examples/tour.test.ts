/**
 * The tour itself, as a process of its own on the sources, and that it fails when a program does not do what it should.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { difference, matches } from '../../examples/tour/expectation.ts';

const root = new URL('../../', import.meta.url);

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(script: string, ...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, ['--import', './examples/from-sources.ts', script, ...args], {
    cwd: fileURLToPath(root),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}

test('every program of the tour prints what it should', async () => {
  const { status, stdout, stderr } = await start('examples/tour/main.ts');
  assert.equal(status, 0, stdout + stderr);
  assert.equal(stderr, '');
  const names = readdirSync(new URL('examples/tour/', root))
    .filter((file) => /^\d\d-.*\.ts$/.test(file))
    .map((file) => file.slice(0, -'.ts'.length));
  const passed = stdout.split('\n').flatMap((line) => /^(\S+) .* (?:ok|not run)$/.exec(line)?.[1] ?? []);
  assert.deepEqual(passed, names);
  assert.match(stdout, new RegExp(`\\n${names.length} programs, .*: each printed what it should\\.\\n$`));
});

test('the tour runs the programs that are named, and refuses names that it does not know', async () => {
  const some = await start('examples/tour/main.ts', 'hello', 'coroutine-result');
  assert.equal(some.status, 0);
  assert.match(some.stdout, /\n2 programs, 4 runs, /);
  const none = await start('examples/tour/main.ts', 'goodbye');
  assert.equal(none.status, 2);
  assert.match(none.stderr, /No program is named so\. There are:\n {2}01-hello\n/);
});

for (const [name, told] of Object.entries({
  'wrong-line': ['  - word\n', '  + world\n'],
  'missing-line': ['    world\n  - and goodbye\n'],
  'additional-line': ['    hello\n  + world\n'],
  'too-fast': ['  - time taken: {>=0.2}\n', '  + time taken: 0.19\n'],
  fails: ['  + it failed: RangeError: too far\n'],
  'fails-behind': ['RangeError: too far\n'],
  'never-ends': ['  + it has not ended after 1 seconds\n'],
})) {
  test(`the tour fails on a program that is wrong: ${name}`, async () => {
    const { status, stdout, stderr } = await start('test/examples/falsified.ts', name);
    assert.equal(status, 1, stdout + stderr);
    assert.match(stdout, /^10-coroutine-result .* ok$/m);
    assert.match(stdout, new RegExp(`^${name} .* DIFFERENT$`, 'm'));
    assert.match(stdout, /\n2 programs, .*DIFFERENT from what it should be\.\n$/);
    for (const text of told) assert.ok(stdout.includes(text), stdout);
  });
}

test('an expected line leaves open what the machine chooses, and nothing else', () => {
  assert.ok(matches('plain', 'plain'));
  assert.ok(!matches('plain', 'plain '));
  assert.ok(matches('port {number}, done', 'port 40123, done'));
  assert.ok(!matches('port {number}, done', 'port none, done'));
  assert.ok(!matches('port {number}', 'port '));
  assert.ok(matches('{>=0.2} s of {>=1}', '0.20 s of 7'));
  assert.ok(!matches('{>=0.2} s', '0.19 s'));
});

test('lines whose order is free may come in any order, but all of them and in their place', () => {
  const output = ['first', ['a', 'b {number}'], 'last'];
  assert.equal(difference(output, ['first', 'a', 'b 1', 'last']), null);
  assert.equal(difference(output, ['first', 'b 2', 'a', 'last']), null);
  assert.deepEqual(difference(output, ['b 2', 'first', 'a', 'last']), [
    '+ b 2',
    '  first',
    '- b {number}',
    '  a',
    '  last',
  ]);
  assert.notEqual(difference(output, ['first', 'a', 'last']), null);
});
