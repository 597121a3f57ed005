/**
 * One file of the suite in one process: `node worker.ts FILE SUITE [--node] [--skip JSON]` starts CPython in WebAssembly, runs the file's tests, and
 * writes their outcomes, as JSON, to the standard output. Progress goes to the file descriptor 3 where there is one.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findProgram } from '../../scripts/programs.ts';
import './private-fields.ts';

/** What is used of Pyodide. */
interface Pyodide {
  readonly FS: { mkdirTree(path: string): void };
  readonly globals: { set(name: string, value: unknown): void };
  mountNodeFS(path: string, hostPath: string): void;
  registerJsModule(name: string, module: object): void;
  toPy(value: unknown): unknown;
  runPythonAsync(code: string): Promise<unknown>;
}

interface PyodideModule {
  loadPyodide(options: object): Promise<Pyodide>;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'boolean', default: false },
    skip: { type: 'string', default: '[]' },
    only: { type: 'string', multiple: true, default: [] },
    progress: { type: 'boolean', default: false },
  },
});
const [file, suite] = positionals;
if (file === undefined || suite === undefined) throw new Error('usage: node worker.ts FILE SUITE');

const bridge = await import('./bridge.ts');
const here = new URL('.', import.meta.url).pathname;
const print = console.error.bind(console);
const module = (await import(`${here}../node_modules/pyodide/pyodide.mjs`)) as PyodideModule;
const python = await module.loadPyodide({
  env: { HOME: '/' },
  stdout: print,
  stderr: print,
});
// Sockets and programs that tests make in the file system are outside of WebAssembly: both sides must call these folders by one name.
const temporary = mkdtempSync(join(tmpdir(), 'asyncio-ts-'));
process.on('exit', () => rmSync(temporary, { recursive: true, force: true }));
for (const [path, hostPath] of [
  ['/shim', `${here}python`],
  [suite, suite],
  [temporary, temporary],
] as const) {
  python.FS.mkdirTree(path);
  python.mountNodeFS(path, hostPath);
}
bridge.setDrive(values.node ? 'node' : 'virtual');
python.registerJsModule('_jsasyncio', bridge.forPython(bridge));
python.globals.set('FILE', file);
python.globals.set('NODE', values.node);
python.globals.set('SUITE', suite);
python.globals.set('TEMPORARY', temporary);
process.chdir(temporary);
python.globals.set('PYTHON', machinesPython());
python.globals.set('ONLY', python.toPy(values.only));
python.globals.set('SKIP', python.toPy(JSON.parse(values.skip)));
python.globals.set('PROGRESS', (name: string) => {
  if (values.progress) writeSync(3, `${name}\n`);
});
try {
  const report = await python.runPythonAsync(readFileSync(`${here}python/main.py`, 'utf8'));
  writeSync(1, `${report}\n`);
  process.exit(0);
} catch (error) {
  print(String(error instanceof Error ? error.message : error).slice(-6000));
  process.exit(2);
}

/** The Python that tests run as a program; not what stands for it on the PATH, which may need an environment of its own. */
function machinesPython(): string {
  const found = findProgram('python3');
  if (found === undefined) return '';
  return execFileSync(found, ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
}
