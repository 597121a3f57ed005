/**
 * Turns the figures into Markdown: medians, and how many times ours each is (above 1: that much more time or memory than ours).
 */
import { cellOf, type Results, sizeFor } from './driver.ts';
import { FLAT_SIZES, flatId, type Group, memoryId, type Row } from './rows.ts';
import type { SystemSpec } from './systems.ts';

export interface Findings {
  readonly results: Results;
  readonly systems: readonly SystemSpec[];
  readonly rows: readonly Row[];
}

const OURS = 'asyncio_ts';

const TITLES: ReadonlyArray<readonly [Group, string]> = [
  ['operations', 'Time per operation'],
  ['tree', "pyperformance's `async_tree`, one run"],
  ['memory', 'Memory of a sleeping task, at the peak'],
];

/** Every table. */
export function fullTables(findings: Findings): string {
  const sections = TITLES.map(([group, title]) => {
    const rows = shownRows(findings, group);
    if (rows.length === 0) return undefined;
    const lines = rows.map((row) => [
      row.title,
      ...findings.systems.map((system) => fullCell(findings, system, row)),
    ]);
    if (group === 'memory') lines.push(...furtherTasks(findings, rows));
    return `### ${title}\n\n${markdown(['', ...findings.systems.map(({ title }) => title)], lines)}`;
  });
  return [...sections, growthTable(findings)].filter((section) => section !== undefined).join('\n\n');
}

/** One table for a newcomer: our figure, and how many times it the others are. */
export function shortTable(findings: Findings): string {
  const systems = findings.systems.filter(({ id }) => id !== 'asyncio_ts_async');
  const rows = [
    ...shownRows(findings, 'operations'),
    ...shownRows(findings, 'tree').filter(({ id }) => id.endsWith('_gather')),
    ...shownRows(findings, 'memory'),
  ];
  const prefixes = { operations: '', tree: '`async_tree` ', memory: 'memory of each of ', flat: '' };
  const lines = rows.map((row) => [
    prefixes[row.group] + row.title,
    ...systems.map((system) => {
      const figure = figureOf(findings, system.id, row);
      if (figure === undefined) return absence(findings, system, row);
      return ratio(findings, system, row) ?? show(row, figure);
    }),
  ]);
  return markdown(['', ...systems.map(({ title }) => title)], lines);
}

/** The rows of a table; the empty process is there only to be subtracted. */
function shownRows(findings: Findings, group: Group): Row[] {
  return findings.rows.filter((row) => row.group === group && row.size > 0);
}

function fullCell(findings: Findings, system: SystemSpec, row: Row): string {
  const figure = figureOf(findings, system.id, row);
  if (figure === undefined) return absence(findings, system, row);
  const size = sizeFor(row, system);
  const scaled = size === row.size ? undefined : `with ${count(size)}`;
  return [show(row, figure), ratio(findings, system, row), scaled]
    .filter((part) => part !== undefined)
    .join(' · ');
}

/** What each task costs beyond those of the smaller row: without what the runtime sets aside once, such as a young generation. */
function furtherTasks(findings: Findings, rows: readonly Row[]): string[][] {
  const [fewer, more] = rows;
  if (fewer === undefined || more === undefined) return [];
  const bytes = (system: string): number | undefined => {
    const [before, after] = [figureOf(findings, system, fewer), figureOf(findings, system, more)];
    if (before === undefined || after === undefined) return undefined;
    return (after * more.size - before * fewer.size) / (more.size - fewer.size);
  };
  const ours = bytes(OURS);
  const cells = findings.systems.map(({ id }) => {
    const figure = bytes(id);
    if (figure === undefined) return '–';
    return joined(show(more, figure), id === OURS || ours === undefined ? undefined : times(figure / ours));
  });
  return [['each task between the two', ...cells]];
}

/** How the cost of one operation changes with the number of tasks or timers. */
function growthTable(findings: Findings): string | undefined {
  const flat = findings.rows.filter(({ group }) => group === 'flat');
  const lines: string[][] = [];
  for (const [scenario, title] of new Map(flat.map((row) => [row.scenario, row.title]))) {
    for (const system of findings.systems) {
      const figures = FLAT_SIZES.map((size) => {
        const row = flat.find(({ id }) => id === flatId(scenario, size));
        return row && figureOf(findings, system.id, row);
      });
      const known = figures.filter((figure) => figure !== undefined);
      if (known.length === 0) continue;
      const growth = (known.at(-1) as number) / (known[0] as number);
      const cells = figures.map((figure) => (figure === undefined ? '–' : duration(figure)));
      lines.push([`${title}, ${system.title}`, ...cells, times(growth)]);
    }
  }
  if (lines.length === 0) return undefined;
  const head = ['', ...FLAT_SIZES.map(count), 'last to first'];
  return `### Time per operation as their number grows\n\n${markdown(head, lines)}`;
}

/** Seconds per operation; bytes per task for a row of memory. */
function figureOf({ results }: Findings, system: string, row: Row): number | undefined {
  const { figures } = cellOf(results, system, row.id);
  if (figures.length === 0) return undefined;
  if (row.group !== 'memory') return median(figures);
  const empty = cellOf(results, system, memoryId(0)).figures;
  return empty.length === 0 ? undefined : (median(figures) - median(empty)) / row.size;
}

/** A system's figure as a multiple of ours; undefined for ourselves, or when one of the two is not there. */
function ratio(findings: Findings, system: SystemSpec, row: Row): string | undefined {
  const ours = figureOf(findings, OURS, row);
  const theirs = figureOf(findings, system.id, row);
  return system.id === OURS || ours === undefined || theirs === undefined ? undefined : times(theirs / ours);
}

function absence(findings: Findings, system: SystemSpec, row: Row): string {
  return cellOf(findings.results, system.id, row.id).refused ?? '–';
}

export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}

function show(row: Row, figure: number): string {
  return row.group === 'memory' ? `${Math.round(figure)} B` : duration(figure);
}

function joined(...parts: Array<string | undefined>): string {
  return parts.filter((part) => part !== undefined).join(' · ');
}

function times(multiple: number): string {
  return `${multiple < 10 ? multiple.toFixed(1) : Math.round(multiple)}×`;
}

function count(size: number): string {
  return size.toLocaleString('en');
}

export function duration(seconds: number): string {
  if (seconds < 1e-6) return `${digits(seconds * 1e9)} ns`;
  if (seconds < 1e-3) return `${digits(seconds * 1e6)} µs`;
  return seconds < 1 ? `${digits(seconds * 1e3)} ms` : `${digits(seconds)} s`;
}

function digits(value: number): string {
  return value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0);
}

export function markdown(head: readonly string[], lines: ReadonlyArray<readonly string[]>): string {
  const rule = head.map((_, i) => (i === 0 ? '---' : '---:'));
  return [head, rule, ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n');
}
