/**
 * Subprocesses, pipes and signals: real ones.
 *
 * The twin of processes.py.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as asyncio from '../../../src/index.ts';
import { bytes, co, kind, live, only, print, range, text } from '../kit.ts';
import { outcome } from './common.ts';

const { PIPE, DEVNULL, STDOUT } = asyncio.subprocess;

const SHELL = '/bin/sh';

const shown = (data: Uint8Array | null): string => (data === null ? 'None' : text(data));

live('communicate writes all, and reads all', function* () {
  const proc = yield* asyncio.createSubprocessExec('cat', { stdin: PIPE, stdout: PIPE });
  print(proc.returncode);
  const [stdout, stderr] = yield* proc.communicate(bytes('hello'));
  print(shown(stdout), stderr, proc.returncode);
  print(yield* proc.wait());
});

live('communicate without input, and the error output', function* () {
  const proc = yield* asyncio.createSubprocessExec(SHELL, '-c', 'echo out; echo err >&2; exit 3', {
    stdout: PIPE,
    stderr: PIPE,
  });
  const [stdout, stderr] = yield* proc.communicate();
  print(shown(stdout), shown(stderr), proc.returncode);
});

live('a shell, and both outputs as one', function* () {
  const proc = yield* asyncio.createSubprocessShell('echo one; echo two >&2', {
    stdout: PIPE,
    stderr: STDOUT,
  });
  const [stdout, stderr] = yield* proc.communicate();
  print(shown(stdout), stderr, proc.returncode);
});

live('the streams of a process', function* () {
  const proc = yield* asyncio.createSubprocessExec('cat', { stdin: PIPE, stdout: PIPE, stderr: DEVNULL });
  print(proc.stderr, proc.pid > 0);
  const [stdin, stdout] = [proc.stdin as asyncio.StreamWriter, proc.stdout as asyncio.StreamReader];
  for (const line of ['one\n', 'two\n']) {
    stdin.write(bytes(line));
    yield* stdin.drain();
    print(text(yield* stdout.readline()));
  }
  stdin.close();
  yield* stdin.waitClosed();
  print(text(yield* stdout.read()), stdout.atEof());
  print(yield* proc.wait(), proc.returncode);
});

live('how processes end', function* () {
  for (const command of ['exit 0', 'exit 7', 'kill -TERM $$', 'kill -KILL $$']) {
    const proc = yield* asyncio.createSubprocessShell(command);
    print(yield* proc.wait(), yield* proc.wait(), proc.returncode);
  }
});

live('the signals of a process', function* () {
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGHUP'] as const) {
    const proc = yield* asyncio.createSubprocessExec('sleep', '100');
    const send = () => {
      if (signal === 'SIGTERM') proc.terminate();
      else if (signal === 'SIGKILL') proc.kill();
      else proc.sendSignal(signal);
    };
    send();
    print(yield* proc.wait());
    try {
      send();
      print('no error');
    } catch (error) {
      only(error, asyncio.ProcessLookupError);
      print(kind(error));
    }
  }
});

live('a wait that is cancelled, and one that runs out of time', function* () {
  const proc = yield* asyncio.createSubprocessExec('sleep', '100');
  const task = asyncio.createTask(proc.wait());
  yield* asyncio.sleep(0.01);
  task.cancel();
  print(yield* outcome(task), task.cancelled(), proc.returncode);
  print(yield* outcome(asyncio.waitFor(proc.wait(), 0.01)), proc.returncode);
  proc.kill();
  print(yield* asyncio.gather(proc.wait(), proc.wait()));
});

live('a communicate that is cancelled leaves the process alone', function* () {
  const proc = yield* asyncio.createSubprocessExec('cat', { stdin: PIPE, stdout: PIPE });
  const [stdin, stdout] = [proc.stdin as asyncio.StreamWriter, proc.stdout as asyncio.StreamReader];
  stdin.write(bytes('early'));
  print(text(yield* stdout.read(5)));
  const reading = asyncio.createTask(stdout.read());
  yield* asyncio.sleep(0.01);
  reading.cancel();
  print(yield* outcome(reading), proc.returncode);
  const [output] = yield* proc.communicate(bytes('late'));
  print(shown(output), proc.returncode);
});

live('a child that does not want its input', function* () {
  const proc = yield* asyncio.createSubprocessExec('true', { stdin: PIPE, stdout: PIPE });
  const [stdout] = yield* proc.communicate(bytes('x'.repeat(1_000_000)));
  print(shown(stdout), proc.returncode);
});

live('programs that cannot be run', function* () {
  for (const program of ['/no/such/program', '/']) {
    try {
      yield* asyncio.createSubprocessExec(program);
    } catch (error) {
      only(error, asyncio.OSError);
      print(kind(error));
    }
  }
  try {
    yield* asyncio.createSubprocessExec('true', { text: true } as asyncio.SubprocessOptions);
  } catch (error) {
    only(error, asyncio.ValueError);
    print(kind(error));
  }
  try {
    yield* asyncio.createSubprocessExec('true', { cwd: '/no/such/folder' });
  } catch (error) {
    only(error, asyncio.OSError);
    print(kind(error));
  }
});

live('folder and environment of a process', function* () {
  const options = { stdout: PIPE, cwd: '/', env: { GREETING: 'hello' } };
  const proc = yield* asyncio.createSubprocessShell('echo $GREETING; pwd', options);
  const [stdout] = yield* proc.communicate();
  print(shown(stdout));
});

live('a making that is cancelled before it begins', function* () {
  const task = asyncio.createTask(asyncio.createSubprocessExec('sleep', '100'));
  task.cancel();
  print(yield* outcome(task), task.cancelled());
});

live('many processes at once', function* () {
  const run = co(function* (number: number) {
    const command = `echo ${number}; exit ${number}`;
    const proc = yield* asyncio.createSubprocessShell(command, { stdout: PIPE });
    const [stdout] = yield* proc.communicate();
    return `${shown(stdout)} ${proc.returncode}`;
  });
  print((yield* asyncio.gather(...range(5).map((number) => run(number)))).join(' '));
});

/** Keeps what it is told: which comes first of what the system tells is left to chance. */
class Telling extends asyncio.SubprocessProtocol {
  readonly ended: asyncio.Future<void> = new asyncio.Future();
  readonly #told: string[] = [];
  readonly #output: Uint8Array[] = [];

