/** `createSubprocessExec` and `createSubprocessShell`: what a child is given, what it gives back, and how it ends. */
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import * as asyncio from '../../src/index.ts';
import { thrownBy } from '../both-styles.ts';
import { bytes, path, text, withProcesses } from './kit.ts';

const { scenario, co } = await withProcesses(import.meta.url);
const { PIPE, STDOUT, DEVNULL } = asyncio.subprocess;

scenario('a program is given its input and gives its output', function* () {
  const proc = yield* asyncio.createSubprocessExec('cat', { stdin: PIPE, stdout: PIPE });
  assert.equal(proc.returncode, null);
  assert.equal(String(proc), `<Process ${proc.pid}>`);
  const [stdout, stderr] = yield* proc.communicate(bytes('some data'));
  assert.deepEqual([text(stdout), stderr, proc.returncode], ['some data', null, 0]);
});

scenario('communicate() ends the input also where it has nothing to write', function* () {
  const proc = yield* asyncio.createSubprocessExec('cat', { stdin: PIPE, stdout: PIPE, stderr: PIPE });
  assert.deepEqual((yield* proc.communicate()).map(text), ['', '']);
  const other = yield* asyncio.createSubprocessExec('cat', { stdin: PIPE });
  const error = yield* thrownBy(other.communicate('text' as never));
  assert.ok(error instanceof TypeError && /encode it/.test(error.message), String(error));
  other.stdin?.close();
  assert.equal(yield* other.wait(), 0);
});

scenario('nothing runs before the coroutine is awaited', function* () {
  const name = path('made');
  const coro = asyncio.createSubprocessExec('touch', name);
  assert.equal(String(coro), '<coroutine createSubprocessExec>');
  assert.throws(() => readFileSync(name), { code: 'ENOENT' });
  const proc = yield* coro;
  const waiting = proc.wait();
  assert.equal(String(waiting), '<coroutine wait>');
  assert.equal(yield* waiting, 0);
  assert.equal(readFileSync(name, 'utf8'), '');
});

scenario('arguments go to the program as they are', function* () {
  const args = ['a b', '"c"', '$HOME', '', '*'];
  const proc = yield* asyncio.createSubprocessExec('printf', '[%s]', ...args, { stdout: PIPE });
  const [stdout] = yield* proc.communicate();
  assert.equal(text(stdout), '[a b]["c"][$HOME][][*]');
});

scenario('a command is run by the shell', function* () {
  const proc = yield* asyncio.createSubprocessShell('echo one; echo two >&2; exit 7', {
    stdout: PIPE,
    stderr: PIPE,
  });
  const output = yield* proc.communicate();
  assert.deepEqual([output.map(text), proc.returncode], [['one\n', 'two\n'], 7]);
});

scenario('the error output can be the output', function* () {
  const command = 'echo one; echo two >&2; echo three; echo four >&2';
  const proc = yield* asyncio.createSubprocessShell(command, { stdout: PIPE, stderr: STDOUT });
  assert.equal(proc.stderr, null);
  const [stdout, stderr] = yield* proc.communicate();
  assert.deepEqual([text(stdout), stderr], ['one\ntwo\nthree\nfour\n', null]);
});

scenario('the error output can be the output where that is a file, or nothing', function* () {
  const name = path('merged');
  const fd = openSync(name, 'w');
  for (const stdout of [fd, { fd }, DEVNULL]) {
    const proc = yield* asyncio.createSubprocessShell('echo one; echo two >&2', { stdout, stderr: STDOUT });
    assert.equal(yield* proc.wait(), 0);
  }
  closeSync(fd);
  assert.equal(readFileSync(name, 'utf8'), 'one\ntwo\none\ntwo\n');
});

scenario('DEVNULL is an empty input, and an output that is lost', function* () {
  const proc = yield* asyncio.createSubprocessShell('cat; echo lost', {
    stdin: DEVNULL,
    stdout: DEVNULL,
    stderr: DEVNULL,
  });
  assert.deepEqual([proc.stdin, proc.stdout, proc.stderr], [null, null, null]);
  assert.deepEqual(yield* proc.communicate(), [null, null]);
  assert.equal(proc.returncode, 0);
});

scenario('a descriptor of a file can be input and output', function* () {
  const [source, target] = [path('source'), path('target')];
  const first = yield* asyncio.createSubprocessShell(`printf content > '${source}'`);
  yield* first.wait();
  const stdin = openSync(source, 'r');
  const stdout = openSync(target, 'w');
  const proc = yield* asyncio.createSubprocessExec('cat', { stdin, stdout });
  assert.equal(yield* proc.wait(), 0);
  closeSync(stdin);
  closeSync(stdout);
  assert.equal(readFileSync(target, 'utf8'), 'content');
});

