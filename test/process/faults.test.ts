/** Children that misbehave, die, flood or hang; many of them; and callers that give up. Nothing is lost without a word, and nothing is left. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as asyncio from '../../src/index.ts';
import { thrownBy } from '../both-styles.ts';
import { bytes, children, descriptors, hostTurn, text, until, withProcesses } from './kit.ts';

const { scenario, co } = await withProcesses(import.meta.url);
const { PIPE, STDOUT } = asyncio.subprocess;

const MIB = 1024 * 1024;

scenario('two hundred children run at once', function* () {
  const echo = co(function* (i: number) {
    const proc = yield* asyncio.createSubprocessExec('cat', { stdin: PIPE, stdout: PIPE });
    const [stdout] = yield* proc.communicate(bytes(`child ${i}`));
    return [text(stdout), proc.returncode];
  });
  const all = yield* asyncio.gather(...Array.from({ length: 200 }, (_, i) => echo(i)));
  assert.deepEqual(
    all,
    all.map((_, i) => [`child ${i}`, 0]),
  );
});

scenario('a hundred MiB go through a child and back, bit for bit', function* () {
  const block = randomBytes(MIB);
  const data = Buffer.concat(Array.from({ length: 100 }, () => block));
  const proc = yield* asyncio.createSubprocessExec('cat', { stdin: PIPE, stdout: PIPE });
  const [stdout] = yield* proc.communicate(data);
  assert.equal(stdout?.length, data.length);
  assert.equal(Buffer.compare(stdout ?? bytes(''), data), 0);
  assert.equal(proc.returncode, 0);
});

scenario('a child that ignores SIGTERM is killed by SIGKILL', function* () {
  const command = 'trap "echo no" TERM; echo ready; while :; do read line; done';
  const proc = yield* asyncio.createSubprocessShell(command, { stdin: PIPE, stdout: PIPE });
  const stdout = proc.stdout as asyncio.StreamReader;
  assert.equal(text(yield* stdout.readline()), 'ready\n');
  for (let i = 0; i < 3; i++) {
    proc.terminate();
    assert.equal(text(yield* stdout.readline()), 'no\n');
  }
  assert.equal(proc.returncode, null);
  proc.kill();
  assert.deepEqual([yield* proc.wait(), text(yield* stdout.read())], [-9, '']);
});

scenario('a child that dies before its input is written is no error of communicate', function* () {
  for (const command of ['exit 3', 'exec 0<&-; exit 3', 'head -c 1 > /dev/null; exit 3', 'kill -9 $$']) {
    const proc = yield* asyncio.createSubprocessShell(command, { stdin: PIPE, stdout: PIPE });
    const [stdout] = yield* proc.communicate(Buffer.alloc(16 * MIB));
    assert.deepEqual([text(stdout), proc.returncode], ['', command.startsWith('kill') ? -9 : 3]);
  }
});

scenario('whoever writes to a dead child is told', function* () {
  const proc = yield* asyncio.createSubprocessExec('true', { stdin: PIPE });
  const stdin = proc.stdin as asyncio.StreamWriter;
  yield* proc.wait();
  const write = co(function* () {
    for (;;) {
      stdin.write(Buffer.alloc(MIB));
      yield* stdin.drain();
    }
  });
  const error = yield* thrownBy(asyncio.createTask(write()));
  assert.ok(
    error instanceof asyncio.ConnectionResetError || error instanceof asyncio.BrokenPipeError,
    String(error),
  );
});

scenario('a child that closes its input in the middle of it breaks the pipe', function* () {
  const command = 'head -c 1 > /dev/null; exec 0<&-; exec sleep 100';
  const proc = yield* asyncio.createSubprocessShell(command, { stdin: PIPE });
  const stdin = proc.stdin as asyncio.StreamWriter;
  stdin.write(Buffer.alloc(16 * MIB));
  const error = yield* thrownBy(stdin.drain());
  assert.ok(error instanceof asyncio.BrokenPipeError, String(error));
  assert.ok((yield* thrownBy(stdin.waitClosed())) instanceof asyncio.BrokenPipeError);
  assert.equal(proc.returncode, null);
  proc.kill();
  yield* proc.wait();
});

scenario('a child that nobody reads from is held back', function* () {
  const proc = yield* asyncio.createSubprocessExec('head', '-c', `${64 * MIB}`, '/dev/zero', {
    stdout: PIPE,
  });
  const stdout = proc.stdout as asyncio.StreamReader;
  const waiting = () => Number(/(\d+) bytes/.exec(String(stdout))?.[1] ?? 0);
  yield* until(() => /paused/.test(String(stdout)));
  const held = waiting();
  for (let i = 0; i < 100; i++) yield* hostTurn();
  assert.equal(waiting(), held);
  assert.ok(held < MIB, `${held} bytes wait to be read`);
  assert.equal(proc.returncode, null);
  let count = 0;
  while (!stdout.atEof()) count += (yield* stdout.read(MIB)).length;
  assert.deepEqual([count, yield* proc.wait()], [64 * MIB, 0]);
});

scenario('what a dead child has left in its pipe waits until it is read', function* () {
  const proc = yield* asyncio.createSubprocessExec('head', '-c', `${512 * 1024}`, '/dev/zero', {
    stdout: PIPE,
  });
  const stdout = proc.stdout as asyncio.StreamReader;
  yield* until(() => /paused/.test(String(stdout)));
  proc.kill();
  yield* proc.wait();
  for (let i = 0; i < 100; i++) yield* hostTurn();
  assert.ok(/paused/.test(String(stdout)));
  const rest = yield* stdout.read();
  assert.ok(rest.length >= 128 * 1024 && rest.length <= 512 * 1024, `${rest.length} bytes`);
});

scenario('a child that does not read holds its writer back', function* () {
  const proc = yield* asyncio.createSubprocessExec('sleep', '100', { stdin: PIPE });
  const stdin = proc.stdin as asyncio.StreamWriter;
  stdin.write(Buffer.alloc(16 * MIB));
  const draining = asyncio.createTask(stdin.drain());
  for (let i = 0; i < 100; i++) yield* hostTurn();
  assert.equal(draining.done(), false);
  draining.cancel();
  assert.ok((yield* thrownBy(draining)) instanceof asyncio.CancelledError);
  proc.kill();
  yield* proc.wait();
  assert.ok((yield* thrownBy(stdin.waitClosed())) instanceof asyncio.BrokenPipeError);
});

scenario('grandchildren may keep the pipes of a child that is gone', function* () {
  const proc = yield* asyncio.createSubprocessShell('cat & echo started; exit 0', {
    stdin: PIPE,
    stdout: PIPE,
  });
  const stdout = proc.stdout as asyncio.StreamReader;
  assert.equal(text(yield* stdout.readline()), 'started\n');
  assert.equal(yield* proc.wait(), 0);
  proc.stdin?.close();
  assert.equal(text(yield* stdout.read()), '');
});

/** Start `work` again and again, each time cancelling it one turn of Node's loop later, until it is done before that. */
const cancelEverywhere = co(function* (
  work: () => asyncio.Coroutine<unknown>,
  cleanUp: () => asyncio.Coroutine<unknown>,
) {
  const steps = { cancelled: 0, done: 0 };
  for (let turns = 0; steps.done < 3; turns++) {
    const task = asyncio.createTask(work);
    for (let i = 0; i < turns; i++) yield* hostTurn();
    task.cancel();
    try {
      yield* task;
      steps.done++;
    } catch (error) {
      assert.ok(error instanceof asyncio.CancelledError, String(error));
      steps.cancelled++;
    }
    yield* cleanUp();
  }
  return steps;
});

