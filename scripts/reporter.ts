/**
 * What `npm test` prints of a run of `node:test`: a line for each file, and under it every failure in full, every skip
 * with its reason, and what the file's process wrote.
 *
 * No failure is silent and no skip goes uncounted: a file that cannot be loaded or whose process ends badly is a failure,
 * an error that comes up after its test has ended is shown, and a skipped suite counts, which `node:test` leaves out.
 */
import { relative } from 'node:path';
import type { run } from 'node:test';
import { inspect } from 'node:util';
import { root } from './shell.ts';

type TestsStream = ReturnType<typeof run>;

export interface Totals {
  tests: number;
  passed: number;
  failed: number;
  /** Skipped, or marked as to do. */
  skipped: number;
}

/** What is known of a test file while it runs. */
interface FileReport {
  tests: number;
  failed: boolean;
  readonly lines: string[];
}

/** What the events that belong to a file have in common. */
interface FileEvent {
  readonly name?: string;
  readonly nesting?: number;
  /** Where the test is written, which is not the file that runs when a suite is shared. */
  readonly file?: string | undefined;
  readonly entryFile?: string;
}

/** Prints the run as it goes; resolves with the totals when it has ended. */
export function report(stream: TestsStream, print: (text: string) => void): Promise<Totals> {
  const totals: Totals = { tests: 0, passed: 0, failed: 0, skipped: 0 };
  const reports = new Map<string, FileReport>();

  const reportOf = (event: FileEvent): FileReport => {
    const file = event.entryFile ?? event.file ?? '';
    const known = reports.get(file) ?? { tests: 0, failed: false, lines: [] };
    reports.set(file, known);
    return known;
  };
  const count = (event: FileEvent, outcome: 'passed' | 'failed' | 'skipped'): FileReport => {
    const file = reportOf(event);
    totals.tests += 1;
    totals[outcome] += 1;
    if (!isFile(event)) file.tests += 1;
    if (outcome === 'failed') file.failed = true;
    return file;
  };

  stream.on('test:pass', (event) => {
    const remark = reason('skipped', event.skip) ?? reason('to do', event.todo);
    if (remark !== undefined) count(event, 'skipped').lines.push(`    - ${event.name} (${remark})`);
    else if (event.details.type !== 'suite' && !isFile(event)) count(event, 'passed');
  });

  stream.on('test:fail', (event) => {
    const { error } = event.details;
    // A suite, or a file, fails along with the tests inside it, which have been counted already.
    if ((error as { failureType?: string }).failureType === 'subtestsFailed') return;
    if (isFile(event) && reportOf(event).failed) return;
    const where = isFile(event) ? 'the file itself' : `${event.name} (line ${event.line})`;
    count(event, 'failed').lines.push(indent(`✖ ${where}\n${indent(describe(error), 2)}`, 4));
  });

  stream.on('test:diagnostic', (event) => {
    if (event.file !== undefined) reportOf(event).lines.push(indent(`ℹ ${event.message}`, 4));
  });
  stream.on('test:stdout', (event) => reportOf(event).lines.push(event.message.trimEnd()));
  stream.on('test:stderr', (event) => reportOf(event).lines.push(event.message.trimEnd()));

  stream.on('test:complete', (event) => {
    // The failure of the file itself is reported right after its completion.
    if (isFile(event)) setImmediate(() => printFile(event.name, event.details.duration_ms));
  });
  const printFile = (file: string, duration: number): void => {
    const { tests, failed, lines } = reportOf({ file });
    const size = `${tests} ${tests === 1 ? 'test' : 'tests'}, ${Math.round(duration)} ms`;
    print(`${failed ? '✖' : '✔'} ${relative(root, file)} (${size})`);
    for (const line of lines) print(line);
  };

  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('end', () => setImmediate(resolve, totals));
    stream.resume();
  });
}

/** Each file is a test of the run's own, named by its path. */
function isFile(event: FileEvent): boolean {
  return event.nesting === 0 && event.name === event.file;
}

function reason(kind: string, given: string | boolean | undefined): string | undefined {
  if (given === undefined || given === false) return undefined;
  return typeof given === 'string' ? `${kind}: ${given}` : kind;
}

/** The error that the test threw, out of the one that `node:test` wraps around it. */
function describe(error: Error): string {
  const { exitCode, signal } = error as { exitCode?: number | null; signal?: string | null };
  if (typeof signal === 'string') return `its process was ended by ${signal}`;
  if (typeof exitCode === 'number' && exitCode !== 0) return `its process ended with exit code ${exitCode}`;
  const cause = error.cause ?? error;
  return typeof cause === 'string' ? cause : inspect(cause);
}

function indent(text: string, by: number): string {
  return text.replaceAll(/^/gm, ' '.repeat(by));
}
