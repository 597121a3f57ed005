/**
 * Keeps the house in order: who may import whom, no cycles, and what the package promises to hold.
 *
 * Each rule is also shown a tree that breaks it, so that a rule which no longer sees anything does not pass unnoticed.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { importsOf } from './imports.ts';
import {
  checkCycles,
  checkFace,
  checkHeaders,
  checkHouse,
  checkLengths,
  checkModulesFromOutside,
  checkRooms,
  type Tree,
} from './rules.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

function readTree(folder: string): Tree {
  const files = globSync('**/*.ts', { cwd: folder }).sort();
  return new Map(files.map((file) => [file.replaceAll('\\', '/'), readFileSync(join(folder, file), 'utf8')]));
}

function fakeTree(files: Record<string, string>): Tree {
  return new Map(Object.entries(files));
}

suite('the house', () => {
  test('keeps its rules', () => {
    const tree = readTree(join(root, 'src'));
    assert.ok(tree.has('index.ts'), 'src/ was not found');
    assert.deepEqual(checkHouse(tree), []);
  });

  test('has sources for everything that package.json offers', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      exports: Record<string, string | Record<string, string>>;
      bin: Record<string, string>;
    };
    const offered = [...Object.values(manifest.exports), manifest.bin].flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    );
    assert.ok(offered.length >= 6);
    const sources = offered.map((path) => path.replace(/^\.\/dist\/(.*?)(\.d\.ts|\.js)$/, 'src/$1.ts'));
    const missing = sources.filter((path) => globSync(path, { cwd: root }).length === 0);
    assert.deepEqual(missing, []);
  });

  test('names no registry in its lock files and npm settings', () => {
    const files = globSync('**/{package-lock.json,npm-shrinkwrap.json,.npmrc}', {
      cwd: root,
      exclude: (path) => path.endsWith('node_modules'),
    });
    assert.ok(files.includes('package-lock.json'));
    const named = files.filter((file) =>
      /"resolved":\s*"http|registry\s*=/.test(readFileSync(join(root, file), 'utf8')),
    );
    assert.deepEqual(named, []);
  });
});

suite('the rules see', () => {
  test('every form of import', () => {
    const source = [
      "/** import { no } from './comment.ts'; */",
      "import './a.ts';",
      "import one from './b.ts';",
      "import * as all from './c.ts';",
      "import one, { type two } from './d.ts';",
      'import {\n  one,\n  two,\n} from "./not-our-quotes.ts";',
      "import {\n  one,\n  two,\n} from './e.ts';",
      "import type { One } from './f.ts';",
      "export * from './g.ts';",
      "export * as all from './h.ts';",
      "export type { One } from './i.ts';",
      "// import { no } from './comment.ts';",
      "const lazy = await import('./j.ts');",
      " * import('./comment.ts')",
      "  // const lazy = await import('./comment.ts');",
      "let text = 'from **/*.ts';",
    ].join('\n');
    const kinds = importsOf(source).map(({ specifier, kind }) => `${specifier} ${kind}`);
    assert.deepEqual(kinds.sort(), [
      './a.ts value',
      './b.ts value',
      './c.ts value',
      './d.ts value',
      './e.ts value',
      './f.ts type',
      './g.ts value',
      './h.ts value',
      './i.ts type',
      './j.ts lazy',
    ]);
  });

  test('an import from a room further down, of a value, of a type, or lazy', () => {
    const tree = fakeTree({
      'core/task.ts': "import { Lock } from '../sync/lock.ts';",
      'core/future.ts': "import type { Lock } from '../sync/lock.ts';",
      'core/handle.ts': "type L = import('../sync/lock.ts').Lock;",
      'sync/lock.ts': "import { Task } from '../core/task.ts';",
      'sync/event.ts': "import { Lock } from './lock.ts';",
    });
    assert.deepEqual(checkRooms(tree), [
      'core/task.ts: imports sync/lock.ts, but core may not see sync',
      'core/future.ts: imports sync/lock.ts, but core may not see sync',
      'core/handle.ts: imports sync/lock.ts, but core may not see sync',
    ]);
  });

  test('an import from the room next door', () => {
    const tree = fakeTree({ 'http/a.ts': "import '../zmq/b.ts';", 'zmq/b.ts': '' });
    assert.deepEqual(checkRooms(tree), ['http/a.ts: imports zmq/b.ts, but http may not see zmq']);
  });

  test('a file in no room, an import of nothing and one from outside the sources', () => {
    const tree = fakeTree({
      'helpers/a.ts': '',
      'core/b.ts': "import './gone.ts';\nimport '../../test/x.ts';",
    });
    assert.deepEqual(checkRooms(tree), [
      'helpers/a.ts: stands in no room of the house',
      'core/b.ts: imports core/gone.ts, which does not exist',
      'core/b.ts: imports ../test/x.ts, which does not exist',
    ]);
  });

  test('a cycle, unless types alone close it', () => {
    const tree = fakeTree({
      'core/a.ts': "import { b } from './b.ts';",
      'core/b.ts': "import { c } from './c.ts';",
      'core/c.ts': "export * from './a.ts';",
      'core/d.ts': "import { e } from './e.ts';",
      'core/e.ts': "import type { d } from './d.ts';",
    });
    assert.deepEqual(checkCycles(tree), ['import cycle: core/a.ts -> core/b.ts -> core/c.ts -> core/a.ts']);
  });

  test('modules of Node in the core, and packages that would have to be installed', () => {
    const tree = fakeTree({
      'core/a.ts':
        "import { AsyncLocalStorage } from 'node:async_hooks';\nimport type { Socket } from 'node:net';",
      'host/b.ts': "import koffi from 'koffi';\nimport net from 'node:net';\nconst lazy = import('koffi');",
    });
    assert.deepEqual(checkModulesFromOutside(tree), [
      'core/a.ts: the core may not use node:net',
      'host/b.ts: needs the package koffi to be loaded at all',
    ]);
  });

  test('code on the public face', () => {
    const face =
      "/** Map. */\n// core\nexport {\n  a,\n} from './core/a.ts';\nexport type * from './core/b.ts';\n";
    assert.deepEqual(checkFace(fakeTree({ 'index.ts': face })), []);
    assert.deepEqual(checkFace(fakeTree({ 'index.ts': `${face}export const version = '1';\n` })), [
      "index.ts: holds more than re-exports: export const version = '1';",
    ]);
    assert.deepEqual(checkFace(fakeTree({ 'index.ts': `${face}import { a } from './core/a.ts';\n` })), [
      "index.ts: holds more than re-exports: import { a } from './core/a.ts';",
    ]);
  });

  test('a missing header', () => {
    const tree = fakeTree({
      'cli/main.ts': '#!/usr/bin/env node\n/** The program. */\n',
      'core/a.ts': '// A note is no header.\n',
      'core/b.ts': '/** Fine. */',
    });
    assert.deepEqual(checkHeaders(tree), ['core/a.ts: opens without a /** header']);
  });

  test('a file that has grown too long, and a reason that has outlived its file', () => {
    const tree = fakeTree({
      'core/long.ts': 'x\n'.repeat(501),
      'core/table.ts': 'x\n'.repeat(501),
      'core/short.ts': 'x\n'.repeat(500),
    });
    const long = { 'core/table.ts': 'one table', 'core/short.ts': 'was long', 'core/gone.ts': 'was there' };
    assert.deepEqual(checkLengths(tree, long), [
      'core/long.ts: has 501 lines, and no reason',
      'core/short.ts: is listed as long, and is not',
      'core/gone.ts: is listed as long, and is gone',
    ]);
  });
});
