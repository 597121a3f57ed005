/**
 * Runs the programs of the tour one after the other, for real, shows what each prints as it comes, and compares it with what it should print.
 *
 * While a program runs, whatever goes to the console is its output: errors that the event loop reports count too, so a program that
 * prints the right lines and fails in the background is found out. A program that does not end ends the tour.
 */

import { format } from 'node:util';
import { difference } from './expectation.ts';
import type { Program } from './program.ts';

const WIDTH = 100;

/** The programs, by the names of their files. */
export type Programs = Readonly<Record<string, Program>>;

/** One version of one program that has run. */
interface Run {
  readonly name: string;
  readonly style: string;
  readonly seconds: number;
  /** What it printed against what it should have; `null` where that is the same. */
  readonly difference: readonly string[] | null;
  readonly ended: boolean;
}

const say = (line = '') => process.stdout.write(`${line}\n`);

/**
 * Run `programs` and show it all.
 * @param options.limit how long one version of a program may take, in seconds.
 * @returns whether every one printed what it should.
 */
export async function runTour(programs: Programs, { limit = 60 } = {}): Promise<boolean> {
  const runs: Run[] = [];
  for (const [name, program] of Object.entries(programs)) {
    say(`\n${`━━ ${name} ─ ${program.title} `.padEnd(WIDTH, '━')}`);
    const reason = program.skip?.() ?? false;
    if (reason !== false) {
      say(`  skipped: ${reason}`);
      continue;
    }
    for (const [style, version] of versionsOf(program)) {
      say(`  ── ${style}`);
      const run = await runOne(name, style, version, program.output, limit);
      runs.push(run);
      if (!run.ended) return close(programs, runs);
    }
  }
  return close(programs, runs);
}

function versionsOf(program: Program): [style: string, version: () => Promise<void>][] {
  const { generators, asyncFunctions } = program;
  return asyncFunctions === undefined
    ? [['generators', generators]]
    : [
        ['generators', generators],
        ['async functions', asyncFunctions],
      ];
}

async function runOne(
  name: string,
  style: string,
  version: () => Promise<void>,
  output: Program['output'],
  limit: number,
): Promise<Run> {
  const lines: string[] = [];
  const console = listen((line) => {
    lines.push(line);
    say(`  │ ${line}`);
  });
  const started = performance.now();
  let ended = false;
  try {
    ended = await inTime(version(), limit);
    if (!ended) console.hear(`it has not ended after ${limit} seconds`);
  } catch (error) {
    ended = true;
    console.hear('it failed:', error);
  } finally {
    console.release();
  }
  const seconds = (performance.now() - started) / 1000;
  return { name, style, seconds, difference: difference(output, lines), ended };
}

/** Wait for `run`, but not for ever. @returns whether it ended. */
async function inTime(run: Promise<void>, limit: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(late.resolve, limit * 1000, false);
  try {
    return await Promise.race([run.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Take each line that goes to the console, until `release()`. */
function listen(take: (line: string) => void) {
  const { log, warn, error } = console;
  const hear = (...values: unknown[]) => {
    for (const line of format(...values).split('\n')) take(line);
  };
  Object.assign(console, { log: hear, warn: hear, error: hear });
  return { hear, release: () => Object.assign(console, { log, warn, error }) };
}

/** The closing table, what differs, and the summary. */
function close(programs: Programs, runs: readonly Run[]): boolean {
  const different = runs.filter((run) => run.difference !== null);
  say();
  for (const line of table(Object.keys(programs), runs)) say(line);
  for (const run of different) {
    say(`\n${run.name}, ${run.style}: "-" should have been printed, "+" should not`);
    for (const line of run.difference ?? []) say(`  ${line}`);
  }
  const seconds = runs.reduce((sum, run) => sum + run.seconds, 0);
  const verdict =
    different.length === 0
      ? 'each printed what it should'
      : `${different.length} DIFFERENT from what it should be`;
  say(
    `\n${Object.keys(programs).length} programs, ${runs.length} runs, ${seconds.toFixed(1)} s: ${verdict}.`,
  );
  return different.length === 0;
}

function table(names: readonly string[], runs: readonly Run[]): string[] {
  const rows = names.map((name) => {
    const own = runs.filter((run) => run.name === name);
    const verdict = own.every((run) => run.difference === null) ? 'ok' : 'DIFFERENT';
    return [
      name,
      own.map((run) => run.style).join(', '),
      own.map((run) => `${run.seconds.toFixed(2)} s`).join(', '),
      own.length === 0 ? 'not run' : verdict,
    ];
  });
  const head = ['program', 'styles', 'time', 'output'];
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  const rule = widths.map((width) => '─'.repeat(width));
  return [head, rule, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}
