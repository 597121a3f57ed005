/**
 * `asyncio`, run as a user runs it: what it prints, and the exit code.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { Project, type Result } from './project.ts';

const HEADER = "import * as asyncio from 'asyncio-ts';\n";

/** The failure is told by the program in its own words: with what is expected of it, and without a frame of Node's or ours. */
function failed({ code, stderr }: Result, ...patterns: readonly RegExp[]): void {
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^asyncio: /);
  for (const pattern of patterns) assert.match(stderr, pattern);
  assert.doesNotMatch(stderr, /node:internal|dist\/|Node\.js v\d/);
}

suite('asyncio, the command line', () => {
  const project = new Project();

  test('--help says how it is used', async () => {
    const { code, stdout, stderr } = await project.start(['--help']).ended;
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^usage: asyncio run \[--debug\] FILE/);
    const ofRun = await project.start(['run', '--help']).ended;
    assert.deepEqual([ofRun.code, ofRun.stdout], [0, stdout]);
  });

  test('--version gives the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    const { code, stdout } = await project.start(['--version']).ended;
    assert.deepEqual([code, stdout], [0, `asyncio-ts ${version}\n`]);
  });

  const WRONG: readonly (readonly [string[], string])[] = [
    [[], 'a command is missing'],
    [['walk'], 'there is no command walk'],
    [['--fast'], 'there is no option --fast'],
    [['run'], 'run needs a FILE'],
    [['run', '--debug'], 'run needs a FILE'],
    [['run', '--fast', 'x.mjs'], 'run has no option --fast; options of FILE come after it'],
    [['worker'], 'worker needs a MODULE'],
    [['worker', 'jobs.mjs'], 'worker needs --queue NAME'],
    [
      ['worker', 'jobs.mjs', 'more.mjs', '--queue', 'q'],
      'worker takes one MODULE, and was given more.mjs besides',
    ],
    [['worker', 'jobs.mjs', '--queue', 'a:b'], "--queue must be a name without ':', not 'a:b'"],
    [['worker', 'jobs.mjs', '--queue', 'q', '--fast'], "worker: Unknown option '--fast'"],
    [
      ['worker', 'jobs.mjs', '--queue', 'q', '--concurrency', '0'],
      '--concurrency must be a whole number, 1 or more, not 0',
    ],
    [
      ['worker', 'jobs.mjs', '--queue', 'q', '--pool', 'ponds'],
      '--pool must be processes or threads, not ponds',
    ],
    [
      ['worker', 'jobs.mjs', '--queue', 'q', '--grace', 'soon'],
      '--grace must be a number of seconds, not soon',
    ],
  ];
  for (const [args, problem] of WRONG) {
    test(`"asyncio ${args.join(' ')}" is answered with the usage, and exit code 2`, async () => {
      const { code, stdout, stderr } = await project.start(args).ended;
      assert.deepEqual([code, stdout], [2, '']);
      assert.ok(stderr.startsWith(`asyncio: ${problem}\nusage: asyncio run`), stderr);
    });
  }
});

