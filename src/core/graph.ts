/**
 * Who waits for whom: the call graph of a task or future, and the await graph of a program that cannot go on.
 *
 * Nothing is recorded while tasks run: what a task waits for is a field of it, and who waits for a future stands among its callbacks. Only
 * futures that are awaited through callbacks of the library (`gather`, task groups) are noted by `futureAddToAwaitedBy`.
 * Source: Python docs, "Call Graph Introspection".
 */
import { entryBehind, Future } from './future.ts';
import { running } from './running.ts';
import { formatFrame, type StackFrame } from './stack.ts';
import { currentTask, Task } from './task.ts';

/** One frame of a coroutine's stack. */
export interface FrameCallGraphEntry {
  readonly frame: StackFrame;
}

/** A future, the stack of its coroutine (innermost first), and the graphs of those who wait for it. */
export interface FutureCallGraph {
  readonly future: Future<unknown>;
  readonly callStack: readonly FrameCallGraphEntry[];
  readonly awaitedBy: readonly FutureCallGraph[];
}

/** Note that `waiter` waits for `future` by other means than being suspended on it. */
export function futureAddToAwaitedBy(future: Future<unknown>, waiter: Future<unknown>): void {
  const known = future._awaitedBy;
  if (known === null) future._awaitedBy = waiter;
  else if (known instanceof Set) known.add(waiter);
  else if (known !== waiter) future._awaitedBy = new Set([known, waiter]);
}

/** Take back what `futureAddToAwaitedBy` noted. */
export function futureDiscardFromAwaitedBy(future: Future<unknown>, waiter: Future<unknown>): void {
  const known = future._awaitedBy;
  if (known === waiter) future._awaitedBy = null;
  else if (known instanceof Set) known.delete(waiter);
}

function awaitedBy(future: Future<unknown>): Set<Future<unknown>> {
  const known = future._awaitedBy;
  const waiters = new Set<Future<unknown>>(known === null ? [] : known instanceof Set ? known : [known]);
  for (const waiter of future._waiters()) {
    const entry = entryBehind(waiter);
    if (entry instanceof Task && entry._owner !== null) waiters.add(entry._owner);
  }
  return waiters;
}

/** How deep the stacks are shown. */
export interface CallGraphOptions {
  /** How many frames of each stack: positive for the innermost, negative for the outermost, 0 for none. */
  readonly limit?: number | undefined;
}

/**
 * The call graph of `future`, by default of the current task.
 * @returns `null` where there is no current task.
 */
export function captureCallGraph(
  future?: Future<unknown> | null,
  options: CallGraphOptions = {},
): FutureCallGraph | null {
  const start = future ?? (running.loop === null ? null : currentTask());
  if (start === null) return null;
  if (!(start instanceof Future)) throw new TypeError('a future or task is expected');
  return capture(start, options.limit, new Set());
}

function capture(
  future: Future<unknown>,
  limit: number | undefined,
  seen: Set<Future<unknown>>,
): FutureCallGraph {
  seen.add(future);
  const stack = future instanceof Task ? future.getStack().reverse() : [];
  const shown =
    limit === undefined ? stack : limit === 0 ? [] : limit > 0 ? stack.slice(0, limit) : stack.slice(limit);
  const by: FutureCallGraph[] = [];
  for (const waiter of awaitedBy(future)) if (!seen.has(waiter)) by.push(capture(waiter, limit, seen));
  return { future, callStack: shown.map((frame) => ({ frame })), awaitedBy: by };
}

/** The call graph of `future`, by default of the current task, as text. Empty where there is none. */
export function formatCallGraph(future?: Future<unknown> | null, options: CallGraphOptions = {}): string {
  const graph = captureCallGraph(future, options);
  return graph === null ? '' : writeGraph(graph, 0).join('\n');
}

/** Print the call graph of `future`, by default of the current task, to `file` or the standard output. */
export function printCallGraph(
  future?: Future<unknown> | null,
  options: CallGraphOptions & { readonly file?: { write(text: string): unknown } } = {},
): void {
  const text = formatCallGraph(future, options);
  if (options.file === undefined) console.log(text);
  else options.file.write(`${text}\n`);
}

function writeGraph(graph: FutureCallGraph, depth: number): string[] {
  const indent = '  '.repeat(depth);
  const { future } = graph;
  const lines = [
    `${indent}* ${future instanceof Task ? `Task(name='${future.getName()}')` : future.constructor.name}`,
  ];
  if (graph.callStack.length > 0) {
    lines.push(
      `${indent}  + Call stack:`,
      ...graph.callStack.map(({ frame }) => `${indent}  |${formatFrame(frame)}`),
    );
  }
  if (graph.awaitedBy.length > 0) lines.push(`${indent}  + Awaited by:`);
  for (const waiter of graph.awaitedBy) lines.push(...writeGraph(waiter, depth + 2));
  return lines;
}

/** What each of `tasks` waits for, a line each, with the stack where it is known. */
export function formatAwaitGraph(tasks: readonly Task<unknown>[]): string {
  const lines: string[] = [];
  for (const task of tasks) {
    const waits = task._waitsFor().map(describeWait);
    lines.push(
      `  ${task.getName()} waits for ${waits.length === 0 ? 'a promise of its async function' : waits.join(' and ')}`,
    );
    for (const frame of task.getStack().reverse()) lines.push(`    ${formatFrame(frame)}`);
  }
  return lines.length === 0 ? '  (no task is pending)' : lines.join('\n');
}

function describeWait(future: Future<unknown>): string {
  if (future instanceof Task) return future.getName();
  const others = [...awaitedBy(future)].length;
  return `${future.constructor.name}${others > 1 ? ` (with ${others - 1} more)` : ''}`;
}
