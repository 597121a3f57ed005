/**
 * The tables of `docs/from-python.md` are complete and true.
 *
 * `asyncio-3.14-api.json` lists every public name of Python's asyncio, contextvars and concurrent.futures, with the members of each class. Each has one
 * row: the name here, which then really exists; or "not there yet", and then it really does not; or "left out", with the reason.
 * A member that a class inherits has its row at the base; the four loop classes share theirs, which are called `loop`.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import * as futures from '../../src/executors/index.ts';
import * as asyncio from '../../src/index.ts';
import { runVirtualSync } from '../../src/testing/index.ts';

interface PythonName {
  readonly kind: string;
  readonly bases?: readonly string[];
  readonly members?: Readonly<Record<string, string>>;
}
type PythonModule = Readonly<Record<string, PythonName>>;

const page = readFileSync(new URL('../../docs/from-python.md', import.meta.url), 'utf8');
const python = JSON.parse(readFileSync(new URL('asyncio-3.14-api.json', import.meta.url), 'utf8')) as {
  readonly asyncio: PythonModule;
  readonly contextvars: PythonModule;
  readonly 'concurrent.futures': PythonModule;
};

const NOT_YET = '*not there yet*';
const LEFT_OUT = '*left out*';

interface Row {
  readonly python: string;
  readonly ours: string;
  readonly notes: string;
}

const rows: readonly Row[] = page.split('\n').flatMap((line) => {
  const match = /^\| `(.+?)` \| (.+?) \| (.*?) ?\|$/.exec(line);
  return match === null ? [] : [{ python: match[1] ?? '', ours: match[2] ?? '', notes: match[3] ?? '' }];
});
const byPython = new Map(rows.map((row) => [row.python, row]));

/** Classes of Python whose members have their rows under another name. */
const SHARED: Readonly<Record<string, string>> = {
  AbstractEventLoop: 'loop',
  BaseEventLoop: 'loop',
  EventLoop: 'loop',
  SelectorEventLoop: 'loop',
  AbstractServer: 'Server',
};

/** The classes that a class of Python's asyncio inherits from, the nearest first. */
function ancestors(name: string): string[] {
  const bases = python.asyncio[name]?.bases ?? [];
  return bases.flatMap((base) => [base, ...ancestors(base)]).filter((base) => base in python.asyncio);
}

/** Where the row of a member stands: at the most general class that has it. */
function memberRow(owner: string, member: string): string {
  const general = ancestors(owner).findLast((base) => python.asyncio[base]?.members?.[member] !== undefined);
  const shown = general ?? owner;
  return `${SHARED[shown] ?? shown}.${member}`;
}

/** The rows that there must be. */
function expectedRows(): Set<string> {
  const expected = new Set<string>();
  for (const [name, { members }] of Object.entries(python.asyncio)) {
    expected.add(name);
    for (const member of Object.keys(members ?? {})) expected.add(memberRow(name, member));
  }
  for (const [name, { members }] of Object.entries(python.contextvars)) {
    expected.add(`contextvars.${name}`);
    for (const member of Object.keys(members ?? {})) expected.add(`contextvars.${name}.${member}`);
  }
  for (const name of Object.keys(python['concurrent.futures'])) expected.add(`concurrent.futures.${name}`);
  return expected;
}

/** What is not seen on a prototype: fields, and what only types say. An object of each such class. */
const SAMPLES: Readonly<Record<string, () => object>> = {
  Token: () => new asyncio.ContextVar<number>('sample').set(1),
  TimeoutError: () => new asyncio.TimeoutError(),
  FutureCallGraph: callGraph,
  FrameCallGraphEntry: () => callGraph().callStack[0] as asyncio.FrameCallGraphEntry,
  Process: () => {
    const transport = { getPid: () => 1 };
    const protocol = { stdin: null, stdout: null, stderr: null };
    return new asyncio.subprocess.Process(transport as never, protocol as never, asyncio.newEventLoop());
  },
  // `override` makes the compiler say whether the base class has it.
  BufferedProtocol: () =>
    new (class extends asyncio.BufferedProtocol {
      override getBuffer(): Uint8Array {
        return new Uint8Array(1);
      }
      override bufferUpdated(): void {}
    })(),
};

function callGraph(): asyncio.FutureCallGraph {
  function* inner(): asyncio.Coroutine<asyncio.FutureCallGraph> {
    return asyncio.captureCallGraph() as asyncio.FutureCallGraph;
  }
  return runVirtualSync(function* main() {
    return yield* inner();
  });
}

const face = asyncio as unknown as Readonly<Record<string, unknown>>;
const faceSource = readFileSync(new URL('../../src/index.ts', import.meta.url), 'utf8');