scenario('to cancel the start of a child at any step leaves neither process nor descriptor', function* () {
  const before = descriptors();
  for (const stderr of [null, STDOUT]) {
    const started: asyncio.subprocess.Process[] = [];
    const start = co(function* () {
      const options = { stdin: PIPE, stdout: PIPE, stderr };
      started.push(yield* asyncio.createSubprocessExec('cat', options));
    });
    const end = co(function* () {
      for (const proc of started.splice(0)) yield* proc[Symbol.asyncDispose]();
      yield* until(() => descriptors() === before && children() === '');
    });
    const { cancelled } = yield* cancelEverywhere(start, end);
    assert.ok(cancelled >= 1);
  }
});

scenario(
  'to cancel communicate() at any step leaves the child alone, and nothing when it is gone',
  function* () {
    const before = descriptors();
    let proc: asyncio.subprocess.Process | null = null;
    const communicate = co(function* () {
      const options = { stdin: PIPE, stdout: PIPE, stderr: PIPE };
      proc = yield* asyncio.createSubprocessExec('cat', options);
      yield* proc.communicate(Buffer.alloc(MIB));
    });
    const end = co(function* () {
      yield* proc?.[Symbol.asyncDispose]() ?? asyncio.sleep(0);
      yield* until(() => descriptors() === before && children() === '');
    });
    const { cancelled } = yield* cancelEverywhere(communicate, end);
    assert.ok(cancelled >= 1);
  },
);

scenario('to cancel wait() does not end the child, nor the waiting of others', function* () {
  const proc = yield* asyncio.createSubprocessExec('cat', { stdin: PIPE });
  const [first, second] = [asyncio.createTask(proc.wait()), asyncio.createTask(proc.wait())];
  yield* asyncio.sleep(0);
  first.cancel();
  assert.ok((yield* thrownBy(first)) instanceof asyncio.CancelledError);
  assert.ok((yield* thrownBy(asyncio.waitFor(proc.wait(), 0.001))) instanceof asyncio.TimeoutError);
  assert.equal(proc.returncode, null);
  proc.stdin?.close();
  assert.equal(yield* second, 0);
});

scenario('too little time for communicate() leaves a child that can be killed and waited for', function* () {
  const proc = yield* asyncio.createSubprocessExec('sleep', '100', { stdout: PIPE });
  const error = yield* thrownBy(asyncio.waitFor(proc.communicate(), 0.001));
  assert.ok(error instanceof asyncio.TimeoutError);
  assert.equal(proc.returncode, null);
  proc.kill();
  assert.equal(yield* proc.wait(), -9);
});
