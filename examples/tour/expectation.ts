/**
 * Does a program print what it should? Line by line; only what a machine may choose is left open.
 *
 * In an expected line `{number}` stands for any number (a port, say), and `{>=0.3}` for a number that is not below 0.3: a program may take longer
 * than it should on a busy machine, but never less. So no result depends on how fast the machine is.
 */
import { diff } from 'node:util';
import type { Output } from './program.ts';

const PLACEHOLDER = /\{(number|>=[\d.]+)\}/;
const NUMBER = /^-?\d+(?:\.\d+)?/;

/** What `diff` of what came and what is expected says of a line. */
const MISSING = -1;
const ADDITIONAL = 1;

/** Is `line` what `expected` says? */
export function matches(expected: string, line: string): boolean {
  let rest = line;
  for (const [index, part] of expected.split(PLACEHOLDER).entries()) {
    // Every other part is what the brackets captured: a placeholder.
    const isPlaceholder = index % 2 === 1;
    const found = isPlaceholder ? NUMBER.exec(rest)?.[0] : part;
    if (found === undefined || !rest.startsWith(found)) return false;
    if (isPlaceholder && part !== 'number' && Number(found) < Number(part.slice('>='.length))) return false;
    rest = rest.slice(found.length);
  }
  return rest === '';
}

/** What `lines` lack of `output` (`-`) and have too much (`+`), among what is right; `null` where all is right. */
export function difference(output: Output, lines: readonly string[]): string[] | null {
  const expected = arrange(output, lines);
  if (expected.length === lines.length && expected.every((line, index) => matches(line, lines[index]!)))
    return null;
  const got = lines.map((line) => expected.find((candidate) => matches(candidate, line)) ?? line);
  const printed = lines.values();
  return diff(got, expected).map(([operation, line]) =>
    operation === MISSING ? `- ${line}` : `${operation === ADDITIONAL ? '+' : ' '} ${printed.next().value}`,
  );
}

/** The expected lines in one order: those whose order is free, as they came. */
function arrange(output: Output, lines: readonly string[]): string[] {
  const placeOf = (expected: string) => {
    const place = lines.findIndex((line) => matches(expected, line));
    return place === -1 ? lines.length : place;
  };
  return output.flatMap((item) =>
    typeof item === 'string' ? [item] : item.toSorted((a, b) => placeOf(a) - placeOf(b)),
  );
}