  override connectionMade(transport: asyncio.SubprocessTransport): void {
    print('connection_made', transport.getReturncode());
  }

  override pipeDataReceived(_fd: number, data: Uint8Array): void {
    this.#output.push(data);
  }

  override pipeConnectionLost(fd: number, exc: Error | null): void {
    this.#told.push(`pipe_connection_lost ${fd} ${exc === null ? 'None' : kind(exc)}`);
  }

  override processExited(): void {
    this.#told.push('process_exited');
  }

  override connectionLost(exc: Error | null): void {
    print(this.#told.sort(), text(Buffer.concat(this.#output)));
    print('connection_lost', exc);
    this.ended.setResult(undefined);
  }
}

const telling = (): Telling => new Telling();

live('the calls of the protocol of a process', function* () {
  const loop = asyncio.getRunningLoop();
  const [transport, protocol] = yield* loop.subprocessExec(telling, 'cat');
  print(transport.getPid() > 0, (transport.getProtocol() as unknown) === protocol);
  const stdin = transport.getPipeTransport(0) as asyncio.WritePipeTransport;
  print(stdin.isClosing(), transport.getPipeTransport(1) === null, transport.getPipeTransport(3));
  stdin.write(bytes('through the cat'));
  stdin.close();
  yield* protocol.ended;
  print(transport.getReturncode());
  transport.close();
  print(transport.isClosing());
});

live('the transport of a process that is closed', function* () {
  const loop = asyncio.getRunningLoop();
  const [transport, protocol] = yield* loop.subprocessShell(telling, 'cat; sleep 100', {
    stdin: PIPE,
    stderr: null,
  });
  transport.close();
  yield* protocol.ended;
  print(transport.getReturncode());
  try {
    transport.terminate();
  } catch (error) {
    only(error, asyncio.ProcessLookupError);
    print(kind(error));
  }
});

/** Prints what it is told of a pipe. */
class Pipe extends asyncio.Protocol {
  readonly lost: asyncio.Future<void> = new asyncio.Future();
  readonly #name: string;

  constructor(name: string) {
    super();
    this.#name = name;
  }

  override connectionMade(): void {
    print(this.#name, 'connection_made');
  }

  override dataReceived(data: Uint8Array): void {
    print(this.#name, 'data_received', text(data));
  }

  override eofReceived(): void {
    print(this.#name, 'eof_received');
  }

  override connectionLost(exc: Error | null): void {
    print(this.#name, 'connection_lost', exc);
    this.lost.setResult(undefined);
  }
}

/** What `os.pipe` gives. */
function newPipe(): [readEnd: number, writeEnd: number] {
  const folder = mkdtempSync(join(tmpdir(), 'asyncio-'));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeEnd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  rmSync(folder, { recursive: true });
  return [readEnd, writeEnd];
}

live('both ends of a pipe', function* () {
  const loop = asyncio.getRunningLoop();
  const [readEnd, writeEnd] = newPipe();
  const [reading, reader] = yield* loop.connectReadPipe(() => new Pipe('reader'), readEnd);
  const [writing, writer] = yield* loop.connectWritePipe(() => new Pipe('writer'), writeEnd);
  print(reading.isReading(), writing.canWriteEof());
  writing.write(bytes('through the pipe'));
  yield* asyncio.sleep(0.01);
  writing.writeEof();
  yield* asyncio.gather(reader.lost, writer.lost);
  print(reading.isClosing(), writing.isClosing());
});

live('a pipe that is no pipe', function* () {
  const loop = asyncio.getRunningLoop();
  const file = openSync('/etc/passwd', 'r');
  try {
    yield* loop.connectReadPipe(() => new asyncio.Protocol(), file);
  } catch (error) {
    only(error, asyncio.ValueError);
    print(kind(error));
  } finally {
    closeSync(file);
  }
});

live('signals of this process', function* () {
  const loop = asyncio.getRunningLoop();
  const came = new asyncio.Queue<string>();
  loop.addSignalHandler('SIGHUP', () => came.putNowait('the first'));
  process.kill(process.pid, 'SIGHUP');
  print(yield* came.get());
  loop.addSignalHandler('SIGHUP', () => came.putNowait('the second'));
  process.kill(process.pid, 'SIGHUP');
  print(yield* came.get());
  print(loop.removeSignalHandler('SIGHUP'), loop.removeSignalHandler('SIGHUP'));
  for (const number of [0, 1000]) {
    try {
      loop.addSignalHandler(number, print);
    } catch (error) {
      only(error, asyncio.ValueError);
      print(kind(error));
    }
  }
  try {
    loop.addSignalHandler('SIGKILL', print);
  } catch (error) {
    only(error, asyncio.RuntimeError);
    print(kind(error));
  }
});