scenario('the streams of a child are read and written as those of a connection', function* () {
  const proc = yield* asyncio.createSubprocessExec('cat', { stdin: PIPE, stdout: PIPE });
  const { stdin, stdout } = proc;
  assert.ok(stdin !== null && stdout !== null);
  for (const line of ['one\n', 'two\n']) {
    stdin.write(bytes(line));
    yield* stdin.drain();
    assert.equal(text(yield* stdout.readline()), line);
  }
  assert.equal(stdin.canWriteEof(), true);
  stdin.writeEof();
  yield* stdin.waitClosed();
  assert.equal(text(yield* stdout.read()), '');
  assert.equal(yield* proc.wait(), 0);
});

scenario('the lines of a child can be iterated', function* () {
  const proc = yield* asyncio.createSubprocessExec('printf', 'a\nb\nc', { stdout: PIPE });
  const lines: (string | null)[] = [];
  yield* asyncio.asyncFor(proc.stdout as asyncio.StreamReader, (line) => {
    lines.push(text(line));
  });
  assert.deepEqual([lines, yield* proc.wait()], [['a\n', 'b\n', 'c'], 0]);
});

scenario('the limit is that of the readers', function* () {
  const proc = yield* asyncio.createSubprocessExec('printf', '0123456789\nx\n', { stdout: PIPE, limit: 5 });
  const stdout = proc.stdout as asyncio.StreamReader;
  assert.ok((yield* thrownBy(stdout.readline())) instanceof asyncio.ValueError);
  yield* stdout.read();
  yield* proc.wait();
});

scenario('cwd, env and executable are those that are asked for', function* () {
  const directory = realpathSync(tmpdir());
  for (const cwd of [directory, pathToFileURL(directory)]) {
    const proc = yield* asyncio.createSubprocessShell('pwd; echo $GREETING', {
      stdout: PIPE,
      cwd,
      env: { GREETING: 'hello', NOTHING: undefined },
    });
    assert.equal(text((yield* proc.communicate())[0]), `${directory}\nhello\n`);
  }
  const named = yield* asyncio.createSubprocessExec('my-name', '-c', 'echo $0', {
    stdout: PIPE,
    executable: '/bin/sh',
  });
  assert.equal(text((yield* named.communicate())[0]), 'my-name\n');
});

scenario('a program is looked for in the PATH of its own environment', function* () {
  const options = { env: { PATH: '/nonexistent' } };
  const error = yield* thrownBy(asyncio.createSubprocessExec('ls', options));
  assert.ok(error instanceof asyncio.FileNotFoundError);
});

scenario('more descriptors can be passed on', function* () {
  const name = path('passed');
  const fd = openSync(name, 'w');
  const proc = yield* asyncio.createSubprocessShell(`echo written > /proc/self/fd/${fd}`, { passFds: [fd] });
  assert.equal(yield* proc.wait(), 0);
  closeSync(fd);
  assert.equal(readFileSync(name, 'utf8'), 'written\n');
});

scenario('a child can lead a session of its own', function* () {
  const session = "cut -d' ' -f6 /proc/self/stat";
  for (const startNewSession of [true, false]) {
    const proc = yield* asyncio.createSubprocessShell(`echo $$; ${session}`, {
      stdout: PIPE,
      startNewSession,
    });
    const [pid, own] = text((yield* proc.communicate())[0])?.split('\n') ?? [];
    assert.equal(pid === own, startNewSession);
  }
});

scenario('what a signal ended has its negative number as the return code', function* () {
  for (const [signal, number] of [
    ['SIGKILL', -9],
    ['SIGTERM', -15],
    [1, -1],
  ] as const) {
    const proc = yield* asyncio.createSubprocessExec('sleep', '100');
    proc.sendSignal(signal);
    assert.deepEqual([yield* proc.wait(), proc.returncode], [number, number]);
  }
});

scenario('several can wait for a child, also after it has ended', function* () {
  const proc = yield* asyncio.createSubprocessExec('cat', { stdin: PIPE });
  const waiting = asyncio.gather(proc.wait(), proc.wait());
  proc.stdin?.close();
  assert.deepEqual(yield* waiting, [0, 0]);
  assert.equal(yield* proc.wait(), 0);
});

scenario(
  'a signal to a child that is gone is a ProcessLookupError, once its pipes are gone too',
  function* ({ loop }) {
    const [transport, protocol] = yield* loop.subprocessExec(() => new asyncio.SubprocessProtocol(), 'true');
    const lost = loop.createFuture<void>();
    protocol.connectionLost = () => lost.setResult(undefined);
    yield* lost;
    assert.equal(transport.getReturncode(), 0);
    yield* asyncio.sleep(0);
    assert.throws(() => transport.kill(), asyncio.ProcessLookupError);
    transport.close();
  },
);

