/**
 * Makes programs of the examples, type-checks them all at once, and runs them one by one, against the library as it is built in `dist/`.
 *
 * An example with an import, or with a call of `run` and the like, is a whole program. Any other is the body of a coroutine: of a generator function
 * where it has `yield*` of its own, else of an async function. What it uses without declaring it comes from `cast.ts`. What it states is held against
 * what happens:
 *
 *     call();                   // -> value         what `util.inspect` shows
 *     call();                   // throws: Name: message
 *     console.log(...);         // prints: text     all of these of an example, from top to bottom, are all that it prints;
 *     // prints:                                    or all of it in one place
 *     //   one line
 *     //   another
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import type { Block } from './blocks.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const here = import.meta.dirname;

/** What the program printed, and how it ended. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder with the examples as programs. */
export class Programs {
  readonly #folder = realpathSync(mkdtempSync(join(tmpdir(), 'asyncio-examples-')));
  readonly #names = new Map<Block, string>();

  constructor(blocks: readonly Block[], cast: readonly string[]) {
    for (const [index, block] of blocks.entries()) {
      const folder = block.mode === 'real-time' ? 'real' : 'virtual';
      const name = `${folder}/${block.file.replaceAll(/[^\w.]/g, '-')}-${index}.ts`;
      this.#names.set(block, name);
      this.#write(name, programOf(block, cast));
    }
    for (const folder of ['real', 'virtual']) {
      for (const name of ['cast.ts', 'checks.ts']) cpSync(join(here, name), join(this.#folder, folder, name));
    }
    this.#write('package.json', '{ "type": "module" }');
    this.#write('tsconfig.json', JSON.stringify(SETTINGS));
    mkdirSync(join(this.#folder, 'real', 'node_modules'));
    symlinkSync(root, join(this.#folder, 'real', 'node_modules', 'asyncio-ts'), 'dir');
    const library = 'virtual/node_modules/asyncio-ts';
    this.#write(`${library}/package.json`, VIRTUAL_PACKAGE);
    this.#write(`${library}/index.mjs`, VIRTUAL_LIBRARY);
    this.#write(`${library}/databases.mjs`, `export * from '${built('databases/index.js')}';\n`);
    this.#write(`${library}/futures.mjs`, `export * from '${built('executors/index.js')}';\n`);
    this.#write(`${library}/testing.mjs`, `export * from '${built('testing/index.js')}';\n`);
  }

  #write(name: string, text: string): void {
    const path = join(this.#folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
  }

  /** What the compiler complains about, for each block that it complains about. */
  typecheck(): Map<Block, string[]> {
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', this.#folder, '--pretty', 'false'], {
      cwd: this.#folder,
      encoding: 'utf8',
    });
    const complaints = new Map<Block, string[]>();
    const byName = new Map([...this.#names].map(([block, name]) => [name, block]));
    for (const line of stdout.split('\n')) {
      const match = /^(.*?)\((\d+),(\d+)\): (.*)$/.exec(line);
      if (match === null) continue;
      const [, name = '', number = '', column = '', message = ''] = match;
      const block = byName.get(name);
      if (block === undefined) throw new Error(line);
      complaints.set(block, [
        ...(complaints.get(block) ?? []),
        `${block.file}:${number}:${column}: ${message}`,
      ]);
    }
    if (status !== 0 && complaints.size === 0) throw new Error(stdout);
    return complaints;
  }

  run(block: Block): Promise<Outcome> {
    const path = join(this.#folder, this.#names.get(block) as string);
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path], {
        timeout: 60_000,
      });
      const texts = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].setEncoding('utf8').on('data', (text: string) => {
          texts[name] += text;
        });
      }
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, ...texts }));
    });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** What the example says that it prints, or `null` where it says nothing of it. */
export function printedBy({ code }: Block): string | null {
  const said: string[] = [];
  const lines = code.split('\n');
  for (const [index, line] of lines.entries()) {
    const text = /\/\/ prints:(?: (.*))?$/.exec(line);
    if (text === null) continue;
    if (text[1] !== undefined) {
      said.push(text[1]);
      continue;
    }
    for (const next of lines.slice(index + 1)) {
      const inList = /^\s*\/\/ {3}(.*)$/.exec(next)?.[1];
      if (inList === undefined) break;
      said.push(inList);
    }
  }
  return said.length === 0 ? null : said.map((line) => `${line}\n`).join('');
}

function built(path: string): string {
  return pathToFileURL(join(root, 'dist', path)).href;
}

