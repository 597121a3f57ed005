/**
 * A project in a temporary folder, as a user of the package has one, and the `asyncio` program run in it.
 *
 * `node_modules/asyncio-ts` is a link to this repository, so program and files share one copy of the library: the one in `dist/`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(root, 'dist', 'cli', 'main.js');

/** What a run of the program left behind. */
export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Project {
  readonly folder: string = realpathSync(mkdtempSync(join(tmpdir(), 'asyncio-cli-')));

  /** Make a project; it goes away with the suite or file that it is made in. */
  constructor() {
    mkdirSync(join(this.folder, 'node_modules'));
    symlinkSync(root, join(this.folder, 'node_modules', 'asyncio-ts'), 'dir');
    after(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  /** Give the project a copy of the library of its own. */
  useOwnCopy(): void {
    const copy = join(this.folder, 'node_modules', 'asyncio-ts');
    rmSync(copy);
    mkdirSync(copy);
    cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
    cpSync(join(root, 'package.json'), join(copy, 'package.json'));
  }

  write(name: string, source: string): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, source);
    return name;
  }

  /** Start `asyncio` with these arguments. */
  start(args: readonly string[], nodeOptions: readonly string[] = []): Run {
    return new Run(spawn(process.execPath, [...nodeOptions, program, ...args], { cwd: this.folder }));
  }

  /** Write a file with this source and `asyncio run` it to its end. */
  run(source: string, args: readonly string[] = [], name = 'program.mjs'): Promise<Result> {
    return this.start(['run', this.write(name, source), ...args]).ended;
  }
}

/** A run of the program. */
export class Run {
  readonly ended: Promise<Result>;
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';
  #watchers: (() => void)[] = [];

  constructor(child: ChildProcess) {
    this.#child = child;
    (child.stdout as Readable).setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      for (const watcher of this.#watchers) watcher();
    });
    (child.stderr as Readable).setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, stdout: this.#stdout, stderr: this.#stderr }));
    });
  }

  /** Resolves when the program has printed `text`. */
  printed(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.#stdout.includes(text)) resolve();
      };
      this.#watchers.push(look);
      void this.ended.then(() => reject(new Error(`ended without printing ${text}:\n${this.#stderr}`)));
      look();
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}
