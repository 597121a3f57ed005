/** What is told of the results: the table in `docs/conformance.md`, between two marks, and the line of the README. `npm run conformance -- --write` writes both. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Verdict } from './expectations.ts';

const path = join(import.meta.dirname, '..', 'docs', 'conformance.md');
const readme = join(import.meta.dirname, '..', 'README.md');
/** What the README says of them. */
const CLAIM = /\d+ of the \d+ applicable tests/;
const BEGIN = '<!-- table: begin -->';
const END = '<!-- table: end -->';

/** How the files came out, in the order in which they are run. */
export type Verdicts = readonly { readonly name: string; readonly verdict: Verdict }[];

const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);

function byReason(verdicts: Verdicts, pick: (verdict: Verdict) => ReadonlyMap<string, number>): string[] {
  const all = new Map<string, number>();
  for (const { verdict } of verdicts)
    for (const [reason, n] of pick(verdict)) all.set(reason, (all.get(reason) ?? 0) + n);
  return [...all].sort((a, b) => b[1] - a[1]).map(([reason, n]) => `| ${n} | ${reason} |`);
}

export function writeTable(version: string, verdicts: Verdicts): void {
  const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  const cells = ({ total, twins, na, expectedFailures, passes }: Verdict) => [
    total,
    twins,
    sum(na),
    sum(expectedFailures),
    passes,
  ];
  const totals = verdicts
    .map(({ verdict }) => cells(verdict))
    .reduce((a, b) => a.map((n, i) => n + (b[i] as number)), [0, 0, 0, 0, 0]);
  const lines = [
    `CPython ${version}.`,
    '',
    '| file | tests | C twins | not applicable | expected failures | pass |',
    '|---|---|---|---|---|---|',
    ...verdicts.map(({ name, verdict }) => row([name, ...cells(verdict)])),
    row(['**all**', ...totals.map((n) => `**${n}**`)]),
    '',
    'Expected failures, by the decision behind them:',
    '',
    '| tests | decision |',
    '|---|---|',
    ...byReason(verdicts, ({ expectedFailures }) => expectedFailures),
    '',
    'Not applicable, beside the C twins:',
    '',
    '| tests | reason |',
    '|---|---|',
    ...byReason(verdicts, ({ na }) => na),
  ];
  const text = readFileSync(path, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${path} has no marks for the table`);
  writeFileSync(path, `${before}${BEGIN}\n${lines.join('\n')}\n${END}${after}`);
  const [, , , failures, passes] = totals as [number, number, number, number, number];
  const claim = `${passes} of the ${passes + failures} applicable tests`;
  writeFileSync(readme, readFileSync(readme, 'utf8').replace(CLAIM, claim));
}
