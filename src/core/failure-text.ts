/**
 * A failure as the user should see it: what it is, where in the user's own code, what caused it; and a group as a tree.
 *
 * Errors are told by their names and shapes, not by their classes, because they may come from another copy of the library.
 */
import { describe } from './repr.ts';
import { formatFrame, parseStack } from './stack.ts';

/** Groups are shown as Python shows them: no more than so many members of each, no deeper than so many levels. */
const WIDEST = 15;
const DEEPEST = 10;

/** The lines that tell of `error`. Frames of files whose URL begins with one of `hidden` are left out. */
export function formatFailure(error: unknown, hidden: readonly string[] = []): string {
  return linesOf(error, hidden, new Set(), 1).join('\n');
}

function linesOf(error: unknown, hidden: readonly string[], seen: Set<unknown>, depth: number): string[] {
  if (!(error instanceof Error)) return [`${describe(error)} was thrown, which is no Error`];
  if (seen.has(error)) return [`${titleOf(error)} (see above)`];
  seen.add(error);
  return [
    ...titleOf(error).split('\n'),
    ...framesOf(error, hidden),
    ...causeOf(error, hidden, seen, depth),
    ...membersOf(error, hidden, seen, depth),
  ];
}

/** As Python prints it; a group says how many there are. */
function titleOf(error: Error): string {
  const members = groupMembers(error);
  const count =
    members === null ? '' : ` (${members.length} sub-exception${members.length === 1 ? '' : 's'})`;
  const name = String(error.name);
  return `${error.message === '' ? name : `${name}: ${error.message}`}${count}`;
}

function framesOf(error: Error, hidden: readonly string[]): string[] {
  const stack = String(error.stack ?? '');
  // The message stands at the beginning of the stack, and may itself hold what looks like frames.
  const at = error.message === '' ? -1 : stack.indexOf(error.message);
  return parseStack(at < 0 ? stack : stack.slice(at + error.message.length))
    .filter(({ file }) => !hidden.some((prefix) => file?.startsWith(prefix)))
    .map((frame) => `  ${formatFrame(frame)}`);
}

function causeOf({ cause }: Error, hidden: readonly string[], seen: Set<unknown>, depth: number): string[] {
  // That a timeout began as a cancellation tells nobody anything.
  if (cause === undefined || (cause as { name?: unknown } | null)?.name === 'CancelledError') return [];
  const [first, ...rest] = linesOf(cause, hidden, seen, depth);
  return [`  caused by: ${first}`, ...rest.map((line) => `  ${line}`)];
}

function membersOf(error: Error, hidden: readonly string[], seen: Set<unknown>, depth: number): string[] {
  const members = groupMembers(error);
  if (members === null) return [];
  if (depth > DEEPEST) return ['└─ ...'];
  const shown = members.slice(0, WIDEST).map((member) => linesOf(member, hidden, seen, depth + 1));
  if (members.length > WIDEST) shown.push([`... and ${members.length - WIDEST} more`]);
  return shown.flatMap(([first, ...rest], index) => {
    const last = index === shown.length - 1;
    return [`${last ? '└─' : '├─'} ${first}`, ...rest.map((line) => `${last ? '  ' : '│ '} ${line}`)];
  });
}

function groupMembers(error: Error): readonly unknown[] | null {
  const { errors } = error as { readonly errors?: unknown };
  return Array.isArray(errors) ? errors : null;
}
