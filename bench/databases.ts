/**
 * What databases cost, beside Python and beside the bare driver.
 *
 *   npm run bench:databases -- [--write] [--repetitions N]
 *
 * `--write` puts the tables into docs/databases.md, between its `<!-- bench -->` markers. PostgreSQL is measured where it is installed. What is measured stands
 * in `systems/databases.ts` and `systems/databases.py`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { linkOurselves } from './systems.ts';

const { write, repetitions } = parseArgs({
  options: { write: { type: 'boolean', default: false }, repetitions: { type: 'string', default: '5' } },
}).values;

linkOurselves();
const { compare } = await import('./systems/databases.ts');
const tables = await compare(Number(repetitions));
console.log(tables);
if (write) writeTables(tables);

function writeTables(text: string): void {
  const page = new URL('../docs/databases.md', import.meta.url);
  const [open, close] = ['<!-- bench -->', '<!-- /bench -->'];
  const whole = readFileSync(page, 'utf8');
  const [start, end] = [whole.indexOf(open) + open.length, whole.indexOf(close)];
  if (start < open.length || end < start)
    throw new Error(`docs/databases.md has no ${open} followed by ${close}`);
  writeFileSync(page, `${whole.slice(0, start)}\n${text}\n${whole.slice(end)}`);
}
