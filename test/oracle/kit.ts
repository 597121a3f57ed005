/**
 * What the TypeScript programs of the oracle share: registration, and the few words they print with. The same names stand in kit.py.
 *
 * A program is written once, in generators, and runs in three styles. The text is read a second time with `async function` for `function*`
 * and `await` for `yield*` (harness.ts does that), and `co` makes of a function what the style in use calls a coroutine function:
 * - `generator`: calling it gives a bare generator;
 * - `coroutine`: the same function under `asyncio.coroutine`, calling it gives a lazy coroutine object;
 * - `async`: an async function under `asyncio.coroutine`.
 *
 * Programs run one after the other, so that the style, the lines and the loop can stand in variables of this module.
 */
import * as asyncio from '../../src/index.ts';
import { newVirtualLoop } from '../../src/testing/index.ts';

export const STYLES = ['generator', 'coroutine', 'async'] as const;
export type Style = (typeof STYLES)[number];
/** The two texts of a program. */
export type Text = 'generator' | 'async';

export type Main = () => asyncio.Coroutine<unknown> | Promise<unknown>;

/** One registered program: a main coroutine function, or, as a script, a function that makes and runs its own loops. */
export interface Program extends Limits {
  readonly body: Main;
  readonly isScript: boolean;
  /** Needs the world outside: real sockets, real processes, the system's clock. */
  readonly isLive: boolean;
}

/** Where a program cannot be compared. */
export interface Limits {
  /** Why async functions cannot behave so in JavaScript. */
  readonly notAsync?: string;
  /** Works on sockets of its own, which only the epoll reactor has. */
  readonly needsRawSockets?: boolean;
}

/** Something that programs hand to each other to be awaited. */
export type Waited<T = unknown> = asyncio.Coroutine<T> | asyncio.Awaitable<T>;

/** A class of errors. */
export type ErrorClass = abstract new (...args: never[]) => Error;

const registered: Record<Text, Map<string, Program>> = { generator: new Map(), async: new Map() };
let textNow: Text = 'generator';
let style: Style = 'generator';
let lines: string[] = [];

/** Registers a coroutine function that becomes the main task of a virtual loop. */
export function program(name: string, body: Main, limits: Limits = {}): void {
  register(name, { body, isScript: false, isLive: false, ...limits });
}

/** Registers a coroutine function that becomes the main task of a real loop, with real sockets and processes. */
export function live(name: string, body: Main, limits: Limits = {}): void {
  register(name, { body, isScript: false, isLive: true, ...limits });
}

/** Registers a function that makes and closes its own loops. */
export function script(name: string, body: () => Promise<unknown>): void {
  register(name, { body, isScript: true, isLive: false });
}

function register(name: string, program: Program): void {
  const programs = registered[textNow];
  if (programs.has(name)) throw new Error(`two programs are called '${name}'`);
  programs.set(name, program);
}

/** Loads a module whose programs are to be registered under `next`. */
export async function registering(next: Text, load: () => Promise<unknown>): Promise<void> {
  textNow = next;
  await load();
}

/** The programs of one style, by name. */
export function programsOf(wanted: Style): ReadonlyMap<string, Program> {
  return registered[wanted === 'async' ? 'async' : 'generator'];
}

/** Starts a run in a style. @returns the lines it will print. */
export function begin(next: Style): readonly string[] {
  style = next;
  lines = [];
  return lines;
}

/** A coroutine function, as the style in use has them. */
export function co<A extends readonly unknown[], T>(
  fn: (...args: A) => Generator<asyncio.Suspension, T, unknown>,
): (...args: A) => asyncio.Coroutine<T> {
  const wrapped = asyncio.coroutine(fn);
  return (...args) =>
    style === 'generator' ? fn(...args) : (wrapped(...args) as unknown as asyncio.Coroutine<T>);
}

/** Prints one line, as Python's `print` would for these values. */
export function print(...values: readonly unknown[]): void {
  lines.push(...values.map(plain).join(' ').split('\n'));
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : py(value);
}

/** A value as Python's `repr` writes it: numbers, strings, booleans, nothing, and lists of them. */
export function py(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return value.includes("'") ? `"${value}"` : `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(py).join(', ')}]`;
  return String(value);
}

/** Text as bytes, a byte a character. */
export function bytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** Bytes as they are written here: text, with its ends of lines made visible. */
export function text(data: Uint8Array): string {
  return py(Buffer.from(data).toString('latin1')).replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}

/** The name of the class of an error. */
export function kind(error: unknown): string {
  return error instanceof Error ? error.name : `no error but ${typeof error}`;
}

/** `Class: message`, or the class alone where there is no message. */
export function show(error: unknown): string {
  if (error instanceof asyncio.BaseExceptionGroup) return error.toString();
  return error instanceof Error && error.message !== '' ? `${error.name}: ${error.message}` : kind(error);
}

/** An exception group as one line, its members in the order of their texts. */
export function leaves(error: unknown): string {
  if (!(error instanceof asyncio.BaseExceptionGroup)) return show(error);
  return `${kind(error)}[${error.exceptions.map(leaves).sort().join(', ')}]`;
}

/** `except Class`: lets all others pass. */
export function only<E extends ErrorClass>(
  error: unknown,
  ...classes: readonly E[]
): asserts error is InstanceType<E> {
  if (!classes.some((each) => error instanceof each)) throw error;
}

/** One line on where a future or task stands. Retrieves its exception. */
export function state(future: asyncio.Future<unknown>): string {
  if (!future.done()) return 'pending';
  if (future.cancelled()) return 'cancelled';
  const exception = future.exception();
  return exception === null ? `result ${plain(future.result())}` : show(exception);
}

/** The time of the running loop, with two decimals. */
export function at(): string {
  return asyncio.getRunningLoop().time().toFixed(2);
}

/** The task that runs now. */
export function me(): asyncio.Task<unknown> {
  const task = asyncio.currentTask();
  if (task === null) throw new Error('no task is running');
  return task;
}

/** Ends a coroutine that is not to run, so that nobody complains that it was never awaited. */
export function discard(coroutine: Waited): void {
  (coroutine as asyncio.Coroutine<unknown>).return?.(undefined);
}

/** 0, 1, ... up to, but not including, `count`. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** A fresh virtual loop, as a loop factory. */
export function virtualLoop(): asyncio.EventLoop {
  return newVirtualLoop();
}

/** `asyncio.run` on a virtual loop. */
export function run<T>(main: asyncio.CoroutineLike<T>): Promise<T> {
  return asyncio.run(main, { loopFactory: virtualLoop });
}