const SETTINGS = {
  extends: join(root, 'tsconfig.base.json'),
  compilerOptions: {
    noEmit: true,
    noImplicitReturns: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
    typeRoots: [join(root, 'node_modules', '@types')],
    paths: {
      'asyncio-ts': [join(root, 'dist/index.d.ts')],
      'asyncio-ts/distributed': [join(root, 'dist/executors/distributed/index.d.ts')],
      'asyncio-ts/futures': [join(root, 'dist/executors/index.d.ts')],
      'asyncio-ts/*': [join(root, 'dist/*/index.d.ts')],
    },
  },
  include: ['*/*.ts'],
};

const VIRTUAL_PACKAGE = JSON.stringify({
  name: 'asyncio-ts',
  type: 'module',
  exports: {
    '.': './index.mjs',
    './databases': './databases.mjs',
    './futures': './futures.mjs',
    './testing': './testing.mjs',
  },
});

/** The library, but every loop that is not asked for otherwise is in virtual time: what takes a second in the examples takes none here. */
const VIRTUAL_LIBRARY = `
import * as asyncio from '${built('index.js')}';
import { newVirtualLoop } from '${built('testing/index.js')}';
export * from '${built('index.js')}';
export const newEventLoop = (options = {}) =>
  options.reactor === undefined ? newVirtualLoop() : asyncio.newEventLoop(options);
export const run = (main, options = {}) => asyncio.run(main, { loopFactory: newVirtualLoop, ...options });
export class Runner extends asyncio.Runner {
  constructor(options = {}) {
    super({ loopFactory: newVirtualLoop, ...options });
  }
}
`;

/** What stands in whole programs only. */
const PROGRAM =
  /^import |\basyncio\.(?:run|attach|Runner)\(|\b(?:runVirtual|runVirtualSync|runUntilComplete|vtest)\(/m;

/** What an example may use of `asyncio-ts/futures` without importing it. */
const FUTURES = [
  'currentJob',
  'job',
  'ProcessPoolExecutor',
  'registerErrors',
  'ThreadPoolExecutor',
  'transfer',
];

/** The program, with each line of the example on the line that it has in its file. */
function programOf(block: Block, cast: readonly string[]): string {
  const code = block.code.split('\n').map(withCheck).join('\n');
  const padding = '\n'.repeat(block.line - 2);
  const checks = "import { $check, $notThrown, $thrown } from './checks.ts';";
  if (/from 'asyncio-ts'/.test(block.code)) return `${checks}${padding}\n${code}\n`;
  const own = new Set(
    [...code.matchAll(/^\s*(?:async )?(?:const|let|function\*?|class) (\w+)/gm)].map(([, name]) => name),
  );
  const used = cast.filter((name) => !own.has(name) && new RegExp(`\\b${name}\\b`).test(block.code));
  const ofFutures = /from 'asyncio-ts\/futures'/.test(block.code)
    ? []
    : FUTURES.filter((name) => !own.has(name) && new RegExp(`\\b${name}\\b`).test(block.code));
  const prelude = [
    checks,
    ...(ofFutures.length === 0 ? [] : [`import { ${ofFutures.join(', ')} } from 'asyncio-ts/futures';`]),
    "import * as asyncio from 'asyncio-ts';",
    "import { newVirtualLoop, runVirtual, VirtualClock, virtualTest } from 'asyncio-ts/testing';",
    `import { ${used.join(', ')} } from './cast.ts';`,
  ].join(' ');
  if (PROGRAM.test(block.code)) return `${prelude}${padding}\n${code}\nexport {};\n`;
  if (block.mode === 'no-run' || block.mode === 'wrong')
    return `${prelude}${padding} async function* body() {\n${code}\n}\n`;
  const head = hasYield(code) ? 'function* (): asyncio.Coroutine<unknown>' : 'async ()';
  const arrow = head.startsWith('async') ? ' =>' : '';
  return `${prelude}${padding} await asyncio.run(${head}${arrow} {\n${code}\nreturn;\n});\n`;
}

/** Has the code a `yield*` that is in none of its own functions? In an async function that would be a syntax error. */
function hasYield(code: string): boolean {
  try {
    new Script(`'use strict'; async () => {${stripTypeScriptTypes(`async () => {${code}\n}`)}}`);
    return false;
  } catch {
    return true;
  }
}

/** A line with what it states turned into a check of it. */
function withCheck(line: string): string {
  const throws = /^(\s*)(.*;)\s*\/\/ throws: (.*)$/.exec(line);
  if (throws !== null) {
    const [, indent, call, text] = throws;
    const shown = JSON.stringify(text);
    return `${indent}try { ${call} $notThrown(${shown}); } catch (error) { $thrown(error, ${shown}); }`;
  }
  const is = /^(\s*(?:return |(?:const|let) [^=]+ = )?)(.*);\s*\/\/ -> (.*)$/.exec(line);
  if (is === null) return line;
  const [, before, value, text] = is;
  return `${before}$check(${value}, ${JSON.stringify(text)});`;
}