suite('asyncio run', () => {
  const project = new Project();

  const STYLES = {
    'a generator function': "export function* main() { yield* asyncio.sleep(0.001); console.log('ran'); }",
    'an async function': "export async function main() { await asyncio.sleep(0.001); console.log('ran'); }",
    'a coroutine() function':
      "export const main = asyncio.coroutine(function* () { yield* asyncio.sleep(0.001); console.log('ran'); });",
    'a function that returns a coroutine':
      "function* work() { yield* asyncio.sleep(0.001); console.log('ran'); }\nexport const main = () => work();",
    'a default generator function': "export default function* () { console.log('ran'); }",
    'a default async function': "export default async () => console.log('ran');",
  };
  for (const [title, source] of Object.entries(STYLES)) {
    test(`runs main where it is ${title}`, async () => {
      assert.deepEqual(await project.run(HEADER + source), { code: 0, stdout: 'ran\n', stderr: '' });
    });
  }

  test('prefers main to the default export', async () => {
    const result = await project.run(
      "export default function* () { console.log('default'); }\nexport function* main() { console.log('main'); }",
    );
    assert.equal(result.stdout, 'main\n');
  });

  test('runs the main of a CommonJS file', async () => {
    const source = "exports.main = async () => console.log('ran', typeof require);";
    assert.equal((await project.run(source, [], 'common.cjs')).stdout, 'ran function\n');
    const whole = "module.exports = function* () { console.log('whole'); };";
    assert.equal((await project.run(whole, [], 'whole.cjs')).stdout, 'whole\n');
  });

  test('runs a TypeScript file', async () => {
    const source = `${HEADER}export function* main(name: string): asyncio.Coroutine<void> { console.log(name); }`;
    assert.deepEqual(await project.run(source, ['typed'], 'typed.ts'), {
      code: 0,
      stdout: 'typed\n',
      stderr: '',
    });
  });

  test('hands what comes after FILE to main and to process.argv, options too', async () => {
    const source = 'export async function main(...args) { console.log(args, process.argv.slice(1)); }';
    const { stdout } = await project.run(source, ['a', '--debug', '-x'], 'args.mjs');
    const path = `${project.folder}/args.mjs`;
    assert.equal(stdout, `[ 'a', '--debug', '-x' ] [ '${path}', 'a', '--debug', '-x' ]\n`);
  });

  test('takes a FILE that begins with a dash after --', async () => {
    project.write('-odd.mjs', "export function* main() { console.log('odd'); }");
    assert.equal((await project.start(['run', '--', '-odd.mjs']).ended).stdout, 'odd\n');
  });

  test('--debug turns debug mode on', async () => {
    const name = project.write(
      'debug.mjs',
      `${HEADER}export function* main() { console.log(asyncio.getRunningLoop().getDebug()); }`,
    );
    assert.equal((await project.start(['run', '--debug', name]).ended).stdout, 'true\n');
    assert.equal((await project.start(['run', name]).ended).stdout, 'false\n');
  });

  test('runs main in the copy of the library that the file imports', async () => {
    const other = new Project();
    other.useOwnCopy();
    const source = `${HEADER}
      export const main = asyncio.coroutine(function* () {
        yield* asyncio.gather(asyncio.sleep(0.001), async () => { await asyncio.sleep(0.001); });
        console.log(asyncio.currentTask() instanceof asyncio.Task);
        throw new asyncio.SystemExit(5);
      });`;
    assert.deepEqual(await other.run(source), { code: 5, stdout: 'true\n', stderr: '' });
  });

  test('hides the frames of that copy too', async () => {
    const other = new Project();
    other.useOwnCopy();
    const source = `${HEADER}
      export async function main() { await asyncio.gather(async () => { throw new asyncio.ValueError('far'); }); }`;
    failed(await other.run(source), /^ValueError: far$/m, /program\.mjs:3:/);
  });
});

