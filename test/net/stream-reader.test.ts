/** `StreamReader` by itself: what is fed to it, in whatever pieces, and what is read from it. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as asyncio from '../../src/index.ts';
import { inBothStyles, thrownBy } from '../both-styles.ts';
import { bytes, text } from './kit.ts';

const { scenario, property, co } = await inBothStyles(import.meta.url);

/** A reader that has been fed, and whose stream has ended if nothing else is said. */
function fed(chunks: readonly string[], { eof = true, limit }: { eof?: boolean; limit?: number } = {}) {
  const reader = new asyncio.StreamReader(limit === undefined ? {} : { limit });
  for (const chunk of chunks) reader.feedData(bytes(chunk));
  if (eof) reader.feedEof();
  return reader;
}

/** A transport that only says whether it is paused. */
class Brake {
  readonly calls: string[] = [];

  pauseReading(): void {
    this.calls.push('pause');
  }

  resumeReading(): void {
    this.calls.push('resume');
  }
}

scenario('read gives what there is, up to the number asked for, and nothing at the end', function* () {
  const reader = fed(['hello ', 'world']);
  assert.equal(text(yield* reader.read(3)), 'hel');
  assert.equal(text(yield* reader.read(100)), 'lo world');
  assert.equal(reader.atEof(), true);
  assert.equal((yield* reader.read(1)).length, 0);
  assert.equal((yield* reader.read(0)).length, 0);
});

scenario('read without a number gives all up to the end', function* () {
  const reader = fed(['a', 'b'], { eof: false });
  const task = asyncio.createTask(reader.read());
  yield* asyncio.sleep(1);
  reader.feedData(bytes('c'));
  yield* asyncio.sleep(1);
  assert.equal(task.done(), false);
  reader.feedEof();
  assert.equal(text(yield* task), 'abc');
});

scenario('read waits for the first byte and no longer', function* () {
  const reader = fed([], { eof: false });
  const task = asyncio.createTask(reader.read(10));
  yield* asyncio.sleep(1);
  assert.equal(task.done(), false);
  reader.feedData(bytes('x'));
  assert.equal(text(yield* task), 'x');
});

scenario('readexactly waits for all, and says what there was where the stream ends before', function* () {
  const reader = fed(['ab'], { eof: false });
  const task = asyncio.createTask(reader.readexactly(4));
  yield* asyncio.sleep(0);
  reader.feedData(bytes('cdef'));
  assert.equal(text(yield* task), 'abcd');
  reader.feedEof();
  const error = yield* thrownBy(reader.readexactly(3));
  assert.ok(error instanceof asyncio.IncompleteReadError);
  assert.equal(error.message, '2 bytes read on a total of 3 expected bytes');
  assert.equal(text(error.partial), 'ef');
  assert.equal(error.expected, 3);
  assert.equal(reader.atEof(), true);
  assert.equal((yield* reader.readexactly(0)).length, 0);
});

scenario('readline gives lines with their newline, the last one without', function* () {
  const reader = fed(['one\ntw', 'o\n', 'three']);
  assert.equal(text(yield* reader.readline()), 'one\n');
  assert.equal(text(yield* reader.readline()), 'two\n');
  assert.equal(text(yield* reader.readline()), 'three');
  assert.equal((yield* reader.readline()).length, 0);
});

scenario('lines are iterated over to the end', function* () {
  const lines: string[] = [];
  yield* asyncio.asyncFor(fed(['a\n', 'b\nc']), function* (line: Uint8Array) {
    lines.push(text(line));
  });
  assert.deepEqual(lines, ['a\n', 'b\n', 'c']);
});

scenario('a line that is too long is an error, and only it is dropped', function* () {
  const reader = fed(['toolong\nok\n', 'endless'], { limit: 4 });
  const error = yield* thrownBy(reader.readline());
  assert.ok(error instanceof asyncio.ValueError);
  assert.equal(error.message, 'Separator is found, but chunk is longer than limit');
  assert.equal(text(yield* reader.readline()), 'ok\n');
  const other = yield* thrownBy(reader.readline());
  assert.ok(other instanceof asyncio.ValueError);
  assert.equal(other.message, 'Separator is not found, and chunk exceed the limit');
  assert.equal(reader.atEof(), true);
});

scenario('readuntil over the limit loses nothing', function* () {
  const reader = fed(['12345', '67890;rest'], { limit: 7 });
  const found = yield* thrownBy(reader.readuntil(bytes(';')));
  assert.ok(found instanceof asyncio.LimitOverrunError);
  assert.equal(found.message, 'Separator is found, but chunk is longer than limit');
  assert.equal(found.consumed, 10);
  assert.equal(text(yield* reader.readexactly(found.consumed)), '1234567890');
  assert.equal(text(yield* reader.readuntil(bytes(';'))), ';');
  assert.equal(text(yield* reader.read()), 'rest');
});

