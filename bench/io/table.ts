/**
 * The I/O table: of each system its processor time for a request, and how much of bare Node's speed it has by that measure and by requests a
 * second. Above 1: faster than bare Node.
 */
import type { SystemSpec } from '../systems.ts';
import { duration, markdown, median } from '../table.ts';
import { type IoCell, type IoResults, ioCellOf } from './driver.ts';
import type { IoRow } from './rows.ts';

export interface IoFindings {
  readonly results: IoResults;
  readonly systems: readonly SystemSpec[];
  readonly rows: readonly IoRow[];
}

const BARE = 'node';

export function ioTable({ results, systems, rows }: IoFindings): string {
  const lines = rows.map((row) => {
    const bare = ioCellOf(results, BARE, row.id);
    return [
      row.title,
      ...systems.map(({ id }) => shown(ioCellOf(results, id, row.id), id === BARE ? null : bare)),
    ];
  });
  return markdown(['', ...systems.map(({ title }) => title)], lines);
}

function shown(cell: IoCell, bare: IoCell | null): string {
  if (cell.cpu.length === 0) return cell.refused ?? '–';
  const time = duration(median(cell.cpu) / 1e6);
  if (bare === null || bare.cpu.length === 0)
    return `${time} · ${Math.round(median(cell.rate)).toLocaleString('en')}/s`;
  const byTime = median(pairs(bare.cpu, cell.cpu));
  const byRate = median(pairs(cell.rate, bare.rate));
  return `${time} · ${byTime.toFixed(2)} · ${byRate.toFixed(2)}`;
}

/** Of each repetition by itself: its figures were taken right after each other. */
function pairs(over: readonly number[], under: readonly number[]): number[] {
  return over.slice(0, under.length).map((figure, i) => figure / (under[i] as number));
}