suite('asyncio run, exit codes', () => {
  const project = new Project();

  test('0 where main returns, whatever it returns', async () => {
    assert.equal((await project.run('export function* main() { return 3; }')).code, 0);
  });

  test('what main gave process.exitCode, and to process.exit()', async () => {
    assert.equal((await project.run('export async function main() { process.exitCode = 4; }')).code, 4);
    assert.equal((await project.run('export async function main() { process.exit(5); }')).code, 5);
  });

  const EXITS: readonly (readonly [string, number, string])[] = [
    ['', 0, ''],
    ['0', 0, ''],
    ['7', 7, ''],
    ['-1', 255, ''],
    ['true', 1, ''],
    ["'enough of it'", 1, 'enough of it\n'],
  ];
  for (const [argument, code, stderr] of EXITS) {
    test(`${code} after SystemExit(${argument})`, async () => {
      const source = `${HEADER}
        export function* main() {
          setInterval(() => {}, 1000);
          yield* asyncio.asyncWith(new asyncio.TaskGroup(), function* (group) {
            group.createTask(asyncio.sleep(60));
            yield* asyncio.sleep(0.001);
            throw new asyncio.SystemExit(${argument});
          });
        }`;
      assert.deepEqual(await project.run(source), { code, stdout: '', stderr });
    });
  }

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    for (const style of ['function*', 'async function']) {
      test(`${code} after ${signal}, which lets the ${style} clean up`, async () => {
        const wait = style === 'function*' ? 'yield*' : 'await';
        const name = project.write(
          'waits.mjs',
          `${HEADER}
          export ${style} main() {
            setInterval(() => {}, 1000);
            try {
              console.log('ready');
              ${wait} asyncio.sleep(60);
            } catch (error) {
              console.log(error.name);
              throw error;
            } finally {
              ${wait} asyncio.sleep(0.001);
              console.log('clean');
            }
          }`,
        );
        const run = project.start(['run', name]);
        await run.printed('ready');
        run.kill(signal);
        assert.deepEqual(await run.ended, {
          code,
          stdout: 'ready\nCancelledError\nclean\n',
          stderr: `asyncio: interrupted by ${signal}\n`,
        });
      });
    }

    test(`${code} at once after a second ${signal}`, async () => {
      const name = project.write(
        'stubborn.mjs',
        `${HEADER}
        export function* main() {
          console.log('ready');
          for (;;) {
            try { yield* asyncio.sleep(60); } catch { console.log('refused'); }
          }
        }`,
      );
      const run = project.start(['run', name]);
      await run.printed('ready');
      run.kill(signal);
      await run.printed('refused');
      run.kill(signal);
      const { code: status, stdout } = await run.ended;
      assert.deepEqual([status, stdout], [code, 'ready\nrefused\n']);
    });
  }

  test('0 where main takes the interrupt for a wish to end, and returns', async () => {
    const name = project.write(
      'graceful.mjs',
      `${HEADER}
      export function* main() {
        console.log('ready');
        try { yield* asyncio.sleep(60); } catch (error) { if (!(error instanceof asyncio.CancelledError)) throw error; }
      }`,
    );
    const run = project.start(['run', name]);
    await run.printed('ready');
    run.kill('SIGINT');
    assert.deepEqual(await run.ended, { code: 0, stdout: 'ready\n', stderr: '' });
  });
});