scenario('readuntil says how much holds no separator, which may begin in the last bytes', function* () {
  const reader = fed(['12345678-'], { eof: false, limit: 7 });
  const error = yield* thrownBy(reader.readuntil(bytes('--')));
  assert.ok(error instanceof asyncio.LimitOverrunError);
  assert.equal(error.message, 'Separator is not found, and chunk exceed the limit');
  assert.equal(error.consumed, 8);
  yield* reader.readexactly(error.consumed);
  reader.feedData(bytes('-x'));
  assert.equal(text(yield* reader.readuntil(bytes('--'))), '--');
});

scenario('what comes before the separator may be as long as the limit, and not longer', function* () {
  assert.equal(text(yield* fed(['abcd;'], { limit: 4 }).readuntil(bytes(';'))), 'abcd;');
  const error = yield* thrownBy(fed(['abcde;'], { limit: 4 }).readuntil(bytes(';')));
  assert.ok(error instanceof asyncio.LimitOverrunError);
});

scenario('readuntil finds a separator that comes in pieces', function* () {
  const reader = fed(['line\r'], { eof: false });
  const task = asyncio.createTask(reader.readuntil(bytes('\r\n\r\n')));
  for (const piece of ['\n', '\r', '\nnext']) {
    yield* asyncio.sleep(0);
    assert.equal(task.done(), false);
    reader.feedData(bytes(piece));
  }
  assert.equal(text(yield* task), 'line\r\n\r\n');
  assert.equal(text(yield* reader.read(9)), 'next');
});

scenario(
  'of several separators the one that ends first counts, the shortest of those that end together',
  function* () {
    const separators = [bytes('\r\n'), bytes('\n'), bytes('END')];
    const reader = fed(['a\r\nb\ncENDd\n']);
    const pieces: string[] = [];
    for (let i = 0; i < 4; i++) pieces.push(text(yield* reader.readuntil(separators)));
    assert.deepEqual(pieces, ['a\r\n', 'b\n', 'cEND', 'd\n']);
    const overrun = yield* thrownBy(fed(['12345AB'], { limit: 4 }).readuntil([bytes('B'), bytes('AB')]));
    assert.ok(overrun instanceof asyncio.LimitOverrunError);
    assert.equal(overrun.consumed, 6);
  },
);

scenario('readuntil at the end gives what there was with the error', function* () {
  const reader = fed(['partial']);
  const error = yield* thrownBy(reader.readuntil(bytes('#')));
  assert.ok(error instanceof asyncio.IncompleteReadError);
  assert.equal(error.message, '7 bytes read on a total of undefined expected bytes');
  assert.equal(text(error.partial), 'partial');
  assert.equal(error.expected, null);
});

scenario('a reader refuses what makes no sense', function* () {
  const reader = fed(['x']);
  const negative = yield* thrownBy(reader.readexactly(-1));
  assert.ok(negative instanceof asyncio.ValueError);
  assert.equal(negative.message, 'readexactly size can not be less than zero');
  const empty = yield* thrownBy(reader.readuntil(bytes('')));
  assert.ok(empty instanceof asyncio.ValueError);
  assert.equal(empty.message, 'Separator should be at least one-byte string');
  const none = yield* thrownBy(reader.readuntil([]));
  assert.ok(none instanceof asyncio.ValueError);
  assert.equal(none.message, 'Separator should contain at least one element');
  assert.ok((yield* thrownBy(reader.readuntil('\n' as never))) instanceof TypeError);
  assert.ok((yield* thrownBy(reader.read(1.5))) instanceof TypeError);
  assert.throws(() => new asyncio.StreamReader({ limit: 0 }), {
    name: 'ValueError',
    message: 'Limit cannot be <= 0',
  });
  assert.throws(() => new asyncio.StreamReader({ limit: Number.NaN }), { name: 'ValueError' });
  assert.throws(() => reader.feedData(bytes('y')), /after feedEof/);
  assert.throws(() => fed([]).feedData('text' as never), { name: 'TypeError', message: /encode it/ });
});

scenario('two tasks cannot wait for data at once', function* () {
  const reader = fed([], { eof: false });
  const first = asyncio.createTask(reader.readline());
  yield* asyncio.sleep(0);
  const error = yield* thrownBy(reader.read(1));
  assert.ok(error instanceof asyncio.RuntimeError);
  assert.match(
    error.message,
    /^read\(\) called while another coroutine is already waiting for incoming data/,
  );
  reader.feedEof();
  assert.equal((yield* first).length, 0);
});

