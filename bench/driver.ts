/**
 * Runs the measurements: each (system, row, repetition) in a process of its own, the systems taking turns within a row and
 * the rows within a repetition, so that what slows the machine for a while slows everyone.
 */
import { spawnSync } from 'node:child_process';
import { memoryId, type Row } from './rows.ts';
import type { SystemSpec } from './systems.ts';

/** What became of one (system, row): figures (seconds per operation, or bytes), or why there are none. */
export interface Cell {
  readonly figures: number[];
  /** Why it has no figures, in a few words for the table; absent when it has. */
  refused?: string | undefined;
  /** The whole story of a run that went wrong. */
  error?: string;
}

export type Results = Map<string, Cell>;

export interface Plan {
  readonly systems: readonly SystemSpec[];
  readonly rows: readonly Row[];
  readonly repetitions: number;
  /** Seconds of warm-up, and again of measurement, in each process. */
  readonly budget: number;
}

const TIME_LIMIT = 60;
const MEMORY_LIMIT = 8 * 2 ** 30;
/** A process that takes longer is not repeated. */
const SLOW = 5;

/** One line from a worker. */
interface Report {
  readonly count: number;
  readonly seconds?: number;
  readonly bytes?: number;
}

export function cellOf(results: Results, system: string, row: string): Cell {
  const key = `${system} ${row}`;
  let cell = results.get(key);
  if (cell === undefined) {
    cell = { figures: [] };
    results.set(key, cell);
  }
  return cell;
}

export function measure(plan: Plan, tell: (repetition: string, what: string) => void): Results {
  const results: Results = new Map();
  const slow = new Set<Cell>();
  for (let repetition = 0; repetition < plan.repetitions; repetition++) {
    for (const row of plan.rows.filter(({ repetitions }) => repetition < repetitions)) {
      for (const system of plan.systems) {
        if (row.systems !== undefined && !row.systems.includes(system.id)) continue;
        const cell = cellOf(results, system.id, row.id);
        cell.refused ??= tooMuch(results, system, row);
        if (cell.refused !== undefined || slow.has(cell)) continue;
        tell(`${repetition + 1}/${plan.repetitions}`, `${row.id} ${system.title}`);
        const start = performance.now();
        runOnce(cell, system, row, plan.budget);
        if (performance.now() - start > SLOW * 1000) slow.add(cell);
      }
    }
  }
  return results;
}

/** The size at which a system runs a row. */
export function sizeFor(row: Row, system: SystemSpec): number {
  return row.scaled[system.id] ?? row.size;
}

function runOnce(cell: Cell, system: SystemSpec, row: Row, budget: number): void {
  const [program, ...first] = system.command as [string, ...string[]];
  const size = sizeFor(row, system);
  const args = [...first, row.scenario, String(size), String(Math.min(row.warm, size)), String(budget)];
  const { status, signal, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: TIME_LIMIT * 1000,
  });
  if (error !== undefined && 'code' in error && error.code === 'ETIMEDOUT') {
    cell.refused = `over ${TIME_LIMIT} s`;
    return;
  }
  if (stderr.includes(`has no scenario ${row.scenario}`)) {
    cell.refused = '–';
    return;
  }
  try {
    if (status !== 0) throw new Error(`ended with ${error?.message ?? signal ?? status}`);
    const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Report;
    const expected = row.expected(size);
    if (report.count !== expected) throw new Error(`counted ${report.count} instead of ${expected}`);
    cell.figures.push(report.bytes ?? (report.seconds as number) / row.ops(size));
  } catch (failure) {
    cell.refused = 'failed';
    cell.error = `${system.title}, ${row.id}: ${String(failure)}\n${stderr}`;
  }
}

/** Whether a row of sleeping tasks would take more memory than is decent, judged by a row a tenth its size. */
function tooMuch(results: Results, system: SystemSpec, row: Row): string | undefined {
  if (row.group !== 'memory') return undefined;
  const tenth = results.get(`${system.id} ${memoryId(row.size / 10)}`);
  if (tenth?.refused !== undefined) return tenth.refused;
  return Math.max(0, ...(tenth?.figures ?? [])) * 10 > MEMORY_LIMIT
    ? `over ${MEMORY_LIMIT / 2 ** 30} GiB`
    : undefined;
}