suite('asyncio run, a file that cannot be run', () => {
  const project = new Project();

  test('is not there', async () => {
    failed(await project.start(['run', 'gone.mjs']).ended, /^asyncio: there is no file gone\.mjs\n$/);
  });

  test('is a folder', async () => {
    failed(await project.start(['run', '.']).ended, /^asyncio: \. is a folder/);
  });

  test('is of a kind that Node does not run', async () => {
    failed(await project.run('hello', [], 'notes.txt'), /cannot load notes\.txt: Unknown file extension/);
    failed(await project.run('<p/>', [], 'page.tsx'), /Node does not run \.tsx files/);
  });

  test('is TypeScript on a Node that does not run it', async () => {
    const name = project.write('typed.ts', 'export function* main() {}');
    const run = project.start(['run', name], ['--no-experimental-strip-types']);
    failed(await run.ended, /^asyncio: cannot load typed\.ts: this Node \(v[\d.]+\) does not run TypeScript/);
  });

  test('has a syntax error: the place is shown', async () => {
    const source = 'export function* main() {\n  const = 1;\n}\n';
    const shown = [/program\.\w+:2\n/, / {2}const = 1;\n *\^/, /^SyntaxError: /m];
    failed(await project.run(source), ...shown);
    failed(
      await project.run(source, [], 'program.ts'),
      /program\.ts:2\n/,
      /const = 1;\n *\^/,
      /^SyntaxError: /m,
    );
    failed(await project.run('exports.main = 1;\nconst = 2;\n', [], 'program.cjs'), /program\.cjs:2\n/);
  });

  test('imports a file with a syntax error: the place is shown', async () => {
    project.write('lib/broken.mjs', '\n\nlet let;\n');
    project.write('lib/index.mjs', "export * from './broken.mjs';\n");
    failed(
      await project.run("import './lib/index.mjs';\nexport function* main() {}\n"),
      /broken\.mjs:3\n/,
      /^SyntaxError: /m,
    );
  });

  test('imports a name that is not exported', async () => {
    const source = "import { slep } from 'asyncio-ts';\nexport function* main() {}\n";
    failed(await project.run(source), /program\.mjs:1\n/, /does not provide an export named 'slep'/);
  });

  test('imports a module that is not there', async () => {
    failed(
      await project.run("import './gone.mjs';"),
      /cannot load program\.mjs: Cannot find module .*gone\.mjs/,
    );
    failed(await project.run("import 'gone';"), /cannot load program\.mjs: Cannot find package 'gone'/);
  });

  test('throws while it is loaded', async () => {
    failed(
      await project.run("function early() { JSON.parse('{'); }\nearly();"),
      /^asyncio: program\.mjs: failed while it was loaded\nSyntaxError: /,
      /at early \(.*program\.mjs:1:/,
    );
  });

  test('never finishes loading', async () => {
    failed(
      await project.run('await new Promise(() => {});'),
      /program\.mjs never finishes loading: its top-level await waits for nothing/,
    );
  });

  test('waits at its top for a loop that cannot go on', async () => {
    failed(
      await project.run(`${HEADER}await asyncio.run(function* () { yield* new asyncio.Queue().get(); });`),
      /failed while it was loaded\nDeadlockError: /,
    );
  });

  test('runs a loop of its own and does not wait for it', async () => {
    failed(
      await project.run(
        `${HEADER}export async function main() { await asyncio.sleep(0); }\nasyncio.run(main);`,
      ),
      /program\.mjs runs a loop while it is loaded/,
    );
  });

  test('has no main', async () => {
    failed(
      await project.run('export const other = 1;'),
      /^asyncio: program\.mjs has no main: export a function\*/,
    );
    failed(await project.run('exports.other = 1;', [], 'program.cjs'), /program\.cjs has no main/);
  });

  test('exports something else as its main', async () => {
    failed(await project.run('export const main = 42;'), /the main export of program\.mjs is no function/);
    failed(
      await project.run('function* main() {}\nexport default main();'),
      /the default export of program\.mjs is no function: export the coroutine function itself/,
    );
  });

  test('exports a plain function as its main', async () => {
    failed(
      await project.run('export function main() { return 42; }'),
      /main of program\.mjs is no coroutine function: it returned 42/,
    );
  });
});

suite('asyncio run, a main that fails', () => {
  const project = new Project();

  test('is shown with its error and its own frames, innermost first', async () => {
    const result = await project.run(`${HEADER}
      function* inner() { yield* asyncio.sleep(0.001); throw new asyncio.ValueError('bad luck'); }
      async function middle() { await asyncio.createTask(inner()); }
      export function* main() { yield* inner(); }`);
    failed(result);
    const lines = result.stderr.trimEnd().split('\n');
    assert.equal(lines.length, 4);
    assert.equal(lines[0], 'asyncio: program.mjs: main failed');
    assert.equal(lines[1], 'ValueError: bad luck');
    assert.match(lines[2] ?? '', /^ {4}at inner \(file:.*program\.mjs:3:62\)$/);
    assert.match(lines[3] ?? '', /^ {4}at main \(file:.*program\.mjs:5:40\)$/);
  });

  test('is shown with its cause', async () => {
    const result = await project.run(`export async function main() {
      throw new Error('above', { cause: new TypeError('below') });
    }`);
    failed(result, /^Error: above\n.*main .*\n {2}caused by: TypeError: below\n {6}at main/m);
  });

  test('with a group is shown as a tree', async () => {
    const result = await project.run(`${HEADER}
      function* one() { throw new asyncio.ValueError('one'); }
      async function two() { throw new TypeError('two\\nlines'); }
      function* inner() {
        yield* asyncio.asyncWith(new asyncio.TaskGroup(), function* (group) {
          group.createTask(one());
          group.createTask(two);
        });
      }
      export function* main() {
        yield* asyncio.asyncWith(new asyncio.TaskGroup(), function* (group) {
          group.createTask(inner());
          yield* asyncio.sleep(1);
        });
      }`);
    failed(result);
    const tree = result.stderr
      .split('\n')
      .filter((line) => !/ at /.test(line))
      .join('\n');
    assert.equal(
      tree,
      `asyncio: program.mjs: main failed
ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
└─ ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions)
   ├─ ValueError: one
   └─ TypeError: two
      lines
`,
    );
    assert.match(result.stderr, /ValueError: one\n {3}│ +at one \(.*program\.mjs:3:/);
    assert.match(result.stderr, /lines\n +at two \(.*program\.mjs:4:/);
  });

  test('with a group of very many is cut', async () => {
    const result = await project.run(`${HEADER}
      export function* main() {
        throw new asyncio.ExceptionGroup('many', Array.from({ length: 40 }, (_, i) => new Error('number ' + i)));
      }`);
    failed(result, /many \(40 sub-exceptions\)/, /Error: number 14/, /└─ \.\.\. and 25 more/);
    assert.doesNotMatch(result.stderr, /number 15/);
  });

  test('by throwing what is no Error is shown as it is', async () => {
    failed(
      await project.run("export function* main() { throw 'text'; }"),
      /^"text" was thrown, which is no Error$/m,
    );
    failed(await project.run('export async function main() { throw undefined; }'), /^undefined was thrown/m);
  });

  test('by waiting for nothing is shown with who waits for what', async () => {
    const result = await project.run(`${HEADER}
      function* consumer(queue) { yield* queue.get(); }
      export function* main() {
        const task = asyncio.createTask(consumer(new asyncio.Queue()), { name: 'consumer' });
        yield* task;
      }`);
    failed(result, /^DeadlockError: /m, /Task-1 waits for consumer/, /consumer waits for /);
  });

  test('by cancelling itself is a failure, not an interrupt', async () => {
    const result = await project.run(`${HEADER}
      export function* main() { asyncio.currentTask().cancel('my own wish'); yield* asyncio.sleep(1); }`);
    failed(result, /^CancelledError: my own wish$/m);
  });

  test('ends at once, though something of the host is left open', async () => {
    failed(
      await project.run(
        "export async function main() { setInterval(() => {}, 1000); throw new Error('now'); }",
      ),
      /Error: now/,
    );
  });

  test('does not hide an error outside of it', async () => {
    const result = await project.run(`${HEADER}
      export function* main() { setTimeout(() => { throw new Error('outside'); }); yield* asyncio.sleep(60); }`);
    failed(result, /^asyncio: program\.mjs: uncaught error\nError: outside\n/, /program\.mjs:3:/);
    const rejected = await project.run(`${HEADER}
      export function* main() { void Promise.reject(new Error('dropped')); yield* asyncio.sleep(60); }`);
    failed(rejected, /^asyncio: program\.mjs: uncaught error\nError: dropped\n/);
  });

  test('leaves uncaught errors to a file that takes them itself', async () => {
    const source = `${HEADER}
      process.on('uncaughtException', (error) => console.log('taken:', error.message));
      export function* main() { setTimeout(() => { throw new Error('outside'); }); yield* asyncio.sleep(0.01); }`;
    assert.deepEqual(await project.run(source), { code: 0, stdout: 'taken: outside\n', stderr: '' });
  });

  test('because the library was reached by another way is told so', async () => {
    const other = new Project();
    other.useOwnCopy();
    const elsewhere = new Project();
    elsewhere.useOwnCopy();
    const path = `${elsewhere.folder}/node_modules/asyncio-ts/dist/index.js`;
    const result = await other.run(
      `import { sleep } from ${JSON.stringify(path)};\nexport function* main() { yield* sleep(1); }`,
    );
    assert.equal(result.code, 1);
    assert.match(result.stderr, /RuntimeError: no running event loop/);
    assert.match(result.stderr, /uses a copy of asyncio-ts other than the one at/);
  });
});