scenario('a cancelled reading takes nothing, and the next one goes on', function* () {
  const reader = fed(['ab'], { eof: false });
  const task = asyncio.createTask(reader.readexactly(4));
  yield* asyncio.sleep(0);
  task.cancel();
  reader.feedData(bytes('cd'));
  assert.ok((yield* thrownBy(task)) instanceof asyncio.CancelledError);
  assert.equal(text(yield* reader.readexactly(4)), 'abcd');
});

scenario('a reading that times out takes nothing', function* () {
  const reader = fed(['no newline'], { eof: false });
  assert.ok((yield* thrownBy(asyncio.waitFor(reader.readline(), 1))) instanceof asyncio.TimeoutError);
  reader.feedData(bytes('\n'));
  assert.equal(text(yield* reader.readline()), 'no newline\n');
});

scenario('an exception wakes who waits, and fails every reading after it', function* () {
  const reader = fed(['data'], { eof: false });
  const task = asyncio.createTask(reader.readexactly(10));
  yield* asyncio.sleep(0);
  assert.equal(reader.exception(), null);
  const error = new asyncio.ConnectionResetError('gone');
  reader.setException(error);
  assert.equal(yield* thrownBy(task), error);
  assert.equal(reader.exception(), error);
  for (const again of [reader.read(), reader.read(1), reader.readline(), reader.readexactly(1)]) {
    assert.equal(yield* thrownBy(again), error);
  }
});

scenario('the end that comes as a reading is cancelled is not lost', function* () {
  const reader = fed([], { eof: false });
  const task = asyncio.createTask(reader.readline());
  yield* asyncio.sleep(0);
  reader.feedEof();
  task.cancel();
  assert.ok((yield* thrownBy(task)) instanceof asyncio.CancelledError);
  assert.equal((yield* reader.readline()).length, 0);
});

scenario(
  'more than twice the limit pauses the transport, no more than the limit lets it go on',
  function* () {
    const brake = new Brake();
    const reader = fed([], { eof: false, limit: 4 });
    reader.setTransport(brake);
    reader.feedData(bytes('12345678'));
    assert.deepEqual(brake.calls, []);
    reader.feedData(bytes('9'));
    reader.feedData(bytes('0'));
    assert.deepEqual(brake.calls, ['pause']);
    yield* reader.readexactly(5);
    assert.deepEqual(brake.calls, ['pause']);
    yield* reader.readexactly(1);
    assert.deepEqual(brake.calls, ['pause', 'resume']);
    assert.throws(() => reader.setTransport(brake), {
      name: 'RuntimeError',
      message: 'Transport already set',
    });
  },
);

scenario('a reading of more than the limit does not deadlock', function* () {
  const brake = new Brake();
  const reader = fed([], { eof: false, limit: 4 });
  reader.setTransport(brake);
  reader.feedData(bytes('123456789'));
  const task = asyncio.createTask(reader.readexactly(12));
  yield* asyncio.sleep(0);
  assert.deepEqual(brake.calls, ['pause', 'resume']);
  reader.feedData(bytes('abc'));
  assert.equal(text(yield* task), '123456789abc');
});

scenario('a transport that cannot be paused is asked once', function* () {
  let asked = 0;
  const reader = fed([], { eof: false, limit: 1 });
  reader.setTransport({
    pauseReading() {
      asked++;
      throw new asyncio.NotImplementedError('no');
    },
    resumeReading() {},
  });
  for (let i = 0; i < 5; i++) reader.feedData(bytes('xxx'));
  assert.equal(asked, 1);
  reader.feedEof();
  assert.equal((yield* reader.read()).length, 15);
});

scenario('a reader says what it is', function* () {
  const reader = fed(['abc'], { limit: 9 });
  assert.equal(String(reader), '<StreamReader 3 bytes eof limit=9>');
});

property(
  'however a text is cut, its lines come out whole and in order',
  fc.tuple(
    fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n'), minLength: 1, maxLength: 30 }), {
      maxLength: 20,
    }),
    fc.boolean(),
  ),
  function* (_scene, [pieces, slowly]) {
    const reader = fed([], { eof: false });
    const feed = co(function* () {
      for (const piece of pieces) {
        if (slowly) yield* asyncio.sleep(1);
        reader.feedData(bytes(piece));
      }
      reader.feedEof();
    });
    const feeding = asyncio.createTask(feed());
    const lines: string[] = [];
    for (;;) {
      const line = yield* reader.readline();
      if (line.length === 0) break;
      lines.push(text(line));
    }
    yield* feeding;
    assert.deepEqual(lines, pieces.join('').match(/[^\n]*\n|[^\n]+$/g) ?? []);
  },
);