scenario('what cannot be run is told by the class and text of Python', function* () {
  const cases: readonly (readonly [string, new () => asyncio.OSError, string])[] = [
    ['no-such-program', asyncio.FileNotFoundError, "[Errno 2] No such file or directory: 'no-such-program'"],
    ['/etc/passwd', asyncio.PermissionError, "[Errno 13] Permission denied: '/etc/passwd'"],
    ['/', asyncio.PermissionError, "[Errno 13] Permission denied: '/'"],
    ['', asyncio.PermissionError, "[Errno 13] Permission denied: ''"],
    ['/etc/passwd/x', asyncio.NotADirectoryError, "[Errno 20] Not a directory: '/etc/passwd/x'"],
  ];
  for (const [program, Class, message] of cases) {
    for (const options of [{}, { stdin: PIPE, stdout: PIPE, stderr: STDOUT }]) {
      const error = yield* thrownBy(asyncio.createSubprocessExec(program, options));
      assert.ok(error instanceof Class && error instanceof asyncio.OSError, String(error));
      assert.equal(error.message, message);
      assert.equal(typeof error.code, 'string');
      assert.ok((error.errno ?? 0) > 0);
    }
  }
});

scenario('the directory is blamed for what is its fault', function* () {
  const missing = yield* thrownBy(asyncio.createSubprocessExec('true', { cwd: '/nonexistent' }));
  assert.ok(missing instanceof asyncio.FileNotFoundError);
  assert.equal(missing.message, "[Errno 2] No such file or directory: '/nonexistent'");
  const file = yield* thrownBy(asyncio.createSubprocessExec('true', { cwd: '/etc/passwd' }));
  assert.ok(file instanceof asyncio.NotADirectoryError);
});

scenario('what makes no sense is refused, in words that say so', function* () {
  const refusals: readonly (readonly [options: object, Class: new () => Error, message: RegExp])[] = [
    [{ stdin: STDOUT }, asyncio.ValueError, /STDOUT can only be used for stderr/],
    [{ stdout: STDOUT }, asyncio.ValueError, /STDOUT can only be used for stderr/],
    [{ stdout: 999 }, asyncio.OSError, /Bad file descriptor/],
    [{ stdout: -7 }, asyncio.OSError, /Bad file descriptor/],
    [{ stdout: 'pipe' }, TypeError, /stdout must be PIPE, DEVNULL, null or a descriptor/],
    [{ sdtout: PIPE }, TypeError, /unexpected option 'sdtout'/],
    [{ text: true }, asyncio.ValueError, /text must be false/],
    [{ universalNewlines: true }, asyncio.ValueError, /universalNewlines must be false/],
    [{ encoding: 'utf8' }, asyncio.ValueError, /encoding must be null/],
    [{ bufsize: 1 }, asyncio.ValueError, /bufsize must be 0/],
    [{ shell: true }, asyncio.ValueError, /shell must be false/],
    [{ limit: 0 }, asyncio.ValueError, /Limit cannot be <= 0/],
    [{ env: { A: 1 } }, TypeError, /the values of env must be strings, not A=1/],
    [{ cwd: 7 }, TypeError, /cwd must be a string or the URL of a file/],
  ];
  for (const [options, Class, message] of refusals) {
    const error = yield* thrownBy(asyncio.createSubprocessExec('true', options as asyncio.SubprocessOptions));
    assert.ok(error instanceof Class, String(error));
    assert.match((error as Error).message, message);
  }
  const nul = yield* thrownBy(asyncio.createSubprocessExec('tr\0ue'));
  assert.ok(nul instanceof asyncio.ValueError && nul.message === 'embedded null byte');
  const argument = yield* thrownBy(asyncio.createSubprocessExec('true', 7 as never));
  assert.ok(argument instanceof TypeError);
  const command = yield* thrownBy(asyncio.createSubprocessShell(7 as never));
  assert.ok(command instanceof asyncio.ValueError && /cmd must be a string/.test(command.message));
  const shell = yield* thrownBy(
    asyncio.createSubprocessShell('true', { shell: false } as asyncio.SubprocessOptions),
  );
  assert.ok(shell instanceof asyncio.ValueError && /shell must be true/.test(shell.message));
});

scenario('signals that are none are refused', function* () {
  const proc = yield* asyncio.createSubprocessExec('sleep', '100');
  assert.throws(() => proc.sendSignal('SIGNOTHING'), asyncio.ValueError);
  assert.throws(() => proc.sendSignal(null as never), TypeError);
  assert.throws(() => proc.sendSignal(9999), /Invalid argument/);
  proc.kill();
  yield* proc.wait();
});

scenario('a child lives in a block no longer than that', function* () {
  const block = co(function* (proc: asyncio.subprocess.Process) {
    yield* asyncio.sleep(0);
    throw new asyncio.ValueError(String(proc.returncode));
  });
  const options = { stdin: PIPE, stdout: PIPE };
  const proc = yield* asyncio.createSubprocessExec('cat', options);
  const error = yield* thrownBy(asyncio.asyncWith(proc, block));
  assert.equal(String(error), 'ValueError: null');
  assert.equal(proc.returncode, -9);
});

scenario('the module subprocess has the same functions', function* () {
  const { createSubprocessExec, createSubprocessShell } = asyncio.subprocess;
  assert.equal(createSubprocessExec, asyncio.createSubprocessExec);
  assert.equal(createSubprocessShell, asyncio.createSubprocessShell);
});
