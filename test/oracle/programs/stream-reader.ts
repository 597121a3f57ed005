/**
 * Stream readers: what each way of reading gives, waits for and refuses, fed by hand.
 *
 * The twin of stream-reader.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, bytes, co, only, print, program, range, show, text, type Waited } from '../kit.ts';
import { outcome } from './common.ts';

/** Feeds a chunk a second, and then, unless told otherwise, the end. */
function feeding(reader: asyncio.StreamReader, chunks: readonly string[], eof = true): void {
  const loop = asyncio.getRunningLoop();
  for (const [number, chunk] of chunks.entries())
    loop.callLater(number + 1, () => reader.feedData(bytes(chunk)));
  if (eof) loop.callLater(chunks.length + 1, () => reader.feedEof());
}

/** Prints what was read, or how it failed, and when. */
const tell = co(function* (awaitable: Waited<Uint8Array>) {
  try {
    print(text(yield* awaitable), at());
  } catch (error) {
    if (error instanceof asyncio.IncompleteReadError)
      print(show(error), text(error.partial), error.expected, at());
    else if (error instanceof asyncio.LimitOverrunError) print(show(error), error.consumed, at());
    else print(show(error), at());
  }
});

program('read gives what there is, and waits for at least one byte', function* () {
  const reader = new asyncio.StreamReader();
  feeding(reader, ['hello world', '!']);
  yield* tell(reader.read(5));
  yield* tell(reader.read(0));
  yield* tell(reader.read(100));
  yield* tell(reader.read(100));
  print(reader.atEof());
  yield* tell(reader.read(100));
  print(reader.atEof());
  yield* tell(reader.read(1));
});

program('read without a count reads up to the end', function* () {
  const reader = new asyncio.StreamReader();
  feeding(reader, ['one ', 'two ', 'three']);
  yield* tell(reader.read());
  yield* tell(reader.read());
  yield* tell(reader.read(-1));
});

program('readline gives lines, and the rest without its end', function* () {
  const reader = new asyncio.StreamReader();
  feeding(reader, ['first\nsec', 'ond\n\nrest']);
  for (const _ of range(5)) yield* tell(reader.readline());
});

program('readline drops a line that is longer than the limit', function* () {
  const reader = new asyncio.StreamReader({ limit: 4 });
  feeding(reader, ['toolong\nok\n', 'much', 'too', 'long\nok\n']);
  for (const _ of range(5)) yield* tell(reader.readline());
});

program('readexactly waits for all, and tells what there was', function* () {
  const reader = new asyncio.StreamReader();
  feeding(reader, ['abc', 'def', 'gh']);
  yield* tell(reader.readexactly(4));
  yield* tell(reader.readexactly(0));
  yield* tell(reader.readexactly(-1));
  yield* tell(reader.readexactly(2));
  yield* tell(reader.readexactly(5));
  yield* tell(reader.readexactly(1));
});

program('readexactly may be more than the limit', function* () {
  const reader = new asyncio.StreamReader({ limit: 2 });
  feeding(reader, ['abcdefgh', 'ijkl']);
  yield* tell(reader.readexactly(10));
  yield* tell(reader.readexactly(3));
});

program('readuntil finds a separator across chunks', function* () {
  const reader = new asyncio.StreamReader();
  feeding(reader, ['a-', '-b-', '-c', 'd\ne']);
  yield* tell(reader.readuntil(bytes('--')));
  yield* tell(reader.readuntil(bytes('--')));
  yield* tell(reader.readuntil());
  yield* tell(reader.readuntil(bytes('--')));
  yield* tell(reader.readuntil(bytes('')));
  yield* tell(reader.readuntil(bytes('x')));
});

program('readuntil tells of too long a chunk, and loses nothing', function* () {
  const reader = new asyncio.StreamReader({ limit: 4 });
  feeding(reader, ['toolong;', 'also too long', ';']);
  yield* tell(reader.readuntil(bytes(';')));
  yield* tell(reader.read(8));
  yield* tell(reader.readuntil(bytes(';')));
  yield* tell(reader.read(5));
  yield* tell(reader.readuntil(bytes(';;')));
  yield* tell(reader.read());
});

program('readuntil takes the separator that ends first, of several', function* () {
  const reader = new asyncio.StreamReader();
  feeding(reader, ['a\r', '\nb\nc;', 'd\r', 'rest']);
  for (const _ of range(4)) yield* tell(reader.readuntil([bytes('\r\n'), bytes('\n'), bytes(';')]));
  yield* tell(reader.readuntil([bytes('\r'), bytes('\r\n')]));
  yield* tell(reader.readuntil([bytes('es'), bytes('s')]));
  yield* tell(reader.readuntil([]));
  yield* tell(reader.readuntil([bytes(''), bytes('x')]));
});

