/**
 * Programs in processes of their own: for what ends a process, or takes signals. The test and its child keep step by what the child prints; nobody
 * sleeps.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

const index = new URL('../src/index.ts', import.meta.url).href;
/** Long enough for the slowest machine; a child that takes longer hangs. */
const PATIENCE_MS = 30_000;

export interface Ended {
  /** The exit status, or the signal that ended the process. */
  readonly status: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildOptions {
  /** More of the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node's. */
  readonly flags?: readonly string[];
  /** How many descriptors it can have open: needs `prlimit`. */
  readonly descriptors?: number;
}

/** A program that is running. */
export class Child {
  readonly #process: ChildProcessByStdio<null, Readable, Readable>;
  readonly #ended: Promise<Ended>;
  #stdout = '';
  #stderr = '';
  #heard: (() => void)[] = [];
  #over = false;

  /** @param code the text of a module, in TypeScript; `asyncio` is there. */
  constructor(code: string, { env = {}, flags = [], descriptors }: ChildOptions = {}) {
    const text = `import * as asyncio from ${JSON.stringify(index)};\n${code}`;
    const limit = descriptors === undefined ? [] : ['prlimit', `--nofile=${descriptors}:${descriptors}`];
    const node = [process.execPath, ...flags, '--input-type=module-typescript', '--eval', text];
    const [program, ...args] = [...limit, ...node] as [string, ...string[]];
    this.#process = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: '' },
      timeout: PATIENCE_MS,
      killSignal: 'SIGKILL',
    });
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#tell();
    });
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#tell();
    });
    this.#ended = new Promise((resolve, reject) => {
      this.#process.on('error', reject);
      this.#process.on('close', (status, signal) => {
        this.#over = true;
        this.#tell();
        resolve({ status: status ?? signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  #tell(): void {
    for (const heard of this.#heard.splice(0)) heard();
  }

  /** What it has printed so far. */
  get stdout(): string {
    return this.#stdout;
  }

  /** What it has complained of so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Wait until the child has printed a line of JSON that has `name`, and give its value. */
  async tells<T>(name: string): Promise<T> {
    for (;;) {
      for (const line of this.#stdout.split('\n').slice(0, -1)) {
        const told = line.startsWith('{') ? (JSON.parse(line) as Record<string, T>) : {};
        if (name in told) return told[name] as T;
      }
      if (this.#over) throw new Error(`the child ended without '${name}':\n${this.#stdout}${this.#stderr}`);
      await new Promise<void>((resolve) => this.#heard.push(resolve));
    }
  }

  /** Wait until the child has printed `text`. */
  async says(text: string): Promise<void> {
    while (!this.#stdout.includes(text) && !this.#stderr.includes(text)) {
      if (this.#over)
        throw new Error(`the child ended without saying '${text}':\n${this.#stdout}${this.#stderr}`);
      await new Promise<void>((resolve) => this.#heard.push(resolve));
    }
  }

  /** What the first group of `pattern` is in what the child has printed. */
  word(pattern: RegExp): string {
    return pattern.exec(this.#stdout)?.[1] ?? '';
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Wait until it has ended. */
  ended(): Promise<Ended> {
    return this.#ended;
  }
}

/** Run a program to its end. */
export function runProgram(code: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new Child(code, { env }).ended();
}
