/** The end of a loop that still has children, pipes or signal handlers: nothing of them is left, and what was forgotten is told. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import * as asyncio from '../../src/index.ts';
import { runProgram } from '../child.ts';
import { warningsOf } from '../warnings.ts';
import { descriptors, noneLeft, pipe } from './kit.ts';

const { PIPE } = asyncio.subprocess;
await once(spawn('true', { stdio: 'ignore' }), 'exit');

function isAlive(pid: string): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function resourceWarnings(main: () => asyncio.Coroutine<unknown>): Promise<string[]> {
  const before = descriptors();
  const warnings = await warningsOf(async () => {
    await asyncio.run(main());
    await noneLeft(before);
  });
  return warnings.map(String).filter((text) => text.startsWith('ResourceWarning'));
}

suite('a loop that is closed', () => {
  test('kills the child that still runs, closes its pipes, and tells of it once', async () => {
    let proc: asyncio.subprocess.Process | undefined;
    const warnings = await resourceWarnings(function* () {
      const options = { stdin: PIPE, stdout: PIPE, stderr: PIPE };
      proc = yield* asyncio.createSubprocessExec('sleep', '100', options);
      proc.stdin?.write(Buffer.alloc(1024 * 1024));
    });
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0] ?? '',
      /unclosed transport <SubprocessTransport pid=\d+ running stdin=<WritePipe/,
    );
    proc?.kill();
    assert.equal(String(proc), `<Process ${proc?.pid}>`);
  });

  test('says nothing of a child that was closed', async () => {
    const warnings = await resourceWarnings(function* () {
      const loop = asyncio.getRunningLoop();
      const [transport] = yield* loop.subprocessExec(() => new asyncio.SubprocessProtocol(), 'sleep', '100');
      transport.close();
    });
    assert.deepEqual(warnings, []);
  });

  test('says nothing of a child that has ended', async () => {
    const warnings = await resourceWarnings(function* () {
      const proc = yield* asyncio.createSubprocessExec('true', { stdout: PIPE });
      yield* proc.communicate();
    });
    assert.deepEqual(warnings, []);
  });

  test('closes and tells of pipes', async () => {
    const warnings = await resourceWarnings(function* () {
      const loop = asyncio.getRunningLoop();
      const [source, target] = pipe();
      yield* loop.connectReadPipe(() => new asyncio.Protocol(), source);
      yield* loop.connectWritePipe(() => new asyncio.BaseProtocol(), target);
    });
    assert.deepEqual(warnings.length, 2);
    for (const warning of warnings)
      assert.match(warning, /unclosed transport <(Read|Write)PipeTransport fd=\d+/);
  });

  test('handles signals no more', async () => {
    await asyncio.run(function* () {
      const loop = asyncio.getRunningLoop();
      loop.addSignalHandler('SIGALRM', () => {});
      asyncio.signals('SIGALRM', 'SIGHUP');
      assert.deepEqual([process.listenerCount('SIGALRM'), process.listenerCount('SIGHUP')], [1, 1]);
    });
    assert.deepEqual([process.listenerCount('SIGALRM'), process.listenerCount('SIGHUP')], [0, 0]);
  });
});

suite('a program', () => {
  test('that ends while its child runs leaves no process behind', async () => {
    const ended = await runProgram(`
      const proc = await asyncio.run(async () => {
        const proc = await asyncio.createSubprocessExec('sleep', '100');
        console.log(proc.pid);
        return proc;
      });
      process.on('exit', () => console.log('over'));`);
    assert.equal(ended.status, 0, ended.stderr);
    const [pid = '', over] = ended.stdout.split('\n');
    assert.equal(over, 'over');
    // Whoever reaps orphans here may be slow; a zombie is dead.
    while (isAlive(pid)) await turn();
  });

  test('that waits for a child alone is no deadlock', async () => {
    const ended = await runProgram(`
      await asyncio.run(async () => {
        const proc = await asyncio.createSubprocessExec('cat', { stdin: asyncio.subprocess.DEVNULL });
        console.log(await proc.wait());
      });`);
    assert.deepEqual([ended.status, ended.stdout, ended.stderr], [0, '0\n', '']);
  });

  test('whose child cannot be had on the virtual reactor is told so', async () => {
    const { runVirtual } = await import('../../src/testing/index.ts');
    await assert.rejects(
      runVirtual(() => asyncio.createSubprocessExec('true')),
      /createSubprocessExec\(\): the virtual reactor has no processes/,
    );
  });
});
