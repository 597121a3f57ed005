/**
 * What is expected of each test of the suite, in `expect/<python version>/<file>.json`: every id of the file once, under its outcome and, where it
 * does not pass, under the reason. There are no patterns: an id that is not listed is a failure of the run, and so is one that is listed and not there.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What became of a test. */
export type Outcome = 'pass' | 'fail' | 'skip' | 'na';

/** A test that was run, as the worker tells of it. */
export interface Row {
  readonly id: string;
  readonly outcome: Outcome;
  /** The traceback, or why it was skipped. */
  readonly detail?: string;
  /** How often it called the library. */
  readonly calls?: number;
  readonly seconds?: number;
}

type ByReason = Record<string, string[]>;

interface Document {
  readonly pass: string[];
  readonly fail: ByReason;
  readonly na: ByReason;
}

/** What a test is expected to do, and why it does not pass. */
export interface Expected {
  readonly outcome: 'pass' | 'fail' | 'na';
  readonly reason: string;
}

/** Stands where nobody has said why: the run does not accept it. */
export const UNEXPLAINED = 'UNEXPLAINED';
/** CPython has two implementations of some classes; the second one tests nothing new here. */
export const TWIN = 'the twin, for the implementation in C, of a test that is run';
const NO_CALL = 'it does not reach asyncio-ts';

const folder = fileURLToPath(new URL('expect', import.meta.url));

function pathOf(python: string, file: string): string {
  return join(folder, python, `${file}.json`);
}

export function readExpectations(python: string, file: string): Map<string, Expected> {
  const expected = new Map<string, Expected>();
  const path = pathOf(python, file);
  if (!existsSync(path)) return expected;
  const document = JSON.parse(readFileSync(path, 'utf8')) as Document;
  for (const id of document.pass) expected.set(id, { outcome: 'pass', reason: '' });
  for (const outcome of ['fail', 'na'] as const) {
    for (const [reason, ids] of Object.entries(document[outcome])) {
      for (const id of ids) {
        if (expected.has(id)) throw new Error(`${path}: ${id} is listed twice`);
        expected.set(id, { outcome, reason });
      }
    }
  }
  return expected;
}

/** Write down what happened; the reasons that were given before are kept, and what has none is marked. */
export function writeExpectations(python: string, file: string, rows: readonly Row[]): void {
  const before = readExpectations(python, file);
  const document: Document = { pass: [], fail: {}, na: {} };
  const put = (outcome: 'fail' | 'na', reason: string, id: string) => {
    document[outcome][reason] ??= [];
    document[outcome][reason].push(id);
  };
  for (const row of [...rows].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const known = before.get(row.id);
    if (row.outcome === 'na') put('na', known?.reason ?? UNEXPLAINED, row.id);
    else if (row.outcome === 'skip')
      put('na', known?.outcome === 'na' ? known.reason : reasonOfSkip(row.detail ?? ''), row.id);
    else if (row.outcome === 'fail' && known?.outcome === 'na') put('na', known.reason, row.id);
    else if (row.outcome === 'fail')
      put('fail', known?.outcome === 'fail' ? known.reason : UNEXPLAINED, row.id);
    else if (row.calls === 0) put('na', NO_CALL, row.id);
    else document.pass.push(row.id);
  }
  mkdirSync(join(folder, python), { recursive: true });
  writeFileSync(pathOf(python, file), `${JSON.stringify(document, null, 1)}\n`);
}

function reasonOfSkip(message: string): string {
  return message === 'requires the C _asyncio module' ? TWIN : `the suite skips it: ${message}`;
}

/** How a file came out against what was expected. */
export interface Verdict {
  readonly total: number;
  readonly passes: number;
  readonly twins: number;
  /** Not applicable for other reasons than being a twin. */
  readonly na: ReadonlyMap<string, number>;
  readonly expectedFailures: ReadonlyMap<string, number>;
  /** What the run must not accept, a line each. */
  readonly complaints: readonly string[];
}

export function judge(rows: readonly Row[], expected: ReadonlyMap<string, Expected>): Verdict {
  const complaints: string[] = [];
  const na = new Map<string, number>();
  const expectedFailures = new Map<string, number>();
  let passes = 0;
  let twins = 0;
  const count = (counts: Map<string, number>, reason: string) =>
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const seen = new Set<string>();
  for (const row of rows) {
    seen.add(row.id);
    const wanted = expected.get(row.id);
    if (wanted === undefined) complaints.push(`not listed: ${row.id} (${row.outcome})`);
    else if (wanted.reason === UNEXPLAINED)
      complaints.push(`without a reason: ${row.id}\n${row.detail ?? ''}`);
    else if (wanted.outcome === 'na') {
      if (wanted.reason === TWIN) twins++;
      else count(na, wanted.reason);
    } else if (wanted.outcome === 'fail') {
      if (row.outcome === 'fail') count(expectedFailures, wanted.reason);
      else complaints.push(`expected to fail, and came out as "${row.outcome}": ${row.id}`);
    } else if (row.outcome === 'pass') passes++;
    else
      complaints.push(`expected to pass, and came out as "${row.outcome}": ${row.id}\n${row.detail ?? ''}`);
  }
  for (const id of expected.keys()) if (!seen.has(id)) complaints.push(`listed, but not in the suite: ${id}`);
  return { total: rows.length, passes, twins, na, expectedFailures, complaints };
}
