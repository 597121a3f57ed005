/**
 * Stacks of suspended coroutines, as frames with a name and, where it is known, a file and line.
 *
 * In debug mode a frame comes from the JavaScript stack at the moment of suspension: a generator that awaits through `yield*` is then a
 * real frame. Without it, coroutines made by `coroutine()` are known by name. Source: Python docs, `Task.get_stack`.
 */
import { type CoroutineObject, FunctionCoroutine } from './coroutine.ts';

/** One coroutine, or one function, of a stack. */
export interface StackFrame {
  /** The function's name, or `'<anonymous>'`. */
  readonly name: string;
  /** Its file, as a path or URL, where it is known. */
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
}

const FRAME = /^\s*at (?:async )?(?:(.*?) \()?(.*?):(\d+):(\d+)\)?$/;
/** Frames of the library itself, and of Node's internals, tell nothing about a user's program. */
const home: string = new URL('../', import.meta.url).href;

/** The user's frames of a stack text, innermost first. */
export function parseStack(stack: string | undefined): StackFrame[] {
  const frames: StackFrame[] = [];
  for (const text of (stack ?? '').split('\n')) {
    const match = FRAME.exec(text);
    if (match === null) continue;
    const [, name, file, line, column] = match;
    if (file === undefined || file.startsWith(home) || file.startsWith('node:')) continue;
    frames.push({
      name: name?.replace(/ \[as .*\]$/, '').replace(/\.next$/, '') || '<anonymous>',
      file,
      line: Number(line),
      column: Number(column),
    });
  }
  return frames;
}

/** The user's part of the current stack, as text, innermost frame first. `skip` is left out with everything above it. */
export function captureStack(skip: (...args: never[]) => unknown): string {
  const holder: { stack?: string } = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 50;
  Error.captureStackTrace(holder, skip);
  Error.stackTraceLimit = limit;
  return (holder.stack ?? '')
    .split('\n')
    .slice(1)
    .filter((line) => !line.includes(home) && !line.includes('(node:') && !line.includes('at node:'))
    .join('\n');
}

/** The tracked coroutines from `coro` inwards. */
export function framesOf(coro: CoroutineObject<unknown> | null): StackFrame[] {
  const frames: StackFrame[] = [];
  for (let frame = coro; frame !== null; frame = frame instanceof FunctionCoroutine ? frame._inner : null) {
    frames.push({ name: frame.name, file: undefined, line: undefined, column: undefined });
  }
  return frames;
}

/** A frame as one line, after the manner of Node. */
export function formatFrame(frame: StackFrame): string {
  return frame.file === undefined
    ? `  at ${frame.name}`
    : `  at ${frame.name} (${frame.file}:${frame.line}:${frame.column})`;
}

/** Write a title and a stack, to the standard error output unless a file is given. */
export function writeStack(
  title: string,
  frames: readonly StackFrame[],
  file?: { write(text: string): unknown },
): void {
  const text = [title, ...frames.map(formatFrame)].join('\n');
  if (file === undefined) console.error(text);
  else file.write(`${text}\n`);
}