program('several separators and the limit', function* () {
  const reader = new asyncio.StreamReader({ limit: 3 });
  feeding(reader, ['abcd|', 'efghijk']);
  yield* tell(reader.readuntil([bytes('|'), bytes('||')]));
  yield* tell(reader.readexactly(5));
  yield* tell(reader.readuntil([bytes('|'), bytes('||||')]));
});

program('an exception ends the reading that waits, and all that come', function* () {
  const reader = new asyncio.StreamReader();
  asyncio.getRunningLoop().callLater(1, () => reader.setException(new asyncio.ConnectionResetError('gone')));
  print(reader.exception());
  yield* tell(reader.read(1));
  reader.feedData(bytes('late'));
  yield* tell(reader.read(1));
  yield* tell(reader.readline());
  yield* tell(reader.readexactly(1));
  yield* tell(reader.readuntil(bytes('x')));
  yield* tell(reader.read());
  print(show(reader.exception()));
});

type Reading = (reader: asyncio.StreamReader) => asyncio.CoroutineObject<Uint8Array>;

program('a reading that is cancelled loses nothing', function* () {
  const readings: [string, Reading][] = [
    ['read', (reader) => reader.read(3)],
    ['readexactly', (reader) => reader.readexactly(3)],
    ['readline', (reader) => reader.readline()],
    ['readuntil', (reader) => reader.readuntil(bytes(';'))],
    ['read', (reader) => reader.read(-1)],
  ];
  for (const [method, reading] of readings) {
    const reader = new asyncio.StreamReader();
    if (method !== 'read') reader.feedData(bytes('a'));
    const task = asyncio.createTask(reading(reader));
    yield* asyncio.sleep(1);
    task.cancel();
    print(method, yield* outcome(task));
    reader.feedData(bytes('bc;\n'));
    reader.feedEof();
    yield* tell(reader.read());
  }
});

program('a reading that is cancelled as the data comes loses nothing', function* () {
  const reader = new asyncio.StreamReader();
  const task = asyncio.createTask(reader.read(3));
  yield* asyncio.sleep(1);
  reader.feedData(bytes('abcdef'));
  task.cancel();
  print(yield* outcome(task));
  yield* tell(reader.read(100));
});

program('a limit of time on a reading', function* () {
  const reader = new asyncio.StreamReader();
  feeding(reader, ['ab', 'cd'], false);
  print(yield* outcome(asyncio.waitFor(reader.readexactly(4), 1.5)), at());
  yield* tell(asyncio.waitFor(reader.readexactly(4), 1.5));
  try {
    yield* asyncio.asyncWith(asyncio.timeout(3), function* () {
      yield* reader.readline();
    });
  } catch (error) {
    only(error, asyncio.TimeoutError);
    print(show(error), at());
  }
});

program('only one may wait', function* () {
  const reader = new asyncio.StreamReader();
  const first = asyncio.createTask(reader.read(1));
  yield* asyncio.sleep(0);
  for (const second of [
    reader.read(1),
    reader.readline(),
    reader.readexactly(1),
    reader.readuntil(bytes('x')),
  ]) {
    try {
      yield* second;
    } catch (error) {
      only(error, asyncio.RuntimeError);
      print(error.message.split(':')[0]);
    }
  }
  reader.feedData(bytes('x'));
  yield* tell(first);
});

program('the end wakes who waits', function* () {
  const readings: Reading[] = [
    (reader) => reader.read(),
    (reader) => reader.readline(),
    (reader) => reader.readexactly(2),
    (reader) => reader.readuntil(),
  ];
  for (const reading of readings) {
    const reader = new asyncio.StreamReader();
    asyncio.getRunningLoop().callLater(1, () => reader.feedEof());
    yield* tell(reading(reader));
    print(reader.atEof());
  }
});

/** A transport that says when it is held. */
class Source {
  pauseReading(): void {
    print('paused', at());
  }

  resumeReading(): void {
    print('resumed', at());
  }
}

program('the transport is held while more than twice the limit waits', function* () {
  const reader = new asyncio.StreamReader({ limit: 4 });
  reader.setTransport(new Source());
  reader.feedData(bytes('12345678'));
  print('fed 8');
  reader.feedData(bytes('9'));
  reader.feedData(bytes('0'));
  yield* tell(reader.read(5));
  yield* tell(reader.read(1));
  reader.feedData(bytes('abcdef'));
  yield* tell(reader.readexactly(10));
  reader.feedData(bytes('0123456789'));
  asyncio.getRunningLoop().callLater(1, () => reader.feedData(bytes('\n')));
  yield* tell(reader.readexactly(11));
});

program('the lines of a reader, one by one', function* () {
  const reader = new asyncio.StreamReader();
  feeding(reader, ['one\ntw', 'o\n', 'three']);
  yield* asyncio.asyncFor(reader, function* (line) {
    print(text(line), at());
  });
  print('end', at());
});