/** The rows of `concurrent.futures` are about `asyncio-ts/futures`. */
function existsFor(row: Row): boolean {
  const path = pathOf(row.ours) as string;
  if (!row.python.startsWith('concurrent.futures.')) return exists(path);
  return (path.replace('new ', '') as keyof typeof futures) in futures;
}

/** Is it there: `name`, `Class.member`, or `Class[Symbol.x]`, in the module itself or in its `subprocess`? */
function exists(path: string): boolean {
  const match = /^(?:new )?(subprocess\.)?(\w+)(?:\.(\w+)|\[Symbol\.(\w+)\])?$/.exec(path);
  if (match === null) return false;
  const [, scope, shown = '', member, symbol] = match;
  const name = shown === 'loop' ? 'EventLoop' : shown;
  const found = (scope === undefined ? face : (asyncio.subprocess as Readonly<Record<string, unknown>>))[
    name
  ];
  if (member === undefined && symbol === undefined)
    return found !== undefined || new RegExp(`\\btype ${name}\\b`).test(faceSource);
  const key = member ?? (Symbol[symbol as 'iterator'] as symbol);
  if (typeof found === 'function' && (key in (found.prototype as object) || key in found)) return true;
  return SAMPLES[name] !== undefined && key in SAMPLES[name]();
}

/** What a row's own name is called here: `Class.member` of `Class.member(args)`. */
function pathOf(ours: string): string | null {
  return /^`((?:new )?(?:subprocess\.)?\w+(?:\.\w+|\[Symbol\.\w+\])?)(?:\(.*\))?`$/.exec(ours)?.[1] ?? null;
}

function camelCase(name: string): string {
  return name.replace(/^__(\w+)__$/, '$1').replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

suite('docs/from-python.md', () => {
  test('has a row for every name of Python', () => {
    const missing = [...expectedRows()].filter((name) => !byPython.has(name));
    assert.deepEqual(missing, []);
  });

  test('has no name twice', () => {
    const names = rows.map((row) => row.python);
    assert.deepEqual(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    );
  });

  test('has only names of Python, or of what this library adds', () => {
    const expected = expectedRows();
    const strange = rows.filter((row) => !expected.has(row.python) && pathOf(row.ours) === null);
    assert.deepEqual(strange, []);
  });

  test('says of each name where it is, that it is not there yet, or that it is left out', () => {
    const unclear = rows.filter(({ ours }) => pathOf(ours) === null && ours !== NOT_YET && ours !== LEFT_OUT);
    assert.deepEqual(unclear, []);
  });

  test('names only what really exists', () => {
    const wrong = rows.filter((row) => pathOf(row.ours) !== null && !existsFor(row));
    assert.deepEqual(wrong, []);
  });

  test('names members that the derived classes really have too', () => {
    const missing: string[] = [];
    for (const [name, { members }] of Object.entries(python.asyncio)) {
      const own = pathOf(byPython.get(name)?.ours ?? '')?.replace(/^new /, '');
      if (own === undefined || own === null) continue;
      for (const member of Object.keys(members ?? {})) {
        const path = pathOf(byPython.get(memberRow(name, member))?.ours ?? '');
        if (path === null) continue;
        const inherited = path.replace(/^\w+/, own);
        if (own !== 'BaseEventLoop' && !exists(inherited)) missing.push(inherited);
      }
    }
    assert.deepEqual(missing, []);
  });

  test('says "not there yet" only of what is not there', () => {
    const there = rows.filter(({ python: name, ours }) => {
      if (ours !== NOT_YET || name.startsWith('concurrent.futures.')) return false;
      const [first = '', second] = name.split('.');
      return exists(second === undefined ? camelCase(first) : `${first}.${camelCase(second)}`);
    });
    assert.deepEqual(there, []);
  });

  test('gives the reason of what is left out', () => {
    assert.deepEqual(
      rows.filter(({ ours, notes }) => ours === LEFT_OUT && notes.length < 10),
      [],
    );
  });

  test('is checked by a test that sees what is wrong', () => {
    assert.ok(
      exists('gather') &&
        exists('Task.cancel') &&
        exists('Token.oldValue') &&
        exists('Future[Symbol.iterator]'),
    );
    assert.ok(exists('loop.callSoon') && exists('FutureCallGraph.awaitedBy') && exists('new Runner'));
    assert.ok(
      !exists('gatherAll') && !exists('Task.kill') && !exists('Token.newValue') && !exists('loop.rest'),
    );
    assert.ok(
      exists('subprocess.PIPE') && exists('subprocess.Process.stdin') && !exists('subprocess.Process.eat'),
    );
    assert.equal(memberRow('Task', 'add_done_callback'), 'Future.add_done_callback');
    assert.equal(memberRow('SelectorEventLoop', 'call_soon'), 'loop.call_soon');
  });
});
