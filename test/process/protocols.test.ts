/** `subprocessExec` and `subprocessShell`: what a protocol is told and in which order, which is CPython's, and what its transport can do. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { thrownBy } from '../both-styles.ts';
import { bytes, hostTurn, text, withProcesses } from './kit.ts';

const { scenario, co, style } = await withProcesses(import.meta.url);
const { STDOUT, DEVNULL } = asyncio.subprocess;

/** A protocol that writes down what happens to it, in the words of Python. */
class Recorder extends asyncio.SubprocessProtocol {
  readonly events: string[] = [];
  readonly made: asyncio.Future<void>;
  readonly lost: asyncio.Future<void>;
  #transport: asyncio.SubprocessTransport | null = null;

  constructor(loop: asyncio.EventLoop) {
    super();
    this.made = loop.createFuture<void>();
    this.lost = loop.createFuture<void>();
  }

  get transport(): asyncio.SubprocessTransport {
    assert.ok(this.#transport !== null);
    return this.#transport;
  }

  get stdin(): asyncio.WritePipeTransport {
    const pipe = this.transport.getPipeTransport(0);
    assert.ok(pipe instanceof asyncio.WritePipeTransport);
    return pipe;
  }

  override connectionMade(transport: asyncio.SubprocessTransport): void {
    this.#transport = transport;
    const pipes = [0, 1, 2].filter((fd) => transport.getPipeTransport(fd) !== null);
    this.events.push(`connection_made, pipes ${pipes.join(' ')}`);
    this.made.setResult(undefined);
  }

  override pipeDataReceived(fd: number, data: Uint8Array): void {
    this.events.push(`pipe_data_received ${fd} ${text(data)?.trim()}`);
  }

  override pipeConnectionLost(fd: number, exc: Error | null): void {
    this.events.push(`pipe_connection_lost ${fd} ${exc === null ? 'None' : exc.name}`);
  }

  override processExited(): void {
    this.events.push(`process_exited ${this.transport.getReturncode()}`);
  }

  override connectionLost(exc: Error | null): void {
    this.events.push(`connection_lost ${exc === null ? 'None' : exc.name}`);
    this.lost.setResult(undefined);
  }
}

/** The same in Python: commands of the shell, one after the other, each with what is done once it has started. */
const PYTHON = `
import asyncio, sys
class Recorder(asyncio.SubprocessProtocol):
    def __init__(self, lost):
        self.lost = lost
    def connection_made(self, transport):
        self.transport = transport
        print('connection_made, pipes', *[fd for fd in (0, 1, 2) if transport.get_pipe_transport(fd) is not None])
    def pipe_data_received(self, fd, data):
        print('pipe_data_received', fd, data.decode().strip())
    def pipe_connection_lost(self, fd, exc):
        print('pipe_connection_lost', fd, None if exc is None else type(exc).__name__)
    def process_exited(self):
        print('process_exited', self.transport.get_returncode())
    def connection_lost(self, exc):
        print('connection_lost', exc)
        self.lost.set_result(None)
async def main():
    loop = asyncio.get_running_loop()
    for command, what in eval(sys.argv[1]):
        lost = loop.create_future()
        transport, protocol = await loop.subprocess_shell(lambda: Recorder(lost), command)
        stdin = transport.get_pipe_transport(0)
        if what == 'echo':
            stdin.write(b'hello')
            stdin.write_eof()
        elif what == 'shut': stdin.close()
        elif what == 'abort': stdin.abort()
        elif what == 'kill': transport.kill()
        elif what == 'close': transport.close()
        await lost
        transport.close()
asyncio.run(main())
`;

const CASES = [
  ['cat', 'echo'],
  ['cat >&2', 'echo'],
  ['read line; exit 5', 'shut'],
  ['cat', 'abort'],
  ['exec sleep 100', 'kill'],
  ['exec sleep 100', 'close'],
] as const;

/** The ends of pipes and of the process may come together: there the order is chance, in Python too. */
function settled(events: readonly string[]): string[] {
  const isEnd = (event: string) => /^(pipe_connection_lost|process_exited)/.test(event);
  const sorted: string[] = [];
  let ends: string[] = [];
  for (const event of [...events, '']) {
    if (isEnd(event)) ends.push(event);
    else {
      sorted.push(...ends.sort(), event);
      ends = [];
    }
  }
  return sorted.slice(0, -1);
}

/** The part before the first end, without the pipe that was closed on purpose: it is lost as soon as that. */
function events(all: readonly string[]): string[] {
  return settled(all.filter((event) => event !== 'pipe_connection_lost 0 None'));
}

const hasPython = spawnSync('python3', ['-c', 'import asyncio']).status === 0;
const oracle = hasPython
  ? spawnSync('python3', ['-c', PYTHON, JSON.stringify(CASES)], { encoding: 'utf8' })
      .stdout.trim()
      .split('\n')
  : [];

const recordings = co(function* (loop: asyncio.EventLoop) {
  const heard: string[] = [];
  for (const [command, what] of CASES) {
    const [transport, protocol] = yield* loop.subprocessShell(() => new Recorder(loop), command);
    const { stdin } = protocol;
    if (what === 'echo') {
      stdin.write(bytes('hello'));
      stdin.writeEof();
    } else if (what === 'shut') stdin.close();
    else if (what === 'abort') stdin.abort();
    else if (what === 'kill') transport.kill();
    else transport.close();
    yield* protocol.lost;
    transport.close();
    heard.push(...protocol.events);
  }
  return heard;
});

if (!hasPython)
  test(`a protocol hears what it hears in CPython (${style}): python3 is missing`, { skip: true });
else {
  scenario('a protocol hears what it hears in CPython, in the same order', function* ({ loop }) {
    const heard = yield* recordings(loop);
    assert.deepEqual(events(heard), events(oracle));
    const lost = (all: readonly string[]) =>
      all.filter((event) => event.startsWith('pipe_connection_lost')).sort();
    assert.deepEqual(lost(heard), lost(oracle));
  });
}

scenario(
  'a child and a protocol are connected by three pipes, where nothing else is said',
  function* ({ loop }) {
    const factory = () => new Recorder(loop);
    const [transport, protocol] = yield* loop.subprocessExec(
      factory,
      'sh',
      '-c',
      'cat; echo problem >&2; exit 2',
    );
    assert.equal(transport, protocol.transport);
    assert.equal(transport.getProtocol(), protocol);
    assert.deepEqual([transport.getReturncode(), transport.isClosing()], [null, false]);
    assert.ok(transport.getPid() > 0);
    assert.equal(transport.getPipeTransport(3), null);
    assert.ok(transport.getPipeTransport(1) instanceof asyncio.ReadPipeTransport);
    assert.equal((transport.getExtraInfo('subprocess') as { pid: number }).pid, transport.getPid());
    assert.match(
      String(transport),
      /^<SubprocessTransport pid=\d+ running stdin=<.*> stdout=<.*> stderr=<.*>>$/,
    );
    protocol.stdin.write(bytes('data'));
    protocol.stdin.writeEof();
    yield* protocol.lost;
    const { events } = protocol;
    assert.deepEqual(events[0], 'connection_made, pipes 0 1 2');
    assert.ok(
      events.includes('pipe_data_received 1 data') && events.includes('pipe_data_received 2 problem'),
    );
    assert.equal(events.at(-1), 'connection_lost None');
    assert.deepEqual(
      events.filter((event) => event.startsWith('process_exited')),
      ['process_exited 2'],
    );
    assert.deepEqual([transport.getReturncode(), transport.isClosing()], [2, false]);
    transport.close();
    assert.match(String(transport), /closed pid=\d+ returncode=2/);
  },
);

scenario('only what is a pipe is told of', function* ({ loop }) {
  const options = { stdin: null, stdout: DEVNULL, stderr: STDOUT };
  const [transport, protocol] = yield* loop.subprocessShell(() => new Recorder(loop), 'echo lost', options);
  yield* protocol.lost;
  assert.deepEqual(protocol.events, ['connection_made, pipes ', 'process_exited 0', 'connection_lost None']);
  transport.close();
});

scenario('the reading of a pipe can be paused', function* ({ loop }) {
  const [transport, protocol] = yield* loop.subprocessExec(() => new Recorder(loop), 'cat');
  const stdout = transport.getPipeTransport(1) as asyncio.ReadPipeTransport;
  stdout.pauseReading();
  assert.equal(stdout.isReading(), false);
  protocol.stdin.write(bytes('data'));
  for (let i = 0; i < 50; i++) yield* hostTurn();
  assert.equal(protocol.events.length, 1);
  stdout.resumeReading();
  protocol.stdin.close();
  yield* protocol.lost;
  assert.ok(protocol.events.includes('pipe_data_received 1 data'));
  transport.close();
});

scenario('a protocol is asked to pause when its child does not read', function* ({ loop }) {
  const [transport, protocol] = yield* loop.subprocessExec(() => new Recorder(loop), 'sleep', '100');
  protocol.pauseWriting = () => protocol.events.push('pause_writing');
  protocol.stdin.write(Buffer.alloc(4 * 1024 * 1024));
  assert.equal(protocol.events.at(-1), 'pause_writing');
  transport.close();
  yield* protocol.lost;
  assert.ok(protocol.events.includes('pipe_connection_lost 0 BrokenPipeError'), String(protocol.events));
});

scenario('close() kills the child, and its end is told', function* ({ loop }) {
  const [transport, protocol] = yield* loop.subprocessExec(() => new Recorder(loop), 'sleep', '100');
  transport.close();
  transport.close();
  assert.equal(transport.isClosing(), true);
  yield* protocol.lost;
  assert.deepEqual(protocol.events.slice(-2), ['process_exited -9', 'connection_lost None']);
});

scenario('a protocol that fails is reported, and the child goes on', function* ({ loop, reports }) {
  const [transport, protocol] = yield* loop.subprocessExec(() => new Recorder(loop), 'cat');
  protocol.pipeDataReceived = () => {
    throw new asyncio.ValueError('no');
  };
  protocol.stdin.write(bytes('data'));
  protocol.stdin.writeEof();
  yield* protocol.lost;
  const [report, ...others] = reports();
  assert.deepEqual([String(report?.exception), others], ['ValueError: no', []]);
  assert.match(report?.message ?? '', /^Exception in callback pipeDataReceived/);
  transport.close();
});

scenario('a factory that fails, or makes no protocol, starts nothing', function* ({ loop }) {
  const fail = () => {
    throw new asyncio.ValueError('no');
  };
  assert.ok((yield* thrownBy(loop.subprocessExec(fail, 'true'))) instanceof asyncio.ValueError);
  const error = yield* thrownBy(loop.subprocessShell(() => ({}) as Recorder, 'true'));
  assert.ok(
    error instanceof TypeError &&
      /subprocessShell\(\) needs a function that returns a protocol/.test(error.message),
  );
});

scenario('another protocol can take over', function* ({ loop }) {
  const [transport, first] = yield* loop.subprocessExec(() => new Recorder(loop), 'cat');
  const second = new Recorder(loop);
  transport.setProtocol(second);
  second.connectionMade(transport);
  first.stdin.write(bytes('data'));
  first.stdin.writeEof();
  yield* second.lost;
  assert.deepEqual(first.events.length, 1);
  assert.ok(second.events.includes('pipe_data_received 1 data'));
  transport.close();
});
