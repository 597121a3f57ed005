/** What travels to a worker and back, how, and what is said of what cannot. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { job, registerErrors, transfer } from '../../src/executors/index.ts';
import { ExceptionGroup, RuntimeError, ValueError } from '../../src/index.ts';
import * as jobs from './jobs.ts';
import { KINDS, PROCESSES, THREADS, thrown } from './kit.ts';

const here = 7;

for (const kind of KINDS) {
  suite(`a function on its way to ${kind.name}`, () => {
    const pool = kind.open({ maxWorkers: 1 });
    test('travels as an export of its module, with all that it uses', () => {
      assert.equal(pool.submit(jobs.timesTen, 4).result(), 40);
      assert.equal(jobs.timesTen(4), 40, 'and stays what it is here');
    });

    test('travels as text where it needs nothing else', () => {
      assert.equal(
        pool.submit((base: bigint, exponent: bigint) => base ** exponent, 323n, 1235n).result(),
        323n ** 1235n,
      );
      assert.equal(
        pool
          .submit(function named(n: number) {
            return n + 1;
          }, 1)
          .result(),
        2,
      );
      const holder = {
        method(n: number) {
          return n + 2;
        },
        async later(n: number) {
          return n + 3;
        },
        *steps(n: number) {
          return n + 4;
        },
        get: (n: number) => n + 5,
      };
      const { method, later, steps, get } = holder;
      assert.deepEqual(
        [method, later, steps, get].map((fn) => pool.submit(fn as (n: number) => number, 1).result()),
        [3, 4, 5, 6],
      );
      class Tools {
        readonly size = 1;
        static twice(n: number) {
          return n * 2;
        }
      }
      assert.equal(pool.submit(Tools.twice, 4).result(), 8);
    });

    test('is strict, and knows the globals', () => {
      assert.equal(
        pool
          .submit(
            () =>
              (function (this: unknown) {
                return this;
              })() === undefined && typeof URL,
          )
          .result(),
        'function',
      );
    });

    test('travels by name where it is part of JavaScript or Node', () => {
      assert.equal(pool.submit(Math.pow, 2, 10).result(), 1024);
      assert.deepEqual(pool.submit(JSON.parse, '[1]').result(), [1]);
      assert.equal(pool.submit(parseInt, 'ff', 16).result(), 255);
      assert.equal(
        pool.submit(readFileSync, import.meta.filename, 'utf8').result(),
        readFileSync(import.meta.filename, 'utf8'),
      );
    });

    test('finds the helpers that compilers put into its text', () => {
      const compiled = new Function(
        'return async function () { const f = __name((n) => n + 1, "f"); const { a, ...b } = { a: 1, c: 2 }; const r = __rest({ a: 1, c: 2 }, ["a"]); return [f.name, f(1), await __awaiter(this, void 0, void 0, function* () { return (yield Promise.resolve(3)) + 1; }), r, __spreadArray([1], [2], false)]; }',
      )() as () => Promise<unknown>;
      assert.deepEqual(pool.submit(compiled).result(), ['f', 2, 4, { c: 2 }, [1, 2]]);
      const disposing = new Function(
        'return function () { const log = []; const env_1 = { stack: [], error: void 0, hasError: false }; try { const r = __addDisposableResource(env_1, { [Symbol.dispose]() { log.push("closed"); } }, false); log.push("used"); } catch (e_1) { env_1.error = e_1; env_1.hasError = true; } finally { __disposeResources(env_1); } return log; }',
      )() as () => unknown;
      assert.deepEqual(pool.submit(disposing).result(), ['used', 'closed']);
    });

    test('that lacks an identifier fails with its name, and with what to do', () => {
      const error = thrown(() =>
        pool
          .submit(function usesHere() {
            return here;
          })
          .result(),
      );
      assert.ok(error instanceof ReferenceError);
      assert.match(
        error.message,
        /^here is not defined: 'usesHere' was sent .*export const usesHere = job\(import\.meta\.url, 'usesHere', \.\.\.\)$/,
      );
      assert.match(String(error.stack), /usesHere/);
    });

    test('that its module does not export is told with what it does export', () => {
      const error = thrown(() => pool.submit(jobs.misnamed).result());
      assert.ok(error instanceof RuntimeError);
      assert.match(error.message, /jobs\.ts exports no function 'wrongName', only \[.*timesTen.*\]/);
    });

    test('that cannot travel is refused at once', () => {
      assert.match(
        thrown(() => pool.submit(jobs.timesTen.bind(null), 1)).message,
        /a bound function cannot travel/,
      );
      assert.match(thrown(() => pool.submit(class {} as never)).message, /a class cannot be a job/);
      assert.match(thrown(() => pool.submit(3 as never)).message, /a job is a function, not 3/);
      assert.match(thrown(() => job('./x.ts', 'a', () => {})).message, /the URL of the module/);
      assert.match(thrown(() => job(import.meta.url, '', () => {})).message, /needs the name/);
    });

    test('that is a coroutine runs in a loop of the worker', () => {
      assert.equal(pool.submit(jobs.addSlowly, 1, 2).result(), 3);
    });
    after(() => pool.shutdown());
  });

  suite(`a value on its way to ${kind.name}`, () => {
    const pool = kind.open({ maxWorkers: 1 });
    const same = <T>(value: T): T => pool.submit((value: T) => value, value).result() as T;

    test('arrives as it was', () => {
      const circle: { self?: unknown } = {};
      circle.self = circle;
      const values = [
        1n << 70n,
        new Map([[1, new Set([2])]]),
        new Date(0),
        /x/gi,
        new Uint8Array([1, 2]),
        [undefined, null, Number.NaN, -0],
        circle,
      ];
      for (const value of values) assert.deepEqual(same<unknown>(value), value);
    });

    test('is taken at the moment of the call, whatever becomes of it', () => {
      const list = [1, 2];
      const futures = [0, 1, 2].map(() => pool.submit((list: number[]) => list.length, list));
      list.push(3);
      assert.deepEqual(
        futures.map((future) => future.result()),
        [2, 2, 2],
      );
    });

    test('that cannot be cloned is refused in the caller, by argument and path', () => {
      const take = (...args: unknown[]) => args.length;
      for (const busy of [false, true]) {
        if (busy) pool.submit(take);
        const message = (...args: unknown[]) => thrown(() => pool.submit(take, ...args)).message;
        assert.match(
          message(1, { user: { callback: () => 1 } }),
          /^argument 2 of 'take' cannot travel to a worker: \.user\.callback is a function/,
        );
        assert.match(
          message(new Map([['key', [Symbol('s')]]])),
          /argument 1 .*: \.get\("key"\)\[0\] is a symbol \(Symbol\(s\)\)/,
        );
        assert.match(message({ 'a b': Promise.resolve() }), /: \["a b"\] is a promise; await it before/);
        assert.match(
          message(() => 1),
          /argument 1 of 'take' cannot travel to a worker: it is a function/,
        );
        assert.match(message({ weak: new WeakMap() }), /\.weak is of a kind that cannot be cloned/);
      }
      assert.throws(() => [...pool.map(take, [1, Symbol('no')])], /argument 1 of 'take' .*it is a symbol/);
      assert.equal(pool.submit(take, 1, 2).result(), 2, 'and the pool works on');
    });

    test('that is a result and cannot be cloned fails the job', () => {
      const error = thrown(() =>
        pool
          .submit(function make() {
            return { deep: [() => 1] };
          })
          .result(),
      );
      assert.match(error.message, /^the result of 'make' cannot travel back: \.deep\[0\] is a function/);
      assert.equal(same(1), 1);
    });
    after(() => pool.shutdown());
  });

  suite(`an error on its way back from ${kind.name}`, () => {
    const pool = kind.open({ maxWorkers: 1 });

    test('has its class, message, stack, cause and own fields', () => {
      const error = thrown(() =>
        pool
          .submit(function fails() {
            throw Object.assign(new RangeError('too far', { cause: new TypeError('inner') }), {
              code: 'E_FAR',
              list: [1],
              fn: () => 1,
            });
          })
          .result(),
      ) as RangeError & { code: string; list: unknown; fn: unknown };
      assert.ok(error instanceof RangeError);
      assert.equal(error.message, 'too far');
      assert.match(String(error.stack), /^RangeError: too far\n.*asyncio-job:fails/s);
      assert.ok(error.cause instanceof TypeError && error.cause.message === 'inner');
      assert.deepEqual([error.code, error.list, error.fn], ['E_FAR', [1], '<function fn>']);
    });

    test('is of a class of this library, or of one that was registered', () => {
      const before = thrown(() => pool.submit(jobs.pay, 3).result());
      assert.ok(before instanceof RuntimeError, 'the nearest class that is known');
      registerErrors(jobs.PaymentRefused);
      const after = thrown(() => pool.submit(jobs.pay, 3).result()) as jobs.PaymentRefused;
      assert.ok(after instanceof jobs.PaymentRefused);
      assert.deepEqual([after.message, after.amount, after.name], ['refused: 3', 3, 'RuntimeError']);
      assert.ok(after.cause instanceof RangeError);
      const group = thrown(() => pool.submit(jobs.failTogether).result());
      assert.ok(group instanceof ExceptionGroup);
      assert.deepEqual(
        group.split(ValueError).map((part) => part?.exceptions.length),
        [1, 1],
      );
      assert.throws(() => registerErrors(Map as never), TypeError);
    });

    test('keeps the name of a class that is not known, and may be no error at all', () => {
      const unknown = thrown(() =>
        pool
          .submit(() => {
            class Odd extends Error {
              override name = 'Odd';
            }
            throw new Odd('o');
          })
          .result(),
      );
      assert.deepEqual([unknown.constructor, unknown.name, unknown.message], [Error, 'Odd', 'o']);
      assert.equal(
        pool
          .submit(() => {
            throw 'text';
          })
          .exception(),
        'text',
      );
    });
    after(() => pool.shutdown());
  });
}

suite('memory', () => {
  test('is moved to a thread and back', () => {
    using pool = THREADS.open({ maxWorkers: 1 });
    for (const busy of [false, true]) {
      if (busy) pool.submit(() => 0);
      const numbers = new Float64Array([1, 2, 3]);
      const doubled = pool.submit(jobs.doubleInPlace, transfer(numbers)).result();
      assert.equal(numbers.length, 0, 'what was given away is gone');
      assert.deepEqual(doubled, new Float64Array([2, 4, 6]));
    }
    const [a, b] = [new Float64Array([1]), new Float64Array([2])];
    const both = [...pool.map(jobs.doubleInPlace, [transfer(a), transfer(b)], { chunksize: 2 })];
    assert.deepEqual([both, a.length, b.length], [[new Float64Array([2]), new Float64Array([4])], 0, 0]);
  });

  test('is copied to a process', () => {
    using pool = PROCESSES.open({ maxWorkers: 1 });
    const numbers = new Float64Array(100_000).fill(1);
    const doubled = pool.submit(jobs.doubleInPlace, transfer(numbers)).result();
    assert.equal(numbers.length, 100_000);
    assert.equal(
      doubled.reduce((sum, n) => sum + n),
      200_000,
    );
  });

  test('is shared with a thread where it is shared memory, and refused to a process', () => {
    const shared = new Int32Array(new SharedArrayBuffer(4));
    using threads = THREADS.open({ maxWorkers: 1 });
    threads.submit((words: Int32Array) => Atomics.add(words, 0, 5), shared).result();
    assert.equal(shared[0], 5);
    using processes = PROCESSES.open({ maxWorkers: 1 });
    assert.match(
      thrown(() => processes.submit((words: unknown) => words, { shared: shared.buffer })).message,
      /\.shared is shared memory, which another process cannot see/,
    );
  });
});

test('a program whose own module has the job does not start itself again and again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'asyncio-jobs-'));
  const index = JSON.stringify(new URL('../../src/executors/index.ts', import.meta.url).href);
  const run = (guarded: boolean) => {
    const file = join(folder, `${guarded ? 'guarded' : 'bare'}.mjs`);
    const main =
      'using pool = new ThreadPoolExecutor(); console.log(String(pool.submit(twice, 4).exception()?.message ?? 8));';
    writeFileSync(
      file,
      `import { job, ThreadPoolExecutor } from ${index};
      export const twice = job(import.meta.url, 'twice', (n) => n * 2);
      ${guarded ? `if (process.argv[1] === import.meta.filename) { ${main} }` : main}`,
    );
    return spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 30_000 }).stdout;
  };
  try {
    assert.match(
      run(false),
      /^a worker imports this module for one of its jobs, .*\(import\.meta\.main\)\n$/,
    );
    assert.equal(run(true), '8\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
